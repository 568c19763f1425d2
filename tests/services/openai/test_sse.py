import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import TransportRefused
from sentra_tui.services.openai.sse import ServerSentEvent, SseParser

LINES = st.lists(
    st.sampled_from(
        ["", "", "data", "data:", "data: one", "data:two", "data:  three", "event: told", "event", "id: 7", "id: \0",
         ": a comment", ":", "retry: 3", "nothing: known", "dätä: é", "data: 日本\u2028語", "data: a:b", " data: no"]
    )
)  # fmt: skip
ENDS = st.sampled_from(["\n", "\r", "\r\n"])


def parsed(data: bytes, cuts: list[int] | None = None) -> list[ServerSentEvent]:
    parser = SseParser()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts or []), len(data)]
    return [event for a, b in itertools.pairwise(edges) for event in parser.feed(data[a:b])]


def expected(text: str) -> list[ServerSentEvent]:
    """Read a whole stream as the standard says it, without regard for speed."""
    events: list[ServerSentEvent] = []
    data, kind, newest = "", "", ""
    *lines, _ = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
    for line in lines:
        if not line:
            if data:
                events.append(ServerSentEvent(data[:-1], kind, newest))
            data, kind = "", ""
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data += value + "\n"
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            newest = value
    return events


@given(LINES, st.lists(ENDS, min_size=1), st.lists(st.integers(0, 2000)), st.booleans())
def test_a_stream_is_read_as_the_standard_says_however_it_is_cut(
    lines: list[str], ends: list[str], cuts: list[int], marked: bool
) -> None:
    text = "".join(line + ends[index % len(ends)] for index, line in enumerate(lines))
    text = "\ufeff" + text if marked else text
    assert parsed(text.encode(), cuts) == expected(text)


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_no_bytes_are_too_odd_and_no_cut_matters(data: bytes, cuts: list[int]) -> None:
    assert parsed(data, cuts) == parsed(data)


def test_an_event_that_the_end_cuts_off_is_none() -> None:
    assert parsed(b"data: whole\n\ndata: half\n") == [ServerSentEvent("whole")]


@pytest.mark.parametrize(
    "piece", [b"data: " + b"x" * 60, b"data: " + b"x" * 20 + b"\n", b"data:\n" * 20, b":" + b"c" * 60]
)
def test_what_grows_without_an_end_is_refused(piece: bytes) -> None:
    parser = SseParser(max_event_bytes=100)
    with pytest.raises(TransportRefused, match="too large"):
        for _ in range(6):
            parser.feed(piece)


def test_endless_comments_and_many_events_take_no_memory() -> None:
    parser = SseParser(max_event_bytes=100)
    events = [event for _ in range(1000) for event in parser.feed(b": keep-alive\ndata: x\n\n")]
    assert len(events) == 1000
