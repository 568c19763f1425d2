"""Echoes of the other stream in the microphone's transcript, from what is said to what the assistants make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.sound import Echo, EchoMode
from sentra_tui.domain.state import MIC, SPEAKER, AppState
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.lanes.notes import newest_line
from sentra_tui.engine.sound.bleed import BleedDriver
from sentra_tui.engine.store import Store
from sentra_tui.engine.talk import is_own, newest_lines

QUESTION = "Can you tell me what the budget for next year looks like?"
REPLY = "I will send you the numbers tonight."


class Room:
    """Both transcripts, what a front end before the driver hears, and what an assistant after it finds."""

    def __init__(self) -> None:
        self.store = Store()
        self.told: list[c.Change] = []
        self.store.subscribe(self.told.append)
        self.driver = BleedDriver(self.store, lambda: 10_000)
        self.own: list[str] = []
        self.store.subscribe(self._assist)
        for stream in (MIC, SPEAKER):
            self.store.publish(c.StreamAdded(stream))

    def say(self, stream: str, text: str, start_ms: int, end_ms: int | None = None) -> LineKey:
        key = LineKey(1, f"i{start_ms}")
        end_ms = start_ms + 3_000 if end_ms is None else end_ms
        self.store.publish(c.TranscriptCommitted(stream, key, text, start_ms, end_ms))
        return key

    def echoes(self, state: AppState | None = None) -> list[int]:
        stream = (state or self.store.state).stream(MIC)
        assert stream is not None
        return [line.start_ms for line in stream.transcript if line.echo]

    def mark(self, key: LineKey, *, echo: bool) -> None:
        self.store.dispatch(a.MarkEcho(MIC, key.session, key.item_id, echo))

    def _assist(self, change: c.Change) -> None:
        if isinstance(change, c.TranscriptCommitted) and is_own(self.store.state, change):
            self.own.append(change.text)


@pytest.fixture
def room() -> Room:
    return Room()


def test_an_echo_is_marked_before_an_assistant_hears_of_it(room: Room) -> None:
    room.say(SPEAKER, QUESTION, 1_000)
    room.say(MIC, QUESTION.lower(), 1_300)
    room.say(MIC, REPLY, 5_000)
    assert room.echoes() == [1_300]
    assert room.own == [QUESTION, REPLY]


GREETING = "Good morning everybody"


@pytest.mark.parametrize(
    ("echo", "hidden"),
    [
        (Echo(EchoMode.CANCELLING, erle_db=32.0), False),
        (Echo(EchoMode.CANCELLING, erle_db=9.0), True),
        (Echo(EchoMode.CANCELLING), True),
        (Echo(EchoMode.GUARD, erle_db=32.0), True),
    ],
)
def test_a_greeting_of_both_at_once_is_no_echo_where_the_canceller_takes_echoes_out(
    room: Room, echo: Echo, hidden: bool
) -> None:
    room.store.publish(c.EchoChanged(0, echo))
    room.say(SPEAKER, GREETING, 1_000, 2_000)
    room.say(MIC, GREETING, 1_300, 2_300)
    assert bool(room.echoes()) is hidden
    room.say(SPEAKER, QUESTION, 5_000)
    room.say(MIC, QUESTION, 5_300)
    assert 5_300 in room.echoes()


def test_who_listens_before_the_driver_hears_of_the_line_before_its_mark(room: Room) -> None:
    room.say(SPEAKER, QUESTION, 1_000)
    room.say(MIC, QUESTION, 1_300)
    assert [type(change) for change in room.told[-2:]] == [c.TranscriptCommitted, c.LineEchoed]
    state = AppState()
    for change in room.told:
        state = reduce(state, change)
    assert room.echoes(state) == [1_300]


def test_words_of_the_other_that_come_later_mark_the_line_then(room: Room) -> None:
    room.say(MIC, QUESTION, 1_300)
    assert room.echoes() == []
    room.say(SPEAKER, QUESTION, 1_000)
    assert room.echoes() == [1_300]


def test_the_other_may_still_be_speaking(room: Room) -> None:
    key = LineKey(1, "open")
    room.store.publish(c.LineOpened(SPEAKER, key, 6_000))
    room.store.publish(c.TranscriptExtended(SPEAKER, key, 9_000, f"{QUESTION} And"))
    room.say(MIC, QUESTION, 6_300, 9_500)
    assert room.echoes() == [6_300]


def test_the_assistants_are_not_told_of_echoes_and_no_note_goes_to_one(room: Room) -> None:
    room.say(SPEAKER, QUESTION, 1_000)
    room.say(MIC, QUESTION, 1_300)
    assert [(line.stream, line.text) for line in newest_lines(room.store.state, 1_000)] == [(SPEAKER, QUESTION)]
    newest = newest_line(room.store.state)
    assert newest is not None and newest[0] == SPEAKER


def test_what_the_user_decided_is_not_judged_again(room: Room) -> None:
    mine = room.say(MIC, QUESTION, 1_300)
    room.mark(mine, echo=False)
    room.say(SPEAKER, QUESTION, 1_000)
    assert room.echoes() == []
    room.mark(mine, echo=True)
    assert room.echoes() == [1_300]


def test_the_user_may_flip_a_mark_and_a_line_that_is_not_there_is_passed_over(room: Room) -> None:
    room.say(SPEAKER, QUESTION, 1_000)
    room.mark(room.say(MIC, QUESTION, 1_300), echo=False)
    assert room.echoes() == []
    told = len(room.told)
    room.mark(LineKey(9, "nowhere"), echo=True)
    assert len(room.told) == told


def test_with_headphones_nothing_is_an_echo(room: Room) -> None:
    room.store.publish(c.HeadphonesChanged(True))
    room.say(SPEAKER, QUESTION, 1_000)
    room.say(MIC, QUESTION, 1_300)
    assert room.echoes() == []


def test_what_is_typed_is_the_users_own(room: Room) -> None:
    room.say(SPEAKER, QUESTION, 1_000)
    room.store.publish(c.TranscriptCommitted(MIC, LineKey(1, "t"), QUESTION, 1_300, 1_300, "typed"))
    assert room.echoes() == []


LINES = [
    (SPEAKER, QUESTION, 1_000),
    (MIC, QUESTION, 1_300),
    (MIC, REPLY, 4_500),
    (SPEAKER, "Thank you very much, that helps a lot.", 8_000),
    (MIC, "thank you very much that helps", 8_200),
    (MIC, QUESTION, 20_000),
]


@given(st.permutations(LINES))
def test_the_order_in_which_words_arrive_does_not_matter(lines: list[tuple[str, str, int]]) -> None:
    room = Room()
    for line in lines:
        room.say(*line)
    assert sorted(room.echoes()) == [1_300, 8_200]
