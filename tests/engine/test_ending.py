"""When a run over recordings is over."""

from __future__ import annotations

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AnswerStatus, AppState, Lane
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.ending import PATIENCE_MS, QUIET_MS, is_over

KEY = LineKey(1, "a")
LIVE = (c.StreamAdded("mic"), c.StreamConnected("mic", 1, "webrtc"), c.SourceOpened("mic", "talk.wav"))
ENDED = c.SourceEnded("mic")
SPOKEN = c.LineOpened("mic", KEY, 2)
COMMITTED = c.TranscriptCommitted("mic", KEY, "so", 2, 3)
ANSWER = c.AnswerStarted("r", Lane.AUX, 4)
ANSWERED = c.AnswerEnded("r", Lane.AUX, 5, AnswerStatus.COMPLETED)
RAISED, QUEUED = c.QuestionRaised("q", 4, "why"), c.QuestionQueued("q", 4)
CHECKING = c.AnswerStarted("m", Lane.MAIN, 6, "q")
CHECKED = c.AnswerEnded("m", Lane.MAIN, 7, AnswerStatus.COMPLETED)
FAILED = c.StreamFailed("mic", 9, "refused")


def state(*changes: c.Change) -> AppState:
    now = AppState()
    for change in changes:
        now = reduce(now, change)
    return now


@pytest.mark.parametrize(
    ("changes", "quiet_ms", "over"),
    [
        (LIVE, QUIET_MS, False),
        ((*LIVE, ENDED), QUIET_MS, True),
        ((*LIVE, ENDED), QUIET_MS - 1, False),
        ((*LIVE, SPOKEN, ENDED), QUIET_MS, False),
        ((*LIVE, SPOKEN, ENDED, COMMITTED), QUIET_MS, True),
        ((*LIVE, ENDED, ANSWER), QUIET_MS, False),
        ((*LIVE, ENDED, ANSWER, ANSWERED), QUIET_MS, True),
        ((*LIVE, c.SourceFailed("mic", "no such file")), QUIET_MS, True),
        ((*LIVE, FAILED), 0, True),
        ((*LIVE, ENDED, c.RecoveryProgressed("mic", 9, 2_000)), QUIET_MS, False),
        ((*LIVE, ENDED, c.RecoveryProgressed("mic", 9, 2_000), c.RecoveryProgressed("mic", 9, 0)), QUIET_MS, True),
        ((*LIVE, ENDED, RAISED, QUEUED), QUIET_MS, False),
        ((*LIVE, ENDED, RAISED, QUEUED, c.QuestionDropped("q", 5, "stopped")), QUIET_MS, True),
        ((*LIVE, ENDED, RAISED, QUEUED, CHECKING), QUIET_MS, False),
        ((*LIVE, ENDED, RAISED, QUEUED, CHECKING, CHECKED), QUIET_MS, True),
        ((*LIVE, RAISED, QUEUED, FAILED), 0, False),
        ((*LIVE, RAISED, QUEUED, CHECKING, FAILED), 0, False),
        ((*LIVE, RAISED, QUEUED, CHECKING, FAILED, CHECKED), 0, True),
    ],
)
def test_a_run_is_over_when_nothing_more_can_come(changes: tuple[c.Change, ...], quiet_ms: int, over: bool) -> None:
    assert is_over(state(*changes), quiet_ms) is over


def test_one_stream_that_still_sounds_keeps_the_run_going() -> None:
    both = state(
        *LIVE,
        ENDED,
        c.StreamAdded("speaker"),
        c.StreamConnected("speaker", 1, "webrtc"),
        c.SourceOpened("speaker", "others.wav"),
    )
    assert not is_over(both, QUIET_MS)


def test_one_stream_that_is_never_called_does_not_keep_it_going() -> None:
    silent = (c.StreamAdded("speaker"), c.SourceOpened("speaker", "none"))
    assert is_over(state(*LIVE, *silent, ENDED), QUIET_MS)
    assert not is_over(state(*LIVE, *silent), QUIET_MS)


def test_a_network_that_stays_away_is_not_waited_for_for_ever() -> None:
    away = state(*LIVE, ENDED, c.StreamReconnecting("mic", 2, 1, 3, "no route"), c.RecoveryProgressed("mic", 2, 9_000))
    assert not is_over(away, QUIET_MS)
    assert is_over(away, PATIENCE_MS)
