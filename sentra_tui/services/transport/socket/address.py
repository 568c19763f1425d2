"""Where a socket leads."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from sentra_tui.services.hosts import is_loopback


class SocketAddress(Struct, frozen=True):
    """The realtime endpoint of a provider."""

    url: str
    """wss://… with its query; ws://… to this machine only."""
    label: str = "The provider"
    """What messages call it, clean already."""

    @property
    def host(self) -> str:
        """The host's name."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_secure(self) -> bool:
        """Whether TLS protects what is said there."""
        return urlsplit(self.url).scheme == "wss"

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, where no proxy leads."""
        return is_loopback(self.host)
