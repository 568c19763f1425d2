"""A model of a realtime server that duplicates, loses and delays what it says, and a session that listens to it."""

from __future__ import annotations

from collections import deque

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sentra_tui.domain.changes import Change, StreamAdded, TranscriptCommitted
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AnswerStatus, AppState
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.effects import Effect, SendEvent
from sentra_tui.protocol.objects import ContentPart, ErrorDetails, Item, Response
from sentra_tui.protocol.response_queue import ALREADY_ACTIVE, CANCEL_NOT_ACTIVE
from sentra_tui.protocol.session import Session
from tests.strategies import values_of

OPEN = (AnswerStatus.PROCESSING, AnswerStatus.DRAFT)
CHANGES = msgspec.json.Decoder(Change)


class Front:
    """A session and the screen that it fills."""

    def __init__(self, *, voice: bool = False) -> None:
        self.session = Session("mic", 1, 0, answers=True, voice=voice)
        self.session.receive(s.SessionCreated(), 0)
        self.state = reduce(AppState(), StreamAdded("mic"))
        self.commits: list[TranscriptCommitted] = []

    def show(self, outcome: list[Change | Effect] | list[Change]) -> list[c.ClientEvent]:
        """Reduce the changes, each through JSON; return what is to be sent."""
        sent = []
        for told in outcome:
            if isinstance(told, SendEvent):
                sent.append(told.event)
            elif isinstance(told, Change):
                assert CHANGES.decode(msgspec.json.encode(told)) == told
                self.state = reduce(self.state, told)
                if isinstance(told, TranscriptCommitted):
                    self.commits.append(told)
        return sent

    @property
    def committed(self) -> dict[str, str]:
        return {commit.key.item_id: self.lines[commit.key.item_id] for commit in self.commits}

    @property
    def lines(self) -> dict[str, str]:
        return {line.key.item_id: line.text for line in self.state.streams[0].transcript if line.final}

    @property
    def order(self) -> list[str]:
        return [line.key.item_id for line in self.state.streams[0].transcript]

    @property
    def open_answers(self) -> int:
        return sum(answer.status in OPEN for answer in self.state.answers)


class UnreliableServer(RuleBasedStateMachine):
    """What the server tells of its conversation comes in order; what a recogniser heard comes when it likes.

    A turn may be announced in part or not at all, but of two turns in a row at least one is: what nobody tells,
    nobody can put in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.front = Front()
        self.now_ms = 0
        self.conversation: list[str] = []
        self.channel: deque[s.ServerEvent] = deque()
        self.told: list[s.ServerEvent] = []
        self.recognised: list[s.ServerEvent] = []
        self.final: dict[str, str] = {}
        self.announced_last = True
        self.requests: deque[c.ClientEvent] = deque()
        self.active = ""
        self.responses = 0
        self.unanswered: set[str] = set()
        self.cancelled = False

    def hear(self, event: s.ServerEvent) -> None:
        self.now_ms += 10
        self.requests += self.front.show(self.front.session.receive(event, self.now_ms))

    def enter(self, item: Item) -> str:
        previous = self.conversation[-1] if self.conversation else ""
        self.conversation.append(item.id)
        return previous

    @rule(announced=st.booleans(), parts=st.sets(st.integers(0, 3), max_size=3), words=st.text("ab c", max_size=8))
    def somebody_speaks(self, announced: bool, parts: set[int], words: str) -> None:
        item = Item(f"user_{len(self.conversation)}", "message", "user", content=(ContentPart("input_audio"),))
        previous = self.enter(item)
        announcements: list[s.ServerEvent] = [
            s.InputAudioBufferSpeechStarted(item.id, self.now_ms),
            s.InputAudioBufferSpeechStopped(item.id, self.now_ms + 5),
            s.InputAudioBufferCommitted(item.id, previous),
            s.ConversationItemAdded(item, previous),
        ]
        announced = announced or not self.announced_last
        self.announced_last = announced
        if announced:
            lost = parts if parts & {2, 3} != {2, 3} else parts - {3}
            self.channel += [event for index, event in enumerate(announcements) if index not in lost]
        self.final[item.id] = f"{item.id} {words}".strip()
        half = s.InputAudioTranscriptionDelta(item.id, 0, words)
        self.recognised += [half, half, s.InputAudioTranscriptionCompleted(item.id, 0, self.final[item.id])]

    @rule()
    @precondition(lambda self: not self.channel)
    def the_user_types(self) -> None:
        created, *requests = self.front.show(self.front.session.say_text("why?", self.now_ms))
        assert isinstance(created, c.ConversationItemCreate)
        item = Item(created.item.id, "message", "user")
        self.channel.append(s.ConversationItemAdded(item, self.enter(item)))
        self.unanswered.add(item.id)
        self.requests += requests

    @rule()
    @precondition(lambda self: self.requests)
    def the_server_takes_a_request(self) -> None:
        request = self.requests.popleft()
        match request:
            case c.ResponseCreate(event_id=event_id) if self.active:
                self.channel.append(s.ServerError(ErrorDetails(code=ALREADY_ACTIVE, event_id=event_id)))
            case c.ResponseCreate():
                self.respond()
            case c.ResponseCancel() if self.active:
                self.finish("cancelled")
            case c.ResponseCancel(event_id=event_id):
                self.channel.append(s.ServerError(ErrorDetails(code=CANCEL_NOT_ACTIVE, event_id=event_id)))

    @rule()
    @precondition(lambda self: not self.active)
    def the_server_answers_by_itself(self) -> None:
        self.respond()

    def respond(self) -> None:
        self.responses += 1
        self.active = f"resp_{self.responses}"
        self.unanswered.clear()
        item = Item(f"answer_{self.responses}", "message", "assistant")
        previous = self.enter(item)
        self.channel += [s.ResponseCreated(Response(self.active)), s.ConversationItemAdded(item, previous)]

    @rule(words=st.text("xyz ", max_size=4))
    @precondition(lambda self: self.active)
    def the_answer_grows(self, words: str) -> None:
        self.channel.append(s.ResponseOutputTextDelta(self.active, "item", 0, 0, words))

    @rule()
    @precondition(lambda self: self.active)
    def the_answer_ends(self) -> None:
        self.finish("completed")

    def finish(self, status: str) -> None:
        self.channel.append(s.ResponseDone(Response(self.active, status)))
        self.active = ""

    @rule()
    def the_user_cancels(self) -> None:
        self.cancelled = True
        self.requests += self.front.show(self.front.session.cancel_answer(self.now_ms))

    @rule()
    @precondition(lambda self: self.channel)
    def the_next_is_heard(self) -> None:
        event = self.channel.popleft()
        self.told.append(event)
        self.hear(event)

    @rule(data=st.data())
    @precondition(lambda self: self.told)
    def something_is_heard_twice(self, data: st.DataObject) -> None:
        self.hear(data.draw(st.sampled_from(self.told)))

    @rule(data=st.data())
    @precondition(lambda self: self.recognised and not self.channel)
    def words_are_recognised(self, data: st.DataObject) -> None:
        event = self.recognised.pop(data.draw(st.integers(0, len(self.recognised) - 1)))
        self.told.append(event)
        self.hear(event)

    @invariant()
    def at_most_one_answer_is_open(self) -> None:
        assert self.front.open_answers <= 1

    @invariant()
    def no_line_is_committed_twice(self) -> None:
        keys = [commit.key for commit in self.front.commits]
        assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        for _ in range(10 * (len(self.channel) + len(self.requests) + 10)):
            if self.channel:
                self.the_next_is_heard()
            elif self.requests:
                self.the_server_takes_a_request()
            elif self.active:
                self.finish("completed")
        assert not self.channel
        assert not self.requests
        assert self.cancelled or not self.unanswered
        for event in self.recognised:
            self.hear(event)
        self.front.show(self.front.session.close(self.now_ms))
        lines = [item_id for item_id in self.conversation if not item_id.startswith("answer")]
        assert self.front.order == lines
        assert {item_id: self.front.lines[item_id] for item_id in self.final} == self.final
        assert self.front.open_answers == 0


UnreliableServer.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestUnreliableServer = UnreliableServer.TestCase

_ids = st.sampled_from(["", "a", "b", "c", "typed_1"])
_moments = st.none() | st.floats(allow_nan=False)
_anything = st.one_of([values_of(kind) for kind in s.KnownServerEvent.__args__])
_likely = st.one_of(
    st.builds(s.InputAudioBufferSpeechStarted, _ids, _moments),
    st.builds(s.InputAudioBufferSpeechStopped, _ids, _moments),
    st.builds(s.InputAudioBufferCommitted, _ids, _ids),
    st.builds(s.InputAudioTranscriptionDelta, _ids, st.just(0), st.text(max_size=4)),
    st.builds(s.InputAudioTranscriptionCompleted, _ids, st.just(0), st.text(max_size=4)),
    st.builds(s.ResponseCreated, st.builds(Response, _ids)),
    st.builds(s.ResponseOutputTextDelta, _ids, _ids, st.just(0), st.just(0), st.text(max_size=4)),
    st.builds(s.ResponseDone, st.builds(Response, _ids, st.sampled_from(["completed", "cancelled", "failed"]))),
    st.builds(
        s.ServerError,
        st.builds(ErrorDetails, code=st.sampled_from([ALREADY_ACTIVE, CANCEL_NOT_ACTIVE]), event_id=_ids),
    ),
)
_acts = st.sampled_from(["say", "cancel", "voice", "tick"])


@given(st.lists(_likely | _anything | _acts, max_size=40))
def test_whatever_a_server_says_nothing_raises_and_final_lines_stay(steps: list[s.ServerEvent | str]) -> None:
    front = Front(voice=True)
    now_ms = 0
    for step in steps:
        now_ms += 1_000
        before = front.committed
        match step:
            case "say":
                front.show(front.session.say_text("why?", now_ms))
            case "cancel":
                front.show(front.session.cancel_answer(now_ms))
            case "voice":
                front.show(front.session.update({"type": "realtime"}, voice=now_ms % 2_000 == 0))
            case "tick":
                front.show(front.session.tick(now_ms))
            case str():
                raise AssertionError(step)
            case _:
                front.show(front.session.receive(step, now_ms))
        assert front.committed.items() >= before.items()
        assert front.open_answers <= 1
    front.show(front.session.close(now_ms))
    assert front.open_answers == 0
    assert len(front.lines) == len(front.order)
