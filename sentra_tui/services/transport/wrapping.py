"""Messages in envelopes, long ones in numbered pieces: how speaches keeps each under a kilobyte.

Source: https://github.com/speaches-ai/speaches, `src/speaches/routers/realtime_rtc.py`. The client's own messages go
without.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import msgspec

MAX_UNFINISHED_CHARS = 8_000_000
"""What may wait for its other pieces, all messages together; then the oldest message is given up."""

MAX_PIECES = 20_000
_OVERHEAD_CHARS = 200

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_PIECES)]


class _Whole(msgspec.Struct, frozen=True, tag="full_message", tag_field="type"):
    data: str


class _Piece(msgspec.Struct, frozen=True, tag="partial_message", tag_field="type"):
    id: str
    data: str
    fragment_index: Count
    total_fragments: Count


_ENVELOPE = msgspec.json.Decoder(_Whole | _Piece)


class Unwrapper:
    """Takes what arrives and gives the messages in it; knows no connection."""

    def __init__(self) -> None:
        self._unfinished: dict[str, dict[int, str]] = {}
        self._chars = 0

    def feed(self, message: str) -> str | None:
        """Return the message that this one completes, or None; what is no envelope is a message itself.

        Pieces come in any order, those of several messages mixed, some twice. What does not fit together is dropped.
        """
        try:
            envelope = _ENVELOPE.decode(message)
        except (msgspec.DecodeError, RecursionError):
            return message
        if isinstance(envelope, _Whole):
            return _decoded(envelope.data)
        return self._take(envelope)

    def _take(self, piece: _Piece) -> str | None:
        if piece.fragment_index >= piece.total_fragments:
            return None
        pieces = self._unfinished.setdefault(piece.id, {})
        if piece.fragment_index not in pieces:
            pieces[piece.fragment_index] = piece.data
            self._chars += _size(piece.data)
        if len(pieces) >= piece.total_fragments:
            self._forget(piece.id)
            return _decoded("".join(pieces[index] for index in sorted(pieces)))
        while self._chars > MAX_UNFINISHED_CHARS:
            self._forget(next(iter(self._unfinished)))
        return None

    def _forget(self, message_id: str) -> None:
        self._chars -= sum(map(_size, self._unfinished.pop(message_id).values()))


def _size(data: str) -> int:
    """Return what a piece counts for: an empty one takes room as well."""
    return len(data) + _OVERHEAD_CHARS


def _decoded(data: str) -> str | None:
    try:
        return base64.b64decode(data, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return None
