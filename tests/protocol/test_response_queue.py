from __future__ import annotations

from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sentra_tui.protocol.client_events import ClientEvent, ResponseCancel, ResponseCreate, ResponseParams
from sentra_tui.protocol.response_queue import ALREADY_ACTIVE, CANCEL_NOT_ACTIVE, PATIENCE_MS, QueueState, ResponseQueue


def new_queue() -> ResponseQueue:
    numbers = count(1)
    return ResponseQueue(lambda: f"event_{next(numbers)}")


def create(number: int) -> list[ClientEvent]:
    return [ResponseCreate(event_id=f"event_{number}")]


def test_a_free_session_is_asked_at_once() -> None:
    queue = new_queue()
    assert queue.request(0) == create(1)
    assert queue.state is QueueState.CREATE_REQUESTED


def test_a_busy_session_is_asked_once_it_is_free() -> None:
    queue = new_queue()
    queue.request(0)
    assert queue.request(1) == []
    queue.created("resp_1", 2)
    assert queue.asked
    assert queue.done("resp_1", 3) == create(2)


def test_one_plain_request_that_waits_is_enough() -> None:
    queue = new_queue()
    queue.created("resp_1", 0)
    queue.request(1)
    queue.request(2)
    assert queue.done("resp_1", 3) == create(1)
    queue.created("resp_2", 4)
    assert queue.done("resp_2", 5) == []


def test_requests_that_differ_are_each_sent_in_order() -> None:
    queue = new_queue()
    briefly = ResponseParams("briefly")
    queue.created("resp_1", 0)
    queue.request(1)
    queue.request(2, briefly)
    assert queue.done("resp_1", 3) == create(1)
    queue.created("resp_2", 4)
    assert queue.done("resp_2", 5) == [ResponseCreate(briefly, event_id="event_2")]


def test_a_response_that_the_server_created_fills_the_queue() -> None:
    queue = new_queue()
    queue.created("resp_1", 0)
    assert (queue.state, queue.active_id) == (QueueState.ACTIVE, "resp_1")
    assert queue.request(1) == []


@pytest.mark.parametrize("event_id", ["event_1", ""])
def test_a_request_that_met_another_response_is_sent_again_after_it(event_id: str) -> None:
    queue = new_queue()
    queue.request(0)
    queue.created("resp_of_the_server", 1)
    assert queue.error(ALREADY_ACTIVE, event_id, 2) == []
    assert queue.done("resp_of_the_server", 3) == create(2)


def test_a_request_that_met_a_response_never_told_of_is_sent_again_after_it() -> None:
    queue = new_queue()
    queue.request(0)
    queue.error(ALREADY_ACTIVE, "event_1", 1)
    assert queue.state is QueueState.ACTIVE
    assert queue.done("resp_unheard", 2) == create(2)


def test_a_request_that_met_another_response_is_queued_once_however_often_that_is_said() -> None:
    queue = new_queue()
    queue.request(0)
    queue.created("resp_1", 1)
    for now_ms in (2, 3):
        queue.error(ALREADY_ACTIVE, "event_1", now_ms)
    queue.done("resp_1", 4)
    queue.created("resp_2", 5)
    assert queue.done("resp_2", 6) == []


def test_a_request_that_was_refused_frees_the_queue() -> None:
    queue = new_queue()
    queue.request(0)
    queue.request(0)
    assert queue.error("rate_limit_exceeded", "event_1", 1) == create(2)


def test_an_error_about_something_else_changes_nothing() -> None:
    queue = new_queue()
    queue.request(0)
    assert queue.error("invalid_value", "event_of_another", 1) == []
    assert queue.error("server_error", "", 1) == []
    assert queue.state is QueueState.CREATE_REQUESTED


def test_cancelling_names_the_response_and_waits_for_its_end() -> None:
    queue = new_queue()
    queue.created("resp_1", 0)
    assert queue.cancel(1) == [ResponseCancel("resp_1", event_id="event_1")]
    assert queue.cancel(2) == []
    assert queue.request(3) == []
    assert queue.done("resp_1", 4) == create(2)


def test_a_request_can_be_cancelled_before_its_response_began() -> None:
    queue = new_queue()
    queue.request(0)
    assert queue.cancel(1) == [ResponseCancel(event_id="event_2")]
    queue.created("resp_1", 2)
    assert (queue.state, queue.active_id) == (QueueState.CANCEL_REQUESTED, "resp_1")
    assert queue.done("resp_1", 3) == []
    assert queue.state is QueueState.FREE


def test_a_cancel_that_came_too_late_frees_the_queue() -> None:
    queue = new_queue()
    queue.created("resp_1", 0)
    queue.cancel(1)
    queue.request(2)
    assert queue.error(CANCEL_NOT_ACTIVE, "event_1", 3) == create(2)
    assert queue.error(CANCEL_NOT_ACTIVE, "event_1", 4) == []
    assert queue.state is QueueState.CREATE_REQUESTED


def test_nothing_is_cancelled_where_nothing_is_under_way() -> None:
    assert new_queue().cancel(0) == []


def test_the_end_of_another_response_does_not_free_the_queue() -> None:
    queue = new_queue()
    queue.created("resp_1", 0)
    queue.done("resp_0", 1)
    assert queue.state is QueueState.ACTIVE


def test_an_end_told_twice_does_not_free_the_next_response() -> None:
    queue = new_queue()
    queue.created("resp_1", 0)
    queue.request(0)
    queue.done("resp_1", 1)
    assert queue.done("resp_1", 2) == []
    assert queue.state is QueueState.CREATE_REQUESTED


def test_a_beginning_told_after_the_end_is_not_a_new_response() -> None:
    queue = new_queue()
    queue.done("resp_1", 0)
    queue.created("resp_1", 1)
    assert queue.state is QueueState.FREE


def test_a_silent_server_does_not_block_the_queue_for_ever() -> None:
    queue = new_queue()
    queue.request(0)
    queue.request(0)
    patience_ms = PATIENCE_MS[QueueState.CREATE_REQUESTED]
    assert not queue.overdue(patience_ms - 1)
    assert queue.overdue(patience_ms)
    assert queue.release(patience_ms) == create(2)


def test_a_response_that_gives_signs_of_life_is_not_overdue() -> None:
    queue = new_queue()
    queue.created("resp_1", 0)
    queue.touch(50_000)
    patience_ms = PATIENCE_MS[QueueState.ACTIVE]
    assert not queue.overdue(patience_ms)
    assert queue.overdue(50_000 + patience_ms)


def test_a_free_queue_is_never_overdue() -> None:
    assert not new_queue().overdue(10**9)


class AnyServer(RuleBasedStateMachine):
    """Whatever a server says, in whatever order, there is never a second request under way."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = new_queue()
        self.now_ms = 0

    def watch(self, before: QueueState, sent: list[ClientEvent]) -> None:
        creates = [event for event in sent if isinstance(event, ResponseCreate)]
        assert len(creates) <= 1
        if creates:
            assert self.queue.state is QueueState.CREATE_REQUESTED

    @rule(wait_ms=st.integers(0, 70_000))
    def let_time_pass(self, wait_ms: int) -> None:
        self.now_ms += wait_ms
        if self.queue.overdue(self.now_ms):
            self.watch(self.queue.state, self.queue.release(self.now_ms))

    @rule()
    def request(self) -> None:
        before = self.queue.state
        sent = self.queue.request(self.now_ms)
        assert bool(sent) == (before is QueueState.FREE)
        self.watch(before, sent)

    @rule(number=st.integers(1, 4))
    def created(self, number: int) -> None:
        self.queue.created(f"resp_{number}", self.now_ms)

    @rule(number=st.integers(1, 4))
    def done(self, number: int) -> None:
        self.watch(self.queue.state, self.queue.done(f"resp_{number}", self.now_ms))

    @rule()
    def cancel(self) -> None:
        self.queue.cancel(self.now_ms)

    @rule(
        code=st.sampled_from([ALREADY_ACTIVE, CANCEL_NOT_ACTIVE, "server_error", ""]),
        event_id=st.sampled_from(["", "event_1", "event_2", "event_3"]),
    )
    def error(self, code: str, event_id: str) -> None:
        self.watch(self.queue.state, self.queue.error(code, event_id, self.now_ms))

    @invariant()
    def a_free_queue_leaves_nobody_waiting(self) -> None:
        if self.queue.state is QueueState.FREE:
            assert not self.queue.asked
            assert self.queue.active_id == ""


AnyServer.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyServer = AnyServer.TestCase
