"""Keys, servers and words that are not as they should be: one clear line each, and the rest goes on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AnswerStatus, AppState, Connection
from sentra_tui.provider.faults import parse_plan
from sentra_tui.provider.server import ProviderOptions, serving
from tests.engine.process import EngineProcess

HOSTILE = "\x1b]52;c;UFdORUQ=\x07 \u202ereversed [@click=app.quit]x[/] \x9b31m"


@asynccontextmanager
async def engine_on(
    tmp_path: Path, plan: dict[str, Any], *, key: str = "", extra: str = "", arguments: tuple[str, ...] = ()
) -> AsyncIterator[EngineProcess]:
    """Run an engine whose provider, called `house`, follows `plan`; `key` replaces the right key.

    It goes by WebRTC alone: where other roads lead is for the tests of roads.
    """
    async with serving(ProviderOptions(plan=parse_plan(json.dumps(plan)))) as provider:
        config = tmp_path / "config.toml"
        config.write_text(
            f'provider = "house"\n{extra}\n[providers.house]\nbase_url = "{provider.base_url}"\nlabel = "The house"\n'
            'key_env = "HOUSE_KEY"\nmic_transcription_model = "pocketsphinx"\n'
            'speaker_transcription_model = "pocketsphinx"\n'
        )
        engine = await EngineProcess.start(
            tmp_path,
            f"--config={config}",
            "--mic=none",
            "--speaker=none",
            "--transport=webrtc",
            *arguments,
            env={"HOUSE_KEY": key or provider.api_key},
        )
        try:
            yield engine
        finally:
            await engine.stop()


def mic(state: AppState) -> Connection | None:
    stream = state.stream("mic")
    return stream.connection if stream else None


async def test_a_wrong_key_is_said_with_the_next_step_and_never_shown(tmp_path: Path) -> None:
    key = "sk-very-secret-0123456789"
    async with engine_on(tmp_path, {}, key=key) as engine:
        state = await engine.until(lambda state: mic(state) == Connection.FAILED)
    stream = state.stream("mic")
    assert stream is not None
    assert "401" in stream.cause
    assert "HOUSE_KEY" in stream.hint
    assert key not in repr(engine.changes)
    assert key not in engine.log.read_text()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 500}, "500"),
        ({"status": 503}, "503"),
        ({"status": 429, "retry_after_s": 30}, "429"),
    ],
)
async def test_a_server_in_trouble_is_dialled_again_and_named(tmp_path: Path, fault: dict[str, Any], said: str) -> None:
    async with engine_on(tmp_path, {"client_secrets": [fault]}) as engine:
        state = await engine.until(lambda state: mic(state) == Connection.RECONNECTING)
        stream = state.stream("mic")
        assert stream is not None
        assert said in stream.cause
        assert stream.retry_at_ms is not None or stream.attempt > 1
        if "retry_after_s" in fault:
            retry = engine.told(c.StreamReconnecting)[0]
            assert retry.retry_at_ms - retry.at_ms >= 30_000


async def test_a_refused_session_fails_with_the_servers_own_words_and_r_dials_again(tmp_path: Path) -> None:
    plan = {"calls": [{"numbers": [1], "status": 400, "code": "invalid_value", "message": f"No such model {HOSTILE}"}]}
    async with engine_on(tmp_path, plan) as engine:
        state = await engine.until(lambda state: mic(state) == Connection.FAILED)
        stream = state.stream("mic")
        assert stream is not None
        assert "No such model" in stream.cause
        assert not set("\x1b\x07\u202e\x9b") & set(stream.cause)
        engine.send(a.RetryNow())
        await engine.until_live("mic")


async def test_a_call_that_dies_comes_back(tmp_path: Path) -> None:
    plan = {"sessions": [{"numbers": [1], "close_call_after_s": 0.5}]}
    async with engine_on(tmp_path, plan) as engine:
        await engine.until_live("mic")
        await engine.until(lambda state: mic(state) == Connection.RECONNECTING)
        await engine.until_live("mic")
    assert len(engine.told(c.StreamConnected)) == 2


async def test_attempts_can_be_limited(tmp_path: Path) -> None:
    extra = "[reconnect]\nattempts = 2\nbase_s = 0.01\n"
    async with engine_on(tmp_path, {"client_secrets": [{"status": 500}]}, extra=extra) as engine:
        state = await engine.until(lambda state: mic(state) == Connection.FAILED)
    stream = state.stream("mic")
    assert stream is not None
    assert "2 attempts" in stream.cause


async def test_a_server_that_cannot_be_reached_by_media_is_named(tmp_path: Path) -> None:
    extra = "[deadlines]\nmedia_s = 0.5\n"
    async with engine_on(tmp_path, {"sessions": [{"unreachable": True}]}, extra=extra) as engine:
        state = await engine.until(lambda state: mic(state) == Connection.RECONNECTING)
    stream = state.stream("mic")
    assert stream is not None
    assert "UDP" in stream.hint


@pytest.mark.row(11)
@pytest.mark.row(22)
async def test_odd_and_hostile_messages_change_nothing_but_the_words_they_carry(tmp_path: Path) -> None:
    item = {"item_id": "item_hostile", "content_index": 0}
    kind = "conversation.item.input_audio_transcription"
    hostile = {"type": f"{kind}.completed", "event_id": "e3", "transcript": HOSTILE, **item}
    halves = [
        {"type": f"{kind}.delta", "event_id": "e1", "delta": "a\x1b", **item},
        {"type": f"{kind}.delta", "event_id": "e2", "delta": "]0;title\x07", **item},
    ]
    plan = {
        "sessions": [
            {
                "session": "realtime",
                "messages": [
                    {"at_s": 0.2, "event": {"type": "response.invented", "deep": [[[[]]]]}},
                    {"at_s": 0.2, "event": {"type": "response.done"}},
                    {"at_s": 0.2, "text": "not json"},
                    {"at_s": 0.2, "text": "[" * 50_000},
                    {"at_s": 0.3, "text": '{"type":"error","error":{"message":"{pad}"}}', "pad_chars": 150_000},
                    *({"at_s": 0.4, "event": half} for half in halves),
                    {"at_s": 0.6, "event": hostile},
                ],
            }
        ]
    }
    async with engine_on(tmp_path, plan) as engine:
        state = await engine.until(
            lambda state: (stream := state.stream("mic")) and any(line.final for line in stream.transcript)
        )
        stream = state.stream("mic")
        assert stream is not None
        words = [line.text for line in stream.transcript]
        assert len(words) == 1
        assert "[@click=app.quit]x[/]" in words[0]
        everything = "".join(x.delta for x in engine.told(c.TranscriptExtended)) + words[0]
        everything += "".join(notice.text for notice in state.notices)
        assert not set("\x1b\x07\u202e\x9b") & set(everything)
        assert all(len(notice.text) <= 300 for notice in state.notices)
        engine.send(a.SayText("What is a cache?"))
        await engine.until(lambda state: [x for x in state.answers if x.status == AnswerStatus.COMPLETED])


async def test_one_stream_that_is_refused_leaves_the_other_alone(tmp_path: Path) -> None:
    plan = {"client_secrets": [{"session": "transcription", "status": 403, "message": "Not allowed."}]}
    async with engine_on(tmp_path, plan, arguments=("--idle",)) as engine:
        engine.send(a.ConnectStream("mic"))
        engine.send(a.ConnectStream("speaker"))
        await engine.until_live("mic")
        state = await engine.until(lambda state: state.stream("speaker").connection == Connection.FAILED)  # type: ignore[union-attr]
        assert mic(state) == Connection.LIVE
