"""One HTTP/1.1 reply, put together from what comes (RFC 9112).

Strict, because it is read once by one client: a body has a length or is chunked, never both, and anything else is no
reply.
"""

from __future__ import annotations

import re

import httpx

from sentra_tui.services.openai.reply import Reply

MAX_REPLY_BYTES = 256 << 10

_STATUS = re.compile(rb"HTTP/1\.1 ([1-5]\d\d)(?: [^\r\n\0]*)?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_LENGTH = re.compile(rb"\d{1,7}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,6})[ \t]*(?:;[^\r\n\0]*)?")


class BrokenReply(Exception):
    """What came is no reply, or not a whole one."""


class ReplyReader:
    """Reads one reply. `keeps_open` says, once it is whole, whether another request may follow."""

    def __init__(self) -> None:
        self.keeps_open = False
        self._buffer = bytearray()
        self._status = 0
        self._fields: list[tuple[bytes, bytes]] = []
        self._length: int | None = None
        self._body = bytearray()

    @property
    def begun(self) -> bool:
        """Whether anything came."""
        return bool(self._status or self._buffer)

    def feed(self, data: bytes | memoryview) -> Reply | None:
        """Take what came; return the reply where it is whole now. Raises BrokenReply."""
        self._buffer += data
        if len(self._buffer) + len(self._body) > MAX_REPLY_BYTES:
            raise BrokenReply("it is too large")
        while self._status < 200:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._read_head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
        whole = self._read_chunks() if self._length is None else self._read_length(self._length)
        if not whole:
            return None
        ends = b"close" in [value.lower() for value in self._values(b"connection")]
        self.keeps_open = not self._buffer and not ends
        return Reply(self._status, httpx.Headers(self._fields), bytes(self._body))

    def _read_head(self, head: bytes) -> None:
        first, *lines = head.split(b"\r\n")
        status = _STATUS.fullmatch(first)
        fields = [_FIELD.fullmatch(line) for line in lines]
        if status is None or None in fields:
            raise BrokenReply("its head is no HTTP")
        self._status = int(status[1])
        self._fields = [(field[1].lower(), field[2].rstrip()) for field in fields if field]
        self._length = None if self._status < 200 else self._stated_length()

    def _values(self, wanted: bytes) -> list[bytes]:
        return [value for name, value in self._fields if name == wanted]

    def _stated_length(self) -> int | None:
        """Return the length of the body, None where it is chunked."""
        lengths, codings = self._values(b"content-length"), self._values(b"transfer-encoding")
        if not lengths and [coding.lower() for coding in codings] == [b"chunked"]:
            return None
        if codings or len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]):
            raise BrokenReply("its length is not known")
        return int(lengths[0])

    def _read_length(self, length: int) -> bool:
        if len(self._buffer) < length:
            return False
        self._body += self._buffer[:length]
        del self._buffer[:length]
        return True

    def _read_chunks(self) -> bool:
        while (end := self._buffer.find(b"\r\n")) >= 0:
            size_line = _CHUNK.fullmatch(bytes(self._buffer[:end]))
            if size_line is None:
                raise BrokenReply("a chunk has no size")
            size = int(size_line[1], 16)
            if size == 0:
                return self._read_trailer(end)
            if len(self._buffer) < end + 2 + size + 2:
                return False
            chunk_end = end + 2 + size
            if self._buffer[chunk_end : chunk_end + 2] != b"\r\n":
                raise BrokenReply("a chunk is longer than it says")
            self._body += self._buffer[end + 2 : chunk_end]
            del self._buffer[: chunk_end + 2]
        return False

    def _read_trailer(self, end: int) -> bool:
        if self._buffer[end + 2 : end + 4] == b"\r\n":
            del self._buffer[: end + 4]
            return True
        last = self._buffer.find(b"\r\n\r\n", end)
        if last < 0:
            return False
        del self._buffer[: last + 4]
        return True
