"""What a line looks like that did not come as it was said."""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain.transcript import Line, LineKey
from sentra_tui.ui.entries import line_entry

LATE = Line(LineKey(1, "recovered_90000"), 90_000, "it was the queue", final=True, end_ms=92_000, recovered=True)


def test_a_recovered_line_is_marked_in_one_cell() -> None:
    entry = line_entry(LATE)
    assert (entry.mark, entry.voice, entry.body) == ("↺", "words", "it was the queue")
    assert line_entry(replace(LATE, recovered=False)).mark == " "


def test_what_the_user_marked_stays_marked_when_it_is_recovered() -> None:
    assert line_entry(replace(LATE, noted=True)).mark == "✎"


def test_a_gap_is_a_line_across() -> None:
    gap = replace(LATE, kind="gap", text="4 s missing: more was said than is kept", recovered=False)
    entry = line_entry(gap)
    assert (entry.mark, entry.voice) == ("┄", "rule")
