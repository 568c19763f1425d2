from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.transcript import OPEN_PAGES, PAGE_LINES, Line, LineKey, Transcript


def key(item_id: str | int) -> LineKey:
    return LineKey(1, str(item_id))


def line(item_id: str | int, text: str = "", *, final: bool = False) -> Line:
    return Line(key(item_id), 0, text, final=final)


def filled(count: int) -> Transcript:
    transcript = Transcript()
    for number in range(count):
        transcript = transcript.update(line(number, f"line {number}", final=True))
    return transcript


def ids(transcript: Transcript) -> list[str]:
    return [each.key.item_id for each in transcript]


def test_lines_stand_in_the_order_in_which_they_came() -> None:
    transcript = Transcript().insert(line("a")).insert(line("b"))
    assert ids(transcript) == ["a", "b"]
    assert len(transcript) == 2


def test_a_line_can_come_behind_or_in_front_of_another() -> None:
    transcript = Transcript().insert(line("b")).insert(line("d"))
    transcript = transcript.insert(line("c"), after=key("b")).insert(line("a"), before=key("b"))
    assert ids(transcript) == ["a", "b", "c", "d"]


def test_a_line_behind_or_in_front_of_an_unknown_one_comes_last() -> None:
    transcript = Transcript().insert(line("a"))
    assert ids(transcript.insert(line("b"), after=key("?"), before=key("?"))) == ["a", "b"]


def test_a_line_that_is_there_already_stays_as_it_is() -> None:
    transcript = Transcript().update(line("a", "words")).insert(line("b"))
    assert transcript.insert(line("a"), after=key("b")) is transcript


def test_the_same_item_of_another_call_is_another_line() -> None:
    transcript = Transcript().insert(line("a")).insert(Line(LineKey(2, "a"), 0))
    assert len(transcript) == 2


def test_more_words_extend_a_line_and_open_one_that_is_unknown() -> None:
    transcript = Transcript().extend(key("a"), "so ", 5).extend(key("a"), "what", 6)
    assert transcript.find(key("a")) == Line(key("a"), 5, "so what")


def test_a_final_line_takes_no_more_words() -> None:
    transcript = Transcript().update(line("a", "done", final=True))
    assert transcript.extend(key("a"), " or not", 9) is transcript


def test_settling_keeps_the_words_that_came_and_fails_lines_without_any() -> None:
    transcript = Transcript().update(line("a", "half")).insert(line("b")).update(line("c", "whole", final=True))
    settled = transcript.settle()
    assert [(each.text, each.final, each.failed) for each in settled] == [
        ("half", True, False),
        ("", True, True),
        ("whole", True, False),
    ]


def test_a_step_copies_only_the_page_that_it_touches() -> None:
    before = filled(3 * PAGE_LINES)
    number = 2 * PAGE_LINES + 5
    after = before.update(line(number, "changed"))
    assert [a is b for a, b in zip(before.pages, after.pages, strict=True)] == [True, True, False]
    assert before.settle().pages[0] is before.pages[0]


def test_a_full_page_is_followed_by_a_new_one() -> None:
    assert [len(page) for page in filled(PAGE_LINES + 1).pages] == [PAGE_LINES, 1]


def test_a_line_behind_the_last_one_of_a_full_page_begins_a_new_page() -> None:
    transcript = filled(PAGE_LINES).insert(line("next"), after=key(PAGE_LINES - 1))
    assert [len(page) for page in transcript.pages] == [PAGE_LINES, 1]


def test_a_line_goes_onto_an_earlier_page_where_it_belongs_there() -> None:
    transcript = filled(PAGE_LINES + 1).insert(line("between"), after=key(10))
    assert ids(transcript)[10:13] == ["10", "between", "11"]
    assert len(transcript) == PAGE_LINES + 2


def test_a_line_that_many_others_have_passed_is_settled() -> None:
    transcript = filled((OPEN_PAGES + 1) * PAGE_LINES)
    assert transcript.find(key(0)) is None
    assert transcript.find(key(PAGE_LINES)) is not None


_ids = st.integers(0, 12)
_steps = st.one_of(
    st.tuples(st.just("insert"), _ids, st.none() | _ids, st.none() | _ids),
    st.tuples(st.just("update"), _ids, st.none(), st.none()),
    st.tuples(st.just("extend"), _ids, st.none(), st.none()),
)


@given(st.lists(_steps, max_size=60))
def test_every_line_stands_once_and_in_its_place(steps: list[tuple[str, int, int | None, int | None]]) -> None:
    transcript, expected = Transcript(), list[str]()
    for step, number, after, before in steps:
        name = str(number)
        if step == "insert":
            behind = None if after is None else key(after)
            transcript = transcript.insert(line(name), behind, None if before is None else key(before))
        elif step == "update":
            transcript = transcript.update(line(name, "x"))
        else:
            transcript = transcript.extend(key(name), "y", 0)
        if name not in expected:
            places = [expected.index(str(after)) + 1] if str(after) in expected else []
            places += [expected.index(str(before))] if str(before) in expected else []
            expected.insert(places[0] if places and step == "insert" else len(expected), name)
        assert ids(transcript) == expected


@pytest.mark.parametrize("count", [0, 1, PAGE_LINES, 2 * PAGE_LINES + 3])
def test_iterating_gives_every_line(count: int) -> None:
    assert ids(filled(count)) == [str(number) for number in range(count)]
