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
from sentra_tui.protocol.call_steps import TABLE, Step
from sentra_tui.protocol.connection import STABLE_MS, CallMachine, backoff_s
from sentra_tui.protocol.effects import Dial, DropCall, EndCall, GiveUpDial, WaitThenDial

LIMITS_S = (4.0, 6.0, 20.0)
POLICY = ReconnectConfig(base_s=1.0, cap_s=8.0, attempts=3)
STEPS: dict[Step, Callable[[CallMachine], list[object]]] = {
    Step.CONNECT: lambda call: [*call.connect(0)],
    Step.CONNECTED: lambda call: [*call.connected(0, "webrtc", 80.0)],
    Step.LOST: lambda call: [*call.lost(0, "gone")],
    Step.REFUSED: lambda call: [*call.refused(0, "no")],
    Step.SUSPECTED: lambda call: [*call.suspected_dead(0, "no sign of life")],
    Step.CLEARED: lambda call: [*call.cleared(0)],
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


def again(attempt: int) -> Dial:
    return Dial(attempt, LIMITS_S[(attempt - 1) % 3])


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
    assert call.retry_due(9) == [c.StreamConnecting("mic", 9, 2), again(2)]


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
    assert call.retry_due(2_100) == [c.StreamConnecting("mic", 2_100, 2), again(2)]
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
        call.lost(STABLE_MS - 1, "gone", ended_by_peer=False)
        assert call.retry_due(0)[-1] == again(attempt)
    call.connected(0, "webrtc", 80.0)
    call.lost(STABLE_MS, "gone")
    assert call.retry_due(0)[-1] == again(1)


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
    assert call.retry_now(10) == [c.StreamConnecting("mic", 10, 1), again(1)]
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


def suspected() -> CallMachine:
    call = machine_in(Connection.LIVE)
    told = c.StreamSuspected("mic", 9_000, True, "no sign of life")
    assert call.suspected_dead(9_000, "no sign of life") == [told, again(1)]
    return call


def test_a_call_that_seems_dead_stays_while_another_is_dialled_beside_it_once() -> None:
    call = suspected()
    assert call.state is Connection.LIVE
    assert call.suspected_dead(9_250, "no sign of life") == []


def test_a_call_that_lives_after_all_goes_on_and_the_other_dial_is_given_up() -> None:
    call = suspected()
    assert call.cleared(10_000) == [c.StreamSuspected("mic", 10_000, False), GiveUpDial()]
    assert call.cleared(10_250) == []
    assert call.lost(20_000, "gone")[0] == EndCall()


def test_the_call_beside_takes_the_place_of_the_one_that_seems_dead() -> None:
    call = suspected()
    assert call.connected(9_400, "websocket", 400.0, "UDP is blocked") == [
        c.StreamConnected("mic", 9_400, "websocket", 400.0, "UDP is blocked")
    ]
    assert call.cleared(9_650) == []


def test_a_call_that_is_dead_is_dropped_and_the_dial_beside_it_goes_on_as_the_streams_own() -> None:
    call = suspected()
    assert call.lost(13_000, "dead", ended_by_peer=False) == [
        DropCall(),
        c.StreamReconnecting("mic", 13_000, 1, 13_000, "dead"),
        c.StreamConnecting("mic", 13_000, 1),
    ]
    assert call.connected(13_400, "webrtc", 400.0) == [c.StreamConnected("mic", 13_400, "webrtc", 400.0)]


def test_a_dial_beside_that_breaks_is_tried_again_without_a_word_and_its_wait_outlives_the_call() -> None:
    call = suspected()
    assert call.dial_lost(9_500, "no route") == [WaitThenDial(2.0)]
    assert call.lost(10_000, "dead", ended_by_peer=False) == [
        DropCall(),
        c.StreamReconnecting("mic", 10_000, 2, 11_500, "dead"),
    ]
    assert call.retry_due(11_500) == [c.StreamConnecting("mic", 11_500, 2), again(2)]


def test_a_dial_beside_that_is_due_again_is_made_without_a_word() -> None:
    call = suspected()
    call.dial_lost(9_500, "no route")
    assert call.retry_due(11_500) == [again(2)]


def test_a_dial_beside_that_is_refused_leaves_the_call_alone() -> None:
    call = suspected()
    assert call.dial_refused(9_500, "wrong key") == []
    assert call.lost(13_000, "dead", ended_by_peer=False)[0] == EndCall()


def test_a_better_call_ends_the_dial_beside() -> None:
    call = suspected()
    assert call.replaced(9_500, "webrtc") == [GiveUpDial(), c.StreamConnected("mic", 9_500, "webrtc")]


def test_a_network_that_is_back_is_dialled_at_once_and_counted_anew() -> None:
    call = machine()
    call.connect(0)
    call.lost(0, "no route")
    assert call.network_up(500) == [c.StreamConnecting("mic", 500, 1), again(1)]


def test_a_dial_that_began_while_the_network_was_away_begins_anew_when_it_is_back() -> None:
    call = machine_in(Connection.RECONNECTING)
    assert call.network_up(500) == []
    assert call.network_up(4_000) == [c.StreamConnecting("mic", 4_000, 1), again(1)]


@pytest.mark.parametrize("state", [Connection.OFF, Connection.CONNECTING, Connection.LIVE, Connection.FAILED])
def test_a_network_that_is_back_means_nothing_to_a_call_that_does_not_wait_for_it(state: Connection) -> None:
    assert machine_in(state).network_up(9_000) == []


def test_three_calls_in_a_row_that_the_peer_ends_at_once_are_a_cause_of_their_own() -> None:
    call = machine(ReconnectConfig(attempts=0))
    call.connect(0)
    for now_ms in (0, 10_000):
        call.connected(now_ms, "webrtc", 80.0)
        call.lost(now_ms + 100, "The server hung up.")
        call.retry_due(now_ms + 200)
    call.connected(20_000, "webrtc", 80.0)
    text = "The provider took the call and ended it at once, 3 times in a row: The server hung up."
    assert call.lost(20_100, "The server hung up.")[-1] == c.StreamFailed("mic", 20_100, text, "Press r to try again.")
    call.connect(30_000)
    call.connected(30_080, "webrtc", 80.0)
    assert call.lost(30_100, "The server hung up.")[0] == EndCall()
    assert call.state is Connection.RECONNECTING


def test_calls_that_the_network_ends_are_dialled_for_ever() -> None:
    call = machine(ReconnectConfig(attempts=0))
    call.connect(0)
    for now_ms in range(0, 100_000, 1_000):
        call.connected(now_ms, "webrtc", 80.0)
        call.lost(now_ms + 500, "no sign of life", ended_by_peer=False)
        call.retry_due(now_ms + 600)
    assert call.state is Connection.RECONNECTING


@given(st.floats(0.1, 120), st.floats(0, 1, exclude_max=True), st.integers(0, 20))
def test_a_wait_that_was_asked_for_is_never_shorter_and_hardly_longer(
    asked_s: float, random: float, before: int
) -> None:
    call = machine(ReconnectConfig(attempts=0), random)
    call.connect(0)
    for _ in range(before):
        call.lost(0, "gone")
        call.retry_due(0)
    waited = call.lost(0, "busy", retry_after_s=asked_s)[-1]
    assert isinstance(waited, WaitThenDial)
    assert asked_s <= waited.delay_s <= 1.1 * asked_s


def test_a_longer_wait_than_two_minutes_is_told_and_not_slept() -> None:
    call = machine()
    call.connect(0)
    failed = c.StreamFailed("mic", 0, "Too many requests. It asks to wait 5 min.", "Press r then.")
    assert call.lost(0, "Too many requests.", retry_after_s=300.0) == [failed]


def test_every_third_dial_after_a_break_has_its_time_where_the_network_is_slow() -> None:
    call = machine(ReconnectConfig(attempts=0))
    (_, first) = call.connect(0)
    assert first == Dial(1)
    dials = []
    for _ in range(6):
        call.lost(0, "late")
        dials.append(call.retry_due(0)[-1])
    assert [dial.limit_s for dial in dials if isinstance(dial, Dial)] == [6.0, 20.0, 4.0, 6.0, 20.0, 4.0]


def test_a_network_that_is_back_dials_anew_beside_a_call_that_seems_dead() -> None:
    call = suspected()
    call.dial_lost(9_500, "no route")
    assert call.network_up(9_600) == [again(1)]
    assert call.network_up(9_700) == []


def test_a_wait_that_the_server_asked_for_outlasts_the_return_of_the_network() -> None:
    call = machine(random=0.0)
    call.connect(0)
    call.lost(0, "busy", retry_after_s=30.0)
    assert call.network_up(29_000) == []
    assert call.network_up(31_000) == [c.StreamConnecting("mic", 31_000, 1), again(1)]


def test_calls_that_are_renewed_by_choice_are_no_failed_attempts() -> None:
    call = machine(POLICY, random=1.0)
    call.connect(0)
    waits = []
    for _ in range(6):
        call.connected(0, "webrtc", 80.0)
        waits.append(call.lost(10, "another voice", retry_after_s=0.0, ended_by_peer=False)[-1])
        call.retry_due(10)
    assert call.state is Connection.RECONNECTING
    assert waits == [WaitThenDial(wait_s) for wait_s in (0.0, 2.0, 4.0, 8.0, 8.0, 8.0)]


def test_a_long_wait_that_a_server_asked_for_beside_a_call_is_shown_once_the_call_is_over() -> None:
    call = machine_in(Connection.LIVE)
    call.suspected_dead(10_000, "no sign of life")
    call.dial_lost(10_500, "Too many calls.", retry_after_s=300.0)
    ended, failed = call.lost(14_000, "no sign of life", ended_by_peer=False)
    assert ended == EndCall()
    assert failed == c.StreamFailed("mic", 14_000, "Too many calls. It asks to wait 5 min.", "Press r then.")


def test_a_wait_that_a_server_asked_for_outlives_a_suspicion() -> None:
    call = machine_in(Connection.LIVE)
    call.suspected_dead(10_000, "no sign of life")
    call.dial_lost(10_500, "Too many calls.", retry_after_s=60.0)
    call.cleared(11_000)
    assert call.lost(12_500, "gone")[-1] == WaitThenDial(61.0)
