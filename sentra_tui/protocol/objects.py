"""What the events of a server are about: sessions, items, responses, errors.

Every field has a default, as in `server_events`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class SessionInfo(Struct, frozen=True):
    """A session, as the server has it."""

    id: str = ""
    type: str = ""
    model: str = ""
    expires_at: float | None = None
    """When the server ends it, in seconds since 1970; 0 or None where it does not say."""


class ContentPart(Struct, frozen=True):
    """Written words, or the transcript of spoken ones."""

    type: str = ""
    text: str = ""
    transcript: str = ""

    @property
    def words(self) -> str:
        """What it says."""
        return self.text or self.transcript


class Item(Struct, frozen=True):
    """One entry of the conversation."""

    id: str = ""
    type: str = ""
    role: str = ""
    status: str = ""
    content: tuple[ContentPart, ...] = ()


class ErrorDetails(Struct, frozen=True):
    """What went wrong; `event_id` names the client event that caused it, where one did."""

    type: str = ""
    code: str | int = ""
    message: str = ""
    event_id: str = ""
    param: str = ""

    @property
    def name(self) -> str:
        """The code; some servers write it into `type`."""
        return str(self.code or self.type)


class StatusDetails(Struct, frozen=True):
    """Why a response ended as it did."""

    type: str = ""
    reason: str = ""
    error: ErrorDetails | None = None


class Response(Struct, frozen=True):
    """One answer of the model."""

    id: str = ""
    status: str = ""
    status_details: StatusDetails | None = None
    output: tuple[Item, ...] = ()
    metadata: dict[str, str] | None = None
    """What the client wrote to it when it asked for it, where the server gives that back."""
    usage: Any = None
    """What it cost, as the server counts it: `sentra_tui.protocol.usage` reads it."""
