from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.broker.reply_reader import MAX_REPLY_BYTES, BrokenReply, ReplyReader

BODIES = st.binary(max_size=300)
CUTS = st.lists(st.integers(0, 700), max_size=8)


def _fed(raw: bytes, cuts: list[int]) -> tuple[int, bytes] | None:
    """Feed `raw` in pieces, cut at these places; return the status and the body once they are whole."""
    edges = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    reader = ReplyReader()
    for begin, end in pairwise(edges):
        reply = reader.feed(raw[begin:end])
        if reply is not None:
            assert end == len(raw), "nothing of it was left"
            return reply.status, reply.body
    return None


@given(BODIES, CUTS, st.booleans())
def test_a_body_of_known_length_is_whole_however_it_comes(body: bytes, cuts: list[int], early: bool) -> None:
    first = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" if early else b""
    raw = first + b"HTTP/1.1 200 OK\r\ncontent-LENGTH: %d \r\nX: y\r\n\r\n" % len(body) + body
    assert _fed(raw, cuts) == (200, body)
    assert _fed(raw[:-1], cuts) is None


@given(st.lists(BODIES.filter(bool), max_size=4), CUTS, st.sampled_from([b"", b"Expires: 0\r\n"]))
def test_a_chunked_body_is_whole_however_it_comes(chunks: list[bytes], cuts: list[int], trailer: bytes) -> None:
    coded = b"".join(b"%X;x=y\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    raw = b"HTTP/1.1 429 \r\nTransfer-Encoding: Chunked\r\n\r\n" + coded + b"0\r\n" + trailer + b"\r\n"
    assert _fed(raw, cuts) == (429, b"".join(chunks))
    assert _fed(raw[:-1], cuts) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"<html>\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nX: y\r\n folded\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_REPLY_BYTES,
    ],
)
def test_what_is_no_plain_reply_is_none(raw: bytes) -> None:
    with pytest.raises(BrokenReply):
        ReplyReader().feed(raw)


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_break_it(raw: bytes) -> None:
    try:
        ReplyReader().feed(b"HTTP/1.1 200 OK\r\n" + raw)
    except BrokenReply:
        return


@pytest.mark.parametrize(
    ("end", "keeps_open"), [(b"\r\n", True), (b"Connection: close\r\n\r\n", False), (b"\r\nHTTP/1.1 200 OK", False)]
)
def test_a_connection_is_kept_unless_it_ends_or_says_more_than_was_asked(end: bytes, keeps_open: bool) -> None:
    reader = ReplyReader()
    assert reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + end) is not None
    assert reader.keeps_open is keeps_open
