"""How long ago a provider was heard that is only asked now and then."""

from __future__ import annotations

import pytest

from sentra_tui.domain.errors import SentraError, SourceError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.engine.http_call.contact import Contact, out_of_reach


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_provider_that_is_not_asked_is_not_missed() -> None:
    clock = Clock()
    contact = Contact(clock)
    clock.now_s += 60
    assert contact.age_s == 0.0
    contact.asked()
    assert contact.age_s == 0.0
    clock.now_s += 3
    assert contact.age_s == 3.0
    contact.heard()
    assert contact.age_s == 0.0
    clock.now_s += 1
    contact.over()
    assert contact.age_s == 0.0


def test_failures_add_up_until_something_is_heard() -> None:
    clock = Clock()
    contact = Contact(clock)
    contact.failed(TransportLost("gone"))
    clock.now_s += 4
    contact.failed(TransportLost("gone"))
    assert contact.failing
    assert contact.failing_s == 4.0
    contact.failed(TransportRefused("no such voice"))
    assert not contact.failing


@pytest.mark.parametrize(
    ("error", "out"),
    [
        (TransportLost("gone", reason=Reason.UNREACHABLE), True),
        (TransportRefused("a web page", reason=Reason.CAPTIVE_PORTAL), True),
        (TransportRefused("too many", reason=Reason.TOO_MANY), False),
        (TransportRefused("no such model", reason=Reason.MODEL_REFUSED), False),
        (SourceError("no espeak"), False),
    ],
)
def test_only_what_failed_on_the_way_is_out_of_reach(error: SentraError, out: bool) -> None:
    assert out_of_reach(error) is out
