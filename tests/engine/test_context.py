"""What the auxiliary assistant is told of the talk, as the model behind the provider reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AnswerStatus, AppState, Lane
from sentra_tui.provider.faults import parse_plan
from sentra_tui.provider.models.text_model import TextMessage
from sentra_tui.provider.server import ProviderOptions, serving
from tests.engine.lanes.test_choices import line
from tests.engine.process import EngineProcess
from tests.provider.gullible import GullibleModel

SAID = ("the cache is cold", "in the second region", "since monday")


def told(conversation: Sequence[TextMessage], label: str) -> list[str]:
    """Return the marked messages of this label, each without its marks."""
    return [message.text.split("\n")[1] for message in conversation if message.text.startswith(f"{label} ")]


def done(state: AppState, lane: Lane, count: int = 1) -> bool:
    return sum(each.status is AnswerStatus.COMPLETED for each in state.lane(lane)) >= count


@pytest.mark.timeout(90)
async def test_lines_of_the_speaker_and_main_answers_are_told_in_order_once_and_again_after_a_reconnect(
    tmp_path: Path,
) -> None:
    lines = [event for number, text in enumerate(SAID) for event in line(f"said_{number}", text, 0.2 + number / 5)]
    plan = {
        "sessions": [
            {"session": "transcription", "messages": lines},
            {"session": "realtime", "numbers": [1], "close_call_after_s": 7.0},
        ]
    }
    model = GullibleModel()
    async with serving(ProviderOptions(plan=parse_plan(json.dumps(plan))), model) as started:
        config = tmp_path / "config.toml"
        config.write_text(
            f'[providers.remote]\nbase_url = "{started.base_url}"\nkey_env = "REMOTE_KEY"\nmodel = "sentra-local"\n'
            'mic_transcription_model = "pocketsphinx"\nspeaker_transcription_model = "pocketsphinx"\n'
        )
        engine = await EngineProcess.start(
            tmp_path, f"--config={config}", "--provider=remote", "--mic=none", "--speaker=none",
            env={"REMOTE_KEY": started.api_key},
        )  # fmt: skip
        await engine.until_live("mic")
        engine.send(a.ConnectStream("speaker"))
        await engine.until(lambda state: len(engine.told(c.TranscriptCommitted)) == len(SAID))
        engine.send(a.SayText("What is a cache?"))
        await engine.until(lambda state: done(state, Lane.AUX) and done(state, Lane.MAIN))
        first = next(read for read in model.read if read[-1].text == "What is a cache?")
        await engine.until(lambda state: len(engine.told(c.StreamConnected)) == 3, 30)
        engine.send(a.SayText("And now?"))
        await engine.until(lambda state: done(state, Lane.AUX, 2))
        second = next(read for read in model.read if read[-1].text == "And now?")
        await engine.stop()
    for read in (first, second):
        assert [text.partition("Them: ")[2] for text in told(read, "SYSTEM_AUDIO_TRANSCRIPT")] == list(SAID)
        assert all(message.role == "user" for message in read if message.text.startswith("SYSTEM_AUDIO_TRANSCRIPT"))
    assert len(told(second, "MAIN_ASSISTANT_ANSWER")) == 1
    assert sum(message.text == "What is a cache?" for message in second) == 1
    marks = [
        {message.text.split()[1] for message in read if message.text.startswith("SYSTEM_AUDIO_TRANSCRIPT ")}
        for read in (first, second)
    ]
    assert [len(each) for each in marks] == [1, 1]
    assert marks[0] != marks[1]
