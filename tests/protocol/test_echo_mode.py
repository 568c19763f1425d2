"""What is done about echo, decided."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.sound import EchoMode
from sentra_tui.protocol.echo_mode import STRONG_FROM_DB, WEAK_BELOW_DB, EchoSituation, Setting, WeaknessWatch, decide

MISSING = "livekit is not installed."


@pytest.mark.parametrize("setting", get_args(Setting))
def test_nothing_is_done_where_nothing_is_played_near_a_microphone(setting: Setting) -> None:
    assert decide(EchoSituation(setting=setting)) == (EchoMode.NONE, "")


@pytest.mark.parametrize("setting", get_args(Setting))
def test_headphones_are_stronger_than_any_setting(setting: Setting) -> None:
    assert decide(EchoSituation(setting=setting, needed=True, headphones=True)) == (EchoMode.HEADPHONES, "")


@pytest.mark.parametrize("setting", ["auto", "cancel"])
def test_echo_is_cancelled_where_it_can_be(setting: Setting) -> None:
    assert decide(EchoSituation(setting=setting, needed=True, ready=True)) == (EchoMode.CANCELLING, "")


@pytest.mark.parametrize("setting", ["auto", "cancel"])
def test_the_guard_stands_in_while_the_canceller_starts_and_where_there_is_none(setting: Setting) -> None:
    assert decide(EchoSituation(setting=setting, needed=True))[0] is EchoMode.GUARD
    assert decide(EchoSituation(setting=setting, needed=True, failure=MISSING)) == (EchoMode.GUARD, MISSING)


def test_a_weak_canceller_gives_way_to_the_guard_unless_it_was_asked_for() -> None:
    mode, cause = decide(EchoSituation(needed=True, ready=True, weak_db=3.4))
    assert mode is EchoMode.GUARD
    assert "3 dB" in cause
    assert decide(EchoSituation(setting="cancel", needed=True, ready=True, weak_db=3.4)) == (EchoMode.CANCELLING, cause)


def test_a_held_loopback_is_said_whatever_the_microphone_does() -> None:
    mode, cause = decide(EchoSituation(failure=MISSING, loopback_held=True))
    assert mode is EchoMode.GUARD
    assert MISSING in cause
    assert decide(EchoSituation(needed=True, headphones=True, failure=MISSING, loopback_held=True)) == (
        EchoMode.HEADPHONES,
        cause,
    )


def test_whatever_is_not_plain_has_a_cause() -> None:
    truths = (False, True)
    for setting, ready, failure, weak_db in product(get_args(Setting), truths, ("", MISSING), (None, 2.0)):
        situation = EchoSituation(setting=setting, needed=True, ready=ready, failure=failure, weak_db=weak_db)
        mode, cause = decide(situation)
        assert cause or mode is EchoMode.CANCELLING


def test_a_canceller_is_weak_after_several_weak_measurements_and_strong_again_only_well_above() -> None:
    watch = WeaknessWatch()
    for _ in range(watch.PATIENCE - 1):
        watch.measured(WEAK_BELOW_DB - 1)
        assert watch.weak_db is None
    watch.measured(WEAK_BELOW_DB - 2)
    assert watch.weak_db == WEAK_BELOW_DB - 2
    watch.measured(WEAK_BELOW_DB + 1)
    assert watch.weak_db == WEAK_BELOW_DB + 1
    watch.measured(STRONG_FROM_DB)
    assert watch.weak_db is None


@given(st.lists(st.none() | st.floats(min_value=STRONG_FROM_DB, max_value=60)))
def test_a_strong_canceller_is_never_called_weak(measurements: list[float | None]) -> None:
    watch = WeaknessWatch()
    for measured_db in measurements:
        watch.measured(measured_db)
        assert watch.weak_db is None
