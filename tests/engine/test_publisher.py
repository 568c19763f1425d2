"""What the engine says, and how often."""

from __future__ import annotations

import asyncio

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState, Lane, Severity
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.publisher import BACKLOG_MAX, FLUSH_S, Publisher

KEY = LineKey(1, "a")


class Reader:
    """The far end: keeps what was written."""

    def __init__(self) -> None:
        self.backlog = 0
        self.data = b""
        self.writes = 0

    def write(self, data: bytes) -> None:
        self.data += data
        self.writes += 1

    def changes(self) -> list[c.Change]:
        return [msgspec.json.decode(line, type=c.Change) for line in self.data.splitlines()]


def publisher(reader: Reader) -> Publisher:
    return Publisher(reader.write, lambda: reader.backlog)


async def test_the_first_word_goes_at_once_and_the_next_ones_come_together() -> None:
    reader = Reader()
    publish = publisher(reader)
    for moment, word in enumerate(["so ", "the ", "cache"]):
        publish(c.TranscriptExtended("mic", KEY, moment, word))
    assert reader.changes() == [c.TranscriptExtended("mic", KEY, 0, "so ")]
    await asyncio.sleep(FLUSH_S * 3)
    assert reader.changes()[1:] == [c.TranscriptExtended("mic", KEY, 2, "the cache")]


async def test_words_go_twenty_times_a_second_at_most() -> None:
    reader = Reader()
    publish = publisher(reader)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for moment in range(100):
        publish(c.TranscriptExtended("mic", KEY, moment, "x"))
        await asyncio.sleep(0.002)
    publish.flush()
    assert reader.writes <= (loop.time() - began_s) / FLUSH_S + 2
    assert "".join(each.delta for each in reader.changes() if isinstance(each, c.TranscriptExtended)) == "x" * 100


async def test_a_word_does_not_wait_for_the_levels_before_it() -> None:
    reader = Reader()
    publish = publisher(reader)
    publish(c.LevelMeasured("mic", 1, -40, -30))
    assert reader.changes() == []
    publish(c.TranscriptExtended("mic", KEY, 1, "so"))
    assert reader.changes() == [c.TranscriptExtended("mic", KEY, 1, "so"), c.LevelMeasured("mic", 1, -40, -30)]


async def test_a_final_line_goes_at_once_behind_its_words() -> None:
    reader = Reader()
    publish = publisher(reader)
    extended = c.TranscriptExtended("mic", KEY, 1, "so")
    committed = c.TranscriptCommitted("mic", KEY, "so it is", 0, 9)
    publish(extended)
    publish(committed)
    assert reader.changes() == [extended, committed]
    publish.flush()


async def test_a_level_overtakes_an_older_level() -> None:
    reader = Reader()
    publish = publisher(reader)
    publish(c.LevelMeasured("mic", 1, -40, -30))
    publish(c.LevelMeasured("speaker", 1, -50, -40))
    publish(c.LevelMeasured("mic", 2, -20, -10))
    publish.flush()
    assert reader.changes() == [c.LevelMeasured("mic", 2, -20, -10), c.LevelMeasured("speaker", 1, -50, -40)]


async def test_levels_wait_for_a_slow_reader_and_words_do_not() -> None:
    reader = Reader()
    publish = publisher(reader)
    reader.backlog = BACKLOG_MAX + 1
    publish(c.LevelMeasured("mic", 1, -40, -30))
    publish(c.TranscriptExtended("mic", KEY, 1, "so"))
    publish.flush()
    assert reader.changes() == [c.TranscriptExtended("mic", KEY, 1, "so")]
    reader.backlog = 0
    publish.flush()
    assert reader.changes()[1:] == [c.LevelMeasured("mic", 1, -40, -30)]


WORDS = st.one_of(
    st.builds(
        c.TranscriptExtended,
        st.sampled_from(["mic", "speaker"]),
        st.builds(LineKey, st.just(1), st.sampled_from("ab")),
        st.just(5),
        st.text("xyz ", min_size=1, max_size=4),
    ),
    st.builds(
        c.AnswerExtended,
        st.sampled_from(["r1", "r2"]),
        st.just(Lane.AUX),
        st.just(5),
        st.text("xyz ", min_size=1, max_size=4),
    ),
    st.builds(c.Noticed, st.sampled_from(Severity), st.text("xyz", max_size=4)),
)


@given(st.lists(WORDS, max_size=30))
def test_a_reader_ends_with_the_same_state(told: list[c.Change]) -> None:
    async def gather() -> list[c.Change]:
        reader = Reader()
        publish = publisher(reader)
        for change in told:
            publish(change)
        publish.flush()
        return reader.changes()

    def state(changes: list[c.Change]) -> AppState:
        start = reduce(reduce(AppState(), c.StreamAdded("mic")), c.StreamAdded("speaker"))
        for change in changes:
            start = reduce(start, change)
        return start

    assert state(asyncio.run(gather())) == state(told)
