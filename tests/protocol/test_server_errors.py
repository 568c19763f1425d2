from __future__ import annotations

import pytest

from sentra_tui.domain.changes import Noticed
from sentra_tui.domain.state import Severity
from sentra_tui.protocol.effects import CallBroken
from sentra_tui.protocol.objects import ErrorDetails
from sentra_tui.protocol.server_errors import BENIGN, REFUSALS, judge


@pytest.mark.parametrize("code", sorted(BENIGN))
def test_messages_that_crossed_are_not_worth_telling(code: str) -> None:
    assert judge(ErrorDetails("invalid_request_error", code, "nothing to do")) == []


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_refusal_gives_the_call_up_and_says_what_helps(code: str) -> None:
    assert judge(ErrorDetails(code=code, message="not you")) == [
        CallBroken("The provider refused: not you", REFUSALS[code], refused=True)
    ]


def test_a_code_written_into_the_type_counts() -> None:
    assert judge(ErrorDetails("invalid_api_key", message="no"))[0] == CallBroken(
        "The provider refused: no", REFUSALS["invalid_api_key"], refused=True
    )


def test_an_expired_session_is_dialled_again() -> None:
    (broken,) = judge(ErrorDetails(code="session_expired", message="60 minutes"))
    assert isinstance(broken, CallBroken)
    assert not broken.refused


def test_any_other_error_is_told_and_the_call_goes_on() -> None:
    assert judge(ErrorDetails("server_error", message="try later")) == [
        Noticed(Severity.WARNING, "The provider reports: try later")
    ]


def test_a_rate_limit_says_what_helps() -> None:
    (notice,) = judge(ErrorDetails(code="rate_limit_exceeded", message="too fast"))
    assert isinstance(notice, Noticed)
    assert notice.hint


def test_an_error_without_words_is_told_by_its_code_or_as_such() -> None:
    assert judge(ErrorDetails(code=500)) == [Noticed(Severity.WARNING, "The provider reports: 500")]
    assert judge(ErrorDetails()) == [Noticed(Severity.WARNING, "The provider reports: no reason given")]


def test_hostile_words_of_an_error_are_cleaned() -> None:
    (notice,) = judge(ErrorDetails(message="\x1b]0;owned\x07\nsecond line" + "x" * 10_000))
    assert isinstance(notice, Noticed)
    assert "\x1b" not in notice.text
    assert "\n" not in notice.text
    assert len(notice.text) < 250
