"""Lines that are written down late stand where they were said, once."""

from __future__ import annotations

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState
from sentra_tui.domain.transcript import PAGE_LINES, Line, LineKey, Transcript

NAME = "mic"


def shown(*changes: c.Change) -> list[tuple[str, bool]]:
    """Return the lines after these changes, and whether each is recovered."""
    state = AppState()
    for change in (c.StreamAdded(NAME), *changes):
        state = reduce(state, change)
    stream = state.stream(NAME)
    assert stream is not None
    return [(line.text, line.recovered) for line in stream.transcript]


def said(item_id: str, start_ms: int, *, recovered: bool = False, session: int = 1) -> c.TranscriptCommitted:
    return c.TranscriptCommitted(
        NAME, LineKey(session, item_id), item_id, start_ms, start_ms + 900, recovered=recovered
    )


def test_a_recovered_line_stands_where_it_was_said() -> None:
    lines: list[c.Change] = [
        said("a", 1_000),
        said("c", 5_000),
        said("b", 3_000, recovered=True),
        said("0", 10, recovered=True),
    ]
    assert shown(*lines) == [("0", True), ("a", False), ("b", True), ("c", False)]


def test_recovered_words_take_the_place_of_what_an_engine_that_died_had_begun_to_show() -> None:
    opened: list[c.Change] = [
        c.LineOpened(NAME, LineKey(1, "i1"), 4_700),
        c.TranscriptExtended(NAME, LineKey(1, "i1"), 5_000, "wor"),
    ]
    unheard = c.LineOpened(NAME, LineKey(1, "i2"), 6_000)
    changes: list[c.Change] = [said("a", 1_000), *opened, unheard, c.EngineLost("killed"), said("b", 8_000, session=2)]
    assert shown(*changes) == [("a", False), ("wor", False), ("", False), ("b", False)]
    words = c.TranscriptCommitted(NAME, LineKey(0, "r"), "words of both", 5_000, 7_000, recovered=True)
    assert shown(*changes, words) == [("a", False), ("words of both", True), ("b", False)]


def test_a_recovered_line_takes_the_place_of_those_it_replaces_and_keeps_their_mark() -> None:
    state = AppState()
    whole = c.TranscriptCommitted(
        NAME, LineKey(1, "b"), "all of it", 2_000, 4_000, recovered=True, replaces=(LineKey(1, "c"),)
    )
    mark = c.LineNoted(NAME, LineKey(1, "c"), 9)
    for change in (c.StreamAdded(NAME), said("a", 1_000), said("b", 2_000), said("c", 3_000), mark, whole):
        state = reduce(state, change)
    stream = state.stream(NAME)
    assert stream is not None
    assert [(line.text, line.noted) for line in stream.transcript] == [("a", False), ("all of it", True)]


def test_a_recovered_line_leaves_lines_that_are_finished_or_elsewhere() -> None:
    failed: list[c.Change] = [
        c.LineOpened(NAME, LineKey(1, "i1"), 9_000),
        c.TranscriptFailed(NAME, LineKey(1, "i1"), 9_500, "no"),
    ]
    open_line = c.LineOpened(NAME, LineKey(1, "i2"), 3_200)
    changes: list[c.Change] = [said("a", 2_900), open_line, *failed, said("b", 3_000, recovered=True)]
    assert shown(*changes) == [("a", False), ("b", True), ("", False), ("", False)]


def test_a_recovered_line_finds_its_place_across_pages() -> None:
    transcript = Transcript()
    for number in range(2 * PAGE_LINES):
        transcript = transcript.commit(Line(LineKey(1, str(number)), number * 1_000, "x", final=True, end_ms=number))
    late = Line(LineKey(1, "late"), PAGE_LINES * 1_000 - 500, "y", final=True, end_ms=PAGE_LINES * 1_000)
    starts = [line.start_ms for line in transcript.slot_in(late)]
    assert starts == sorted(starts)
    assert len(starts) == 2 * PAGE_LINES + 1
