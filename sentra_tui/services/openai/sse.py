"""Server-sent events, out of bytes however they were cut.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import re

from msgspec import Struct

from sentra_tui.domain.errors import TransportRefused

MAX_EVENT_BYTES = 4 << 20
"""The last event of a response repeats all of it."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


class ServerSentEvent(Struct, frozen=True):
    """One event; `event` is empty where the server did not name its type."""

    data: str
    event: str = ""
    id: str = ""
    """The newest id that the stream gave."""


class SseParser:
    """Feed it what comes; it returns the events that are complete by then.

    An event that the stream's end cuts off is none. What is not UTF-8 is replaced.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._line = bytearray()
        self._skip_line_feed = False
        self._first_line = True
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._event = ""
        self._id = ""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """Return the events that `data` completes; raises TransportRefused for a line or an event that is too large."""
        if not data:
            return []
        if self._skip_line_feed and data[:1] == b"\n":
            data = data[1:]
        self._skip_line_feed = data[-1:] == b"\r"
        *ends, rest = _LINE_END.split(data)
        events = [event for end in ends if (event := self._line_ended(end)) is not None]
        self._extend_line(rest)
        return events

    def _extend_line(self, piece: bytes) -> None:
        self._line += piece
        if len(self._line) + self._data_bytes > self._max_event_bytes:
            raise TransportRefused("The stream sends events that are too large.", hint="Check base_url.")

    def _line_ended(self, end: bytes) -> ServerSentEvent | None:
        self._extend_line(end)
        line = bytes(self._line)
        self._line.clear()
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatched()
        name, _, value = line.partition(b":")
        self._field(name, value.removeprefix(b" "))
        return None

    def _field(self, name: bytes, value: bytes) -> None:
        """Take one field; a comment is one without a name."""
        if name == b"data":
            self._data.append(value)
            self._data_bytes += len(value) + 1
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")

    def _dispatched(self) -> ServerSentEvent | None:
        lines, event = self._data, self._event
        self._data, self._data_bytes, self._event = [], 0, ""
        if not lines:
            return None
        return ServerSentEvent(b"\n".join(lines).decode("utf-8", "replace"), event, self._id)
