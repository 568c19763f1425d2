"""The words of the wire in both directions: see `client_events` and `server_events`."""

from __future__ import annotations

from sentra_tui.protocol.client_events import ClientEvent
from sentra_tui.protocol.server_events import ServerEvent, Unknown

__all__ = ["ClientEvent", "ServerEvent", "Unknown"]
