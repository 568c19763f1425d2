"""What tests of a session say and expect again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sentra_tui.domain.changes import (
    AnswerEnded,
    AnswerExtended,
    AnswerStarted,
    Change,
)
from sentra_tui.domain.state import AnswerStatus, Lane
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.effects import Effect
from sentra_tui.protocol.objects import Response
from sentra_tui.protocol.session import Session

CREATED = s.ResponseCreated(Response("resp_1"))
COMPLETED = s.ResponseDone(Response("resp_1", "completed"))


def new_session(*, answers: bool = True, voice: bool = False, server_interrupts: bool = True) -> Session:
    session = Session("mic", 1, 1_000, answers=answers, voice=voice, server_interrupts=server_interrupts)
    session.receive(s.SessionCreated(), 1_000)
    return session


def asks(question_id: str) -> c.ResponseParams:
    return c.ResponseParams(metadata={"question_id": question_id})


def play(session: Session, events: Sequence[Any], now_ms: int = 2_000) -> list[Change | Effect]:
    return [told for event in events for told in session.receive(event, now_ms)]


def text(delta: str, item_id: str = "item_1", index: int = 0) -> s.ServerEvent:
    return s.ResponseOutputTextDelta("resp_1", item_id, 0, index, delta)


def started(response_id: str = "resp_1", now_ms: int = 2_000) -> Change:
    return AnswerStarted(f"mic.1.{response_id}", Lane.AUX, now_ms)


def extended(delta: str) -> Change:
    return AnswerExtended("mic.1.resp_1", Lane.AUX, 2_000, delta)


def ended(
    status: AnswerStatus = AnswerStatus.COMPLETED, words: str | None = None, cause: str = "", now_ms: int = 2_000
) -> Change:
    return AnswerEnded("mic.1.resp_1", Lane.AUX, now_ms, status, words, cause)
