"""When a session that stands is told of a change."""

from __future__ import annotations

from typing import Any

from sentra_tui.protocol import client_events as c
from sentra_tui.protocol.effects import SendEvent
from sentra_tui.protocol.response_queue import PATIENCE_MS, QueueState
from tests.protocol.scenes import COMPLETED, CREATED, new_session, play

FASTER: dict[str, Any] = {"type": "realtime", "audio": {"output": {"speed": 1.2}}}
GERMAN: dict[str, Any] = {"type": "realtime", "audio": {"input": {"transcription": {"model": "m", "language": "de"}}}}


def sent(outcome: list[object]) -> list[object]:
    return [each.event for each in outcome if isinstance(each, SendEvent)]


def update(changed: dict[str, Any], number: int) -> c.SessionUpdate:
    return c.SessionUpdate(changed, event_id=f"event_{number}")


def test_a_change_is_sent_at_once() -> None:
    session = new_session(voice=True)
    assert sent([*session.update(FASTER, voice=True)]) == [update(FASTER, 1)]
    play(session, [CREATED])
    assert sent([*session.update(GERMAN, voice=True)]) == [update(GERMAN, 2)]
    assert session.update({}, voice=True) == []


def test_the_speed_changes_once_the_response_is_over_and_before_the_next() -> None:
    session = new_session(voice=True)
    play(session, [CREATED])
    assert session.answer("speaker.1.item_7", 2_000) == []
    assert session.update(FASTER, voice=True, speed=1.2) == []
    assert session.update(GERMAN, voice=True, speed=1.2) == []
    faster, german, create = sent([*play(session, [COMPLETED])])
    assert [faster, german] == [update(FASTER, 2), update(GERMAN, 3)]
    assert isinstance(create, c.ResponseCreate)


def test_the_speed_changes_too_where_the_end_of_the_response_is_never_told() -> None:
    session = new_session(voice=True)
    play(session, [CREATED])
    session.update(FASTER, voice=True)
    assert sent([*session.tick(3_000)]) == []
    assert sent([*session.tick(2_000 + PATIENCE_MS[QueueState.ACTIVE])]) == [update(FASTER, 1)]
