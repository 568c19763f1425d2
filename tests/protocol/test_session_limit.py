"""When a session ends: what the server says, and which clocks are believed."""

from __future__ import annotations

import pytest

from sentra_tui.domain.changes import SessionLimited
from sentra_tui.protocol import codec
from sentra_tui.protocol.opening import SessionOpening
from sentra_tui.protocol.session import Session

NOW_S = 1_800_000_000.0


def session(expires_at: float | None = None) -> Session:
    return Session("mic", 1, 0, answers=False, expires_at=expires_at, wall_s=lambda: NOW_S)


def said(kind: str, expires_at: float | None) -> str:
    told = "" if expires_at is None else f', "expires_at": {expires_at:.0f}'
    return f'{{"type": "{kind}", "session": {{"id": "s"{told}}}}}'


def test_the_end_of_a_session_is_told_once() -> None:
    talk = session()
    outcome = talk.receive(codec.decode(said("session.created", NOW_S + 3600)), 500)
    assert outcome == [SessionLimited("mic", 500, 3_600_500)]
    assert talk.receive(codec.decode(said("session.updated", NOW_S + 3600)), 900) == []


def test_an_end_that_is_told_with_the_update_only_counts_too() -> None:
    talk = session()
    assert talk.receive(codec.decode(said("session.created", None)), 500) == []
    assert talk.receive(codec.decode(said("session.updated", NOW_S + 60)), 700) == [SessionLimited("mic", 700, 60_700)]


@pytest.mark.parametrize("expires_at", [None, 0, NOW_S, NOW_S - 600, NOW_S + 26 * 3600])
def test_an_end_that_only_a_wrong_clock_explains_is_not_believed(expires_at: float | None) -> None:
    assert session().receive(codec.decode(said("session.created", expires_at)), 500) == []


def test_an_end_that_was_told_while_the_call_was_made_is_told_as_time_passes() -> None:
    opening = SessionOpening({"type": "realtime"})
    opening.hear(said("session.created", NOW_S + 1800))
    opening.hear(said("session.updated", None))
    talk = session(opening.expires_at)
    assert talk.tick(250) == [SessionLimited("mic", 250, 1_800_250)]
    assert talk.tick(500) == []


def test_without_a_clock_no_end_is_told() -> None:
    talk = Session("mic", 1, 0, answers=False)
    assert talk.receive(codec.decode(said("session.created", NOW_S + 3600)), 500) == []
