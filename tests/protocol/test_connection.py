from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain import changes as c
from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.errors import ProtocolError
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState, Connection
from sentra_tui.protocol.connection import STABLE_MS, TABLE, CallMachine, Step, backoff_s
from sentra_tui.protocol.effects import Dial, EndCall, WaitThenDial

POLICY = ReconnectConfig(base_s=1.0, cap_s=8.0, attempts=3)
STEPS: dict[Step, Callable[[CallMachine], list[object]]] = {
    Step.CONNECT: lambda call: [*call.connect(0)],
    Step.CONNECTED: lambda call: [*call.connected(0, "webrtc", 80.0)],
    Step.LOST: lambda call: [*call.lost(0, "gone")],
    Step.REFUSED: lambda call: [*call.refused(0, "no")],
    Step.RETRY_DUE: lambda call: [*call.retry_due(0)],
    Step.RETRY_NOW: lambda call: [*call.retry_now(0)],
    Step.HANG_UP: lambda call: [*call.hang_up(0)],
}
WAY_TO = {
    Connection.OFF: [],
    Connection.CONNECTING: [Step.CONNECT],
    Connection.LIVE: [Step.CONNECT, Step.CONNECTED],
    Connection.RECONNECTING: [Step.CONNECT, Step.LOST, Step.RETRY_DUE],
    Connection.FAILED: [Step.CONNECT, Step.REFUSED],
}


def machine(policy: ReconnectConfig = POLICY, random: float = 1.0) -> CallMachine:
    return CallMachine("mic", policy, lambda: random)


def machine_in(state: Connection) -> CallMachine:
    call = machine()
    for step in WAY_TO[state]:
        STEPS[step](call)
    assert call.state is state
    return call


@pytest.mark.parametrize(("state", "step"), product(Connection, STEPS))
def test_a_step_leads_where_the_table_says_and_any_other_changes_nothing(state: Connection, step: Step) -> None:
    call = machine_in(state)
    if (state, step) in TABLE:
        STEPS[step](call)
        assert call.state is TABLE[state, step]
    else:
        with pytest.raises(ProtocolError, match=state.value):
            STEPS[step](call)
        assert call.state is state


@pytest.mark.parametrize("step", [Step.CONNECTED, Step.LOST, Step.REFUSED])
def test_a_call_that_only_waits_cannot_come_through_or_break(step: Step) -> None:
    call = machine()
    call.connect(0)
    call.lost(0, "gone")
    with pytest.raises(ProtocolError, match="waits"):
        STEPS[step](call)
    assert call.state is Connection.RECONNECTING
    assert call.retry_due(9) == [c.StreamConnecting("mic", 9, 2), Dial(2)]


def test_connecting_dials_and_coming_through_is_told() -> None:
    call = machine()
    assert call.connect(5) == [c.StreamConnecting("mic", 5, 1), Dial(1)]
    assert call.connected(85, "webrtc", 80.0) == [c.StreamConnected("mic", 85, "webrtc", 80.0)]


def test_a_failed_dial_waits_and_dials_again() -> None:
    call = machine()
    call.connect(0)
    assert call.lost(100, "no route", "check the network") == [
        c.StreamReconnecting("mic", 100, 2, 2_100, "no route", "check the network"),
        WaitThenDial(2.0),
    ]
    assert call.retry_due(2_100) == [c.StreamConnecting("mic", 2_100, 2), Dial(2)]
    assert call.state is Connection.RECONNECTING


def test_a_live_call_that_breaks_is_ended_first() -> None:
    call = machine_in(Connection.LIVE)
    ended, reconnecting, waited = call.lost(STABLE_MS, "no sign of life")
    assert ended == EndCall()
    assert reconnecting == c.StreamReconnecting("mic", STABLE_MS, 1, STABLE_MS + 1_000, "no sign of life")
    assert waited == WaitThenDial(1.0)


def test_a_server_that_asks_for_a_longer_wait_gets_it() -> None:
    call = machine(random=0.0)
    call.connect(0)
    assert call.lost(0, "busy", retry_after_s=30.0)[-1] == WaitThenDial(30.0)


def test_the_count_begins_anew_only_after_a_call_that_stayed() -> None:
    call = machine(ReconnectConfig(attempts=0))
    call.connect(0)
    for attempt in range(2, 5):
        call.connected(0, "webrtc", 80.0)
        call.lost(STABLE_MS - 1, "gone")
        assert call.retry_due(0)[-1] == Dial(attempt)
    call.connected(0, "webrtc", 80.0)
    call.lost(STABLE_MS, "gone")
    assert call.retry_due(0)[-1] == Dial(1)


def test_the_last_attempt_fails_with_its_cause() -> None:
    call = machine()
    call.connect(0)
    for now_ms in (1, 2):
        call.lost(now_ms, "no route")
        call.retry_due(now_ms)
    failed = c.StreamFailed("mic", 3, "no route (gave up after 3 attempts)", "check the network")
    assert call.lost(3, "no route", "check the network") == [failed]
    assert call.state is Connection.FAILED


def test_a_call_that_never_stays_uses_its_attempts_up() -> None:
    call = machine(ReconnectConfig(attempts=1))
    call.connect(0)
    call.connected(0, "webrtc", 80.0)
    assert call.lost(1, "gone") == [EndCall(), c.StreamFailed("mic", 1, "gone (gave up after 1 attempt)")]


def test_a_refusal_is_final_until_the_user_connects_again() -> None:
    call = machine_in(Connection.CONNECTING)
    assert call.refused(7, "wrong key", "set another") == [c.StreamFailed("mic", 7, "wrong key", "set another")]
    assert call.connect(8) == [c.StreamConnecting("mic", 8, 1), Dial(1)]


def test_a_live_call_that_is_refused_is_ended() -> None:
    assert machine_in(Connection.LIVE).refused(7, "no quota")[0] == EndCall()


def test_retry_now_cuts_the_wait_short_and_counts_anew() -> None:
    call = machine()
    call.connect(0)
    call.lost(0, "gone")
    assert call.retry_now(10) == [c.StreamConnecting("mic", 10, 1), Dial(1)]
    assert call.state is Connection.RECONNECTING


def test_a_retry_while_a_dial_runs_does_not_dial_twice() -> None:
    call = machine_in(Connection.RECONNECTING)
    assert call.retry_now(1) == []
    assert call.retry_due(1) == []


@pytest.mark.parametrize("state", [Connection.CONNECTING, Connection.LIVE, Connection.RECONNECTING])
def test_hanging_up_ends_whatever_is_under_way(state: Connection) -> None:
    assert machine_in(state).hang_up(4) == [EndCall(), c.StreamClosed("mic", 4)]


def test_hanging_up_while_waiting_leaves_no_wait_behind() -> None:
    call = machine()
    call.connect(0)
    call.lost(0, "gone")
    assert call.hang_up(1) == [EndCall(), c.StreamClosed("mic", 1)]
    call.connect(2)
    assert call.connected(3, "webrtc", 1.0) == [c.StreamConnected("mic", 3, "webrtc", 1.0)]


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True), st.floats(0, 3600), st.floats(0, 3600))
def test_the_wait_is_never_negative_and_never_above_its_cap(
    attempt: int, random: float, base_s: float, cap_s: float
) -> None:
    assert 0 <= backoff_s(ReconnectConfig(base_s=base_s, cap_s=cap_s), attempt, random) <= cap_s


def test_the_wait_doubles_up_to_its_cap() -> None:
    assert [backoff_s(POLICY, attempt, 1.0) for attempt in range(1, 7)] == [1, 2, 4, 8, 8, 8]
    assert backoff_s(POLICY, 3, 0.25) == 1.0


@given(st.lists(st.sampled_from(list(STEPS)), max_size=30))
def test_the_screen_agrees_with_the_machine_after_any_steps(steps: list[Step]) -> None:
    call = machine()
    state = reduce(AppState(), c.StreamAdded("mic"))
    for step in steps:
        try:
            outcome = STEPS[step](call)
        except ProtocolError:
            continue
        for change in outcome:
            if isinstance(change, c.Change):
                state = reduce(state, change)
        assert state.streams[0].connection is call.state
