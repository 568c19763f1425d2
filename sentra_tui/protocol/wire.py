"""The words that one server takes, and those that it does not have."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from sentra_tui.domain.provider_config import Supports
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import codec
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.server_events import ServerEvent
from sentra_tui.protocol.vllm_words import BEGIN, vllm_event


class Wire(Struct, frozen=True):
    """Reads and writes the messages of one call."""

    dialect: Dialect = Dialect.GA
    supports: Supports = Supports()

    def encode(self, event: c.ClientEvent) -> str | None:
        """Return `event` as one message, None where the server has no word for it."""
        lacking = (
            (isinstance(event, c.ResponseCancel) and not self.supports.cancel)
            or (isinstance(event, c.ConversationItemTruncate) and not self.supports.truncate)
            or (isinstance(event, c.OutputAudioBufferClear) and not self.supports.output_clear)
        )
        if lacking or (self.dialect is Dialect.VLLM and vllm_event(msgspec.to_builtins(event)) is None):
            return None
        return codec.encode(event, self.dialect)

    def answer(self, event: ServerEvent) -> str | None:
        """Return the message that the server wants to hear behind this event, None where it wants none."""
        next_utterance = self.dialect is Dialect.VLLM and isinstance(event, s.InputAudioTranscriptionCompleted)
        return BEGIN if next_utterance else None

    def decode(self, message: str) -> ServerEvent:
        """Return the event in one message; whatever cannot be read is `Unknown`, never an error."""
        return codec.decode(message)
