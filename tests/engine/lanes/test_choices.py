"""What can be chosen while calls stand: languages, voices, speed, and commands that the user speaks."""

from __future__ import annotations

import json
from pathlib import Path

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.briefing import without_citations
from sentra_tui.domain.state import AnswerStatus, AppState, Lane
from sentra_tui.provider.faults import parse_plan
from sentra_tui.provider.server import ProviderOptions, serving
from tests.engine.process import EngineProcess
from tests.pulse import PulseServer

SILENT = ("--provider=local", "--mic=none", "--speaker=none")


def answered(state: AppState, count: int = 1) -> bool:
    return sum(each.status is AnswerStatus.COMPLETED for each in state.lane(Lane.AUX)) >= count


async def test_another_voice_opens_a_new_session_once_one_has_spoken(pulse: PulseServer, tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, *SILENT, env=pulse.environ)
    await engine.until_live("mic")
    engine.send(a.SetVoice(True))
    await engine.until(lambda state: state.voice)
    engine.send(a.SayText("What is a cache?"))
    await engine.until(answered)
    engine.send(a.SetAnswerVoice("cedar"))
    await engine.until(lambda state: len(engine.told(c.StreamConnected)) == 2)
    engine.send(a.SayText("What is a write-through cache?"))
    state = await engine.until(lambda state: answered(state, 2))
    assert state.answer_voice == "cedar"
    assert not [notice for notice in state.notices if "voice" in notice.text]
    await engine.stop()


async def test_a_voice_that_the_provider_does_not_know_gives_way_to_one_that_it_does(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[aux]\nvoice = "nobody"\n')
    engine = await EngineProcess.start(tmp_path, *SILENT, f"--config={config}")
    state = await engine.until_live("mic")
    assert state.answer_voice == "marin"
    assert "nobody" in state.notices[0].text
    engine.send(a.SetAnswerVoice("no-one"))
    state = await engine.until(lambda state: len(state.notices) > 1)
    assert "no-one" in state.notices[1].text
    assert state.answer_voice == "marin"
    await engine.stop()


async def test_language_and_speed_change_in_the_session_that_stands(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, *SILENT)
    await engine.until_live("mic")
    engine.send(a.SetLanguage("mic", "en"))
    engine.send(a.SetSpeed(1.2))
    engine.send(a.StepSpeed(-1))
    state = await engine.until(lambda state: state.speed == 1.1)
    mic = state.stream("mic")
    assert mic is not None
    assert mic.language == "en"
    engine.send(a.SayText("What is a cache?"))
    await engine.until(answered)
    assert len(engine.told(c.StreamConnected)) == 1
    engine.send(a.SetLanguage("mic", ""))
    await engine.until(lambda state: len(engine.told(c.StreamConnected)) == 2)
    await engine.stop()


async def test_the_last_answer_is_said_again_word_for_word(pulse: PulseServer, tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, *SILENT, env=pulse.environ)
    await engine.until_live("mic")
    engine.send(a.SetVoice(True))
    await engine.until(lambda state: state.voice)
    engine.send(a.SayText("What is a cache?"))
    state = await engine.until(lambda state: answered(state) and state.lane(Lane.MAIN))
    await engine.until(lambda state: state.lane(Lane.MAIN)[0].status is AnswerStatus.COMPLETED)
    engine.send(a.RepeatAnswer())
    state = await engine.until(lambda state: answered(state, 2))
    assert state.lane(Lane.AUX)[1].text == without_citations(state.lane(Lane.MAIN)[0].text)
    await engine.stop()


def line(item_id: str, text: str, at_s: float) -> list[dict[str, object]]:
    """Return what the provider says when somebody spoke."""
    committed = {"type": "input_audio_buffer.committed", "item_id": item_id}
    completed = {
        "type": "conversation.item.input_audio_transcription.completed",
        "item_id": item_id,
        "content_index": 0,
        "transcript": text,
    }
    return [{"at_s": at_s, "event": committed}, {"at_s": at_s, "event": completed}]


async def spoken(tmp_path: Path, session: str, *texts: str) -> EngineProcess:
    """Return an engine in whose calls of this type these words were heard."""
    messages = [each for number, text in enumerate(texts) for each in line(f"said_{number}", text, 0.5 + number / 2)]
    plan = parse_plan(json.dumps({"sessions": [{"session": session, "messages": messages}]}))
    async with serving(ProviderOptions(plan=plan)) as started:
        config = tmp_path / "config.toml"
        config.write_text(
            f'[speaker]\nsource = "none"\n[providers.remote]\nbase_url = "{started.base_url}"\nkey_env = "REMOTE_KEY"\n'
            'model = "sentra-local"\nmic_transcription_model = "pocketsphinx"\n'
            'speaker_transcription_model = "pocketsphinx"\n'
            'main_model = "sentra-local-text"\nsmall_main_model = "sentra-local-text"\n'
        )
        engine = await EngineProcess.start(
            tmp_path, f"--config={config}", "--provider=remote", "--mic=none", env={"REMOTE_KEY": started.api_key}
        )
        engine.send(a.ConnectStream("speaker"))
        await engine.until(lambda state: len(engine.told(c.TranscriptCommitted)) == len(texts))
        engine.send(a.SetSpeed(1.5))
        await engine.until(lambda state: state.speed == 1.5)
        await engine.stop()
    return engine


async def test_what_the_user_commands_is_done_and_raises_no_question(tmp_path: Path) -> None:
    engine = await spoken(tmp_path, "realtime", "the region was slow", "note that", "mute")
    mic = engine.state.stream("mic")
    assert mic is not None
    assert mic.muted
    assert [line.noted for line in mic.transcript] == [True, False, False]
    raised = {question.text for question in engine.state.questions}
    assert not raised & {"note that", "mute"}


async def test_what_others_command_is_only_said(tmp_path: Path) -> None:
    engine = await spoken(tmp_path, "transcription", "note that", "mute", "ask the assistant")
    mic = engine.state.stream("mic")
    assert mic is not None
    assert not mic.muted
    assert not engine.told(c.LineNoted)
    assert not engine.state.lane(Lane.MAIN)
