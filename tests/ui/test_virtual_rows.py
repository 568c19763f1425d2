from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.domain.transcript import Line, LineKey, Transcript
from sentra_tui.ui.entries import Entry, line_entry
from sentra_tui.ui.virtual_rows import Place, VirtualRows
from sentra_tui.ui.wrapping import wrap

WIDTH = 9
TEXTS = st.sampled_from(["", "a", "word ", "two words ", "a longer piece of text ", "漢字漢字 ", "\n"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["extend", "insert", "commit", "fail"]), st.integers(0, 9), TEXTS), max_size=30
)


def rows() -> VirtualRows[Line]:
    model: VirtualRows[Line] = VirtualRows(line_entry, lambda line: line.key)
    model.wrap_to(WIDTH)
    return model


def key(number: int) -> LineKey:
    return LineKey(1, str(number))


def step(transcript: Transcript, kind: str, number: int, text: str) -> Transcript:
    if kind == "extend":
        return transcript.extend(key(number), text, 0)
    if kind == "insert":
        return transcript.insert(Line(key(number), 0, text), after=key(number // 2))
    return transcript.update(Line(key(number), 0, text, final=True, failed=kind == "fail"))


def picture(model: VirtualRows[Line], transcript: Transcript) -> list[tuple[object, ...]]:
    """All that decides how each row looks."""
    drawn: list[tuple[object, ...]] = []
    for row in range(model.height):
        place = model.locate(row)
        entry = line_entry(model.item(place))
        starts = [*model.rows(place), len(entry.body)]
        index = row - model.top(place)
        drawn.append((entry.body[starts[index] : starts[index + 1]], entry.voice, entry.mark, index == 0))
    return drawn


@settings(deadline=None)
@given(STEPS)
def test_rows_kept_up_to_date_equal_rows_made_anew(steps: list[tuple[str, int, str]]) -> None:
    model, transcript = rows(), Transcript()
    for kind, number, text in steps:
        before = picture(model, transcript)
        transcript = step(transcript, kind, number, text)
        first_changed = model.show(transcript.pages)
        after = picture(model, transcript)
        assert after[:first_changed] == before[:first_changed]
        expected = [wrap(line_entry(line).body, WIDTH) for line in transcript]
        assert model.height == sum(map(len, expected))
        assert model.count == len(transcript)


def test_a_delta_wraps_one_line_of_fifty_thousand() -> None:
    wrapped: list[str] = []

    def present(line: Line):  # type: ignore[no-untyped-def]
        wrapped.append(line.key.item_id)
        return line_entry(line)

    model: VirtualRows[Line] = VirtualRows(present, lambda line: line.key)
    model.wrap_to(40)
    pages = tuple(
        tuple(
            Line(key(number), 0, "words and words " * 5, final=True) for number in range(page * 256, page * 256 + 256)
        )
        for page in range(196)
    )
    transcript = Transcript(pages).extend(key(99_999), "now", 0)
    model.show(transcript.pages)
    assert model.count == 50_177
    wrapped.clear()
    longer = transcript.extend(key(99_999), " more", 0)
    assert model.show(longer.pages) == model.height - 1
    assert set(wrapped) == {"99999"}


def test_an_item_is_found_again_by_its_key_wherever_its_page_went() -> None:
    model, transcript = rows(), Transcript()
    for number in range(5):
        transcript = transcript.insert(Line(key(number), 0, "x"))
    model.show(transcript.pages)
    model.show(transcript.insert(Line(key(9), 0, "y"), after=key(0)).pages)
    assert model.find(key(3), Place(0, 3)) == Place(0, 4)
    assert model.find(key(77), Place(0, 3)) is None
    assert model.find(key(3), Place(7, 3)) == Place(0, 4)


def test_pages_that_fall_off_the_front_leave_the_others_as_they_are() -> None:
    wrapped: list[str] = []

    def present(line: Line) -> Entry:
        wrapped.append(line.key.item_id)
        return line_entry(line)

    pages = tuple(tuple(Line(key(10 * page + n), 0, "a longer piece of text") for n in range(10)) for page in range(4))
    model: VirtualRows[Line] = VirtualRows(present, lambda line: line.key)
    model.wrap_to(WIDTH)
    model.show(pages[:3])
    height = model.height // 3
    wrapped.clear()
    assert model.show(pages[1:]) == 0
    assert set(wrapped) == {str(number) for number in range(30, 40)}
    assert model.height == 3 * height
    assert model.item(model.locate(0)) is pages[1][0]
    assert model.find(key(25), Place(2, 5)) == Place(1, 5)
    assert model.find(key(5), Place(0, 5)) is None
