from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.broker.refusal import Refusal
from sentra_tui.broker.request_reader import MAX_BODY_BYTES, Head, RequestReader

CUTS = st.lists(st.integers(0, 600), max_size=8)


def reader(heads: list[Head] | None = None) -> RequestReader:
    return RequestReader((heads if heads is not None else []).append)


@given(st.binary(max_size=300), CUTS)
def test_a_request_is_whole_however_it_comes(body: bytes, cuts: list[int]) -> None:
    raw = b"POST /x?y=%%20 HTTP/1.1\r\nhOST: a:1\r\nX:\t y \t\r\nX: z\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    edges = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    heads: list[Head] = []
    reading = reader(heads)
    *before, last = [reading.feed(raw[begin:end]) for begin, end in pairwise(edges)]
    assert last == body
    assert not any(each is not None for each in before)
    (head,) = heads
    assert (head.method, head.target, head.version) == ("POST", "/x?y=%20", "1.1")
    assert (head.values(b"host"), head.values(b"x")) == ([b"a:1"], [b"y", b"z"])


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"get / HTTP/1.1\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1 \r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
        (b"\r\nGET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: a\rHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: a\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: \0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413),
        (b"GET / HTTP/1.1\r\nContent-Length: %s\r\n\r\n" % (b"9" * 18), 413),
        (b"G" * 9000, 431),
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(raw: bytes, status: int) -> None:
    with pytest.raises(Refusal) as refusal:
        reader().feed(raw)
    assert refusal.value.status == status


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_do_more_than_be_refused(raw: bytes, begun: bool) -> None:
    try:
        reader().feed((b"GET / HTTP/1.1\r\nHost: a\r\n" if begun else b"") + raw)
    except Refusal as refusal:
        assert 400 <= refusal.status < 500
