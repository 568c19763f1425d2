"""What the dialler needs of the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from msgspec import Struct

from sentra_tui.domain.ports import Transport
from sentra_tui.domain.roads import Road, Stage
from sentra_tui.protocol.wire import Wire


class Dialled(Struct, frozen=True):
    """A call that stands."""

    transport: Transport
    session: dict[str, Any]
    """The session that the server agreed to, in GA form; parts that are not known are left out."""
    imposed: dict[str, Any] = {}
    """The parts of it that are not ours to choose."""
    wire: Wire = Wire()
    """The words that the server takes."""
    road: Road = Road.WEBRTC
    detour: str = ""
    """Why it does not go by a better road, a few words; empty where it does."""
    stood_ms: int | None = None
    """Since when it stands, where it then waited to be used, in milliseconds since the engine started."""
    expires_at: float | None = None
    """When the server ends the session, in seconds since 1970, where it said so before the call stood."""


Progress: TypeAlias = Callable[[Stage], None]
"""Is told how far a dial has come, in the loop that it runs in."""

Attempt: TypeAlias = Callable[[Road, dict[str, Any], Progress], Awaitable[Dialled]]
"""Makes one call by one road, with this session config; raises TransportError, and leaves nothing behind then."""
