"""One HTTP/1.1 request, put together from what comes (RFC 9112), and none that could be read in two ways.

What a team's clients send is small and plain: a head and a body of at most 8 KiB each, a body of stated length. So
nothing else is a request here, and no general reader of HTTP stands between the socket and the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from sentra_tui.broker.refusal import Refusal

MAX_HEAD_BYTES = 8192
MAX_BODY_BYTES = 8192

_LINE = re.compile(rb"([A-Z]{1,16}) ([!-~]+) HTTP/(\d\.\d)")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_LENGTH = re.compile(rb"\d{1,18}")


class Head(Struct, frozen=True):
    """The head of a request, as it was sent."""

    method: str
    target: str
    version: str
    """Like `1.1`."""
    fields: dict[bytes, list[bytes]]
    """All values of each header, by its name in small letters."""

    def values(self, name: bytes) -> list[bytes]:
        """Return every value of a header."""
        return self.fields.get(name, [])


class RequestReader:
    """Reads one request. `check_head` may refuse it as soon as its head is here."""

    def __init__(self, check_head: Callable[[Head], None]) -> None:
        self._check_head = check_head
        self._buffer = bytearray()
        self._length = 0
        self.head: Head | None = None

    def feed(self, data: bytes | memoryview) -> bytes | None:
        """Take what came; return the body once it is whole, empty where there is none. Raises Refusal."""
        self._buffer += data
        if self.head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end > MAX_HEAD_BYTES or (end < 0 and len(self._buffer) > MAX_HEAD_BYTES):
                raise Refusal(431, "head_too_large", "The head of the request is larger than 8 KiB.")
            if not b"A" <= self._buffer[:1] <= b"Z":
                raise _unreadable()
            if end < 0:
                return None
            head = _read_head(bytes(self._buffer[:end]))
            self._check_head(head)
            self._length = _body_length(head)
            del self._buffer[: end + 4]
            self.head = head
        return bytes(self._buffer[: self._length]) if len(self._buffer) >= self._length else None


def _read_head(raw: bytes) -> Head:
    first, *lines = raw.split(b"\r\n")
    found = _LINE.fullmatch(first)
    fields: dict[bytes, list[bytes]] = {}
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field is None:
            raise _unreadable()
        fields.setdefault(field[1].lower(), []).append(field[2].rstrip(b" \t"))
    if found is None:
        raise _unreadable()
    return Head(found[1].decode(), found[2].decode(), found[3].decode(), fields)


def _body_length(head: Head) -> int:
    lengths = head.values(b"content-length")
    if head.values(b"transfer-encoding"):
        if lengths:
            raise _unreadable()
        raise Refusal(411, "length_wanted", "The length of the body is wanted.")
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise _unreadable()
    length = int(lengths[0])
    if length > MAX_BODY_BYTES:
        raise Refusal(413, "too_large", "The body is larger than 8 KiB.")
    return length


def _unreadable() -> Refusal:
    return Refusal(400, "bad_request", "This is not a request that can be read.")
