"""The edge of a call, where messages get the form in which they travel: their dialect, and their wrapping.

Inside, a session reads and writes GA. Wrapped messages are those of a data channel whose server keeps every message
under a kilobyte: base64 in an envelope, long ones in numbered pieces; the client's own messages go as they are.
"""

from __future__ import annotations

import base64
import json

from sentra_tui.protocol.dialects import Dialect
from sentra_tui.provider.realtime.beta import said_in_beta, understood
from sentra_tui.provider.realtime.conversation import new_id

LONGEST_WHOLE_BYTES = 900
PIECE_CHARS = 800


class Edge:
    """Translates the messages of one call."""

    def __init__(self, dialect: Dialect = Dialect.GA, *, wrapped: bool = False) -> None:
        self._dialect = dialect
        self._wrapped = wrapped

    def read(self, message: str) -> str:
        """Return what a client's message says in GA; what cannot be read stays as it is."""
        if self._dialect is not Dialect.BETA:
            return message
        try:
            event = json.loads(message)
        except (ValueError, RecursionError):
            return message
        return json.dumps(understood(event)) if isinstance(event, dict) else message

    def write(self, message: str) -> list[str]:
        """Return a message of the session as it travels: in one piece, in several, or not at all."""
        if self._dialect is Dialect.BETA:
            event = said_in_beta(json.loads(message))
            if event is None:
                return []
            message = json.dumps(event, ensure_ascii=False)
        return self.wrap(message)

    def wrap(self, message: str) -> list[str]:
        """Return any message in the envelopes of the call."""
        if not self._wrapped:
            return [message]
        data = message.encode()
        encoded, message_id = base64.b64encode(data).decode(), new_id("event")
        if len(data) <= LONGEST_WHOLE_BYTES:
            return [json.dumps({"type": "full_message", "id": message_id, "data": encoded})]
        pieces = [encoded[start : start + PIECE_CHARS] for start in range(0, len(encoded), PIECE_CHARS)]
        return [
            json.dumps(
                {
                    "type": "partial_message",
                    "id": message_id,
                    "data": piece,
                    "fragment_index": index,
                    "total_fragments": len(pieces),
                }
            )
            for index, piece in enumerate(pieces)
        ]
