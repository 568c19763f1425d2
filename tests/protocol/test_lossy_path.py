from __future__ import annotations

from random import Random

import pytest

from sentra_tui.domain.state import Quality
from sentra_tui.protocol.lossy_path import LossyPath

PACKETS = 250
"""What a measurement tells of: five seconds."""


def first_too_lossy(share: float, seconds: int, random: Random) -> int | None:
    """Return in which second a call of this loss is judged too lossy."""
    path = LossyPath()
    for second in range(1, seconds + 1):
        lost = sum(random.random() < share for _ in range(PACKETS)) / PACKETS
        if path.measured(Quality(loss_up=0.0, loss_down=lost)):
            return second
    return None


@pytest.mark.row(13)
@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.2])
def test_a_call_that_loses_a_fifth_or_less_goes_on(share: float) -> None:
    assert first_too_lossy(share, 300, Random(4)) is None


@pytest.mark.row(13)
def test_a_call_that_loses_a_third_is_judged_within_seconds() -> None:
    random = Random(4)
    found = [first_too_lossy(0.3, 20, random) for _ in range(100)]
    assert all(second is not None and second <= 10 for second in found)


def test_what_is_not_measured_says_nothing() -> None:
    path = LossyPath()
    assert not any(path.measured(Quality()) for _ in range(20))
