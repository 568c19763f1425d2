"""The network as calls would use it at one moment, and what it means that the next moment differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Network, ip_address

from sentra_tui.domain.changes.network import NetworkStep

FAR = ("203.0.113.1", "2001:db8::1")
"""Addresses that nobody has (RFC 5737, RFC 3849): what leads there is the default route. Nothing is sent to them."""

Happened = tuple[NetworkStep, str]
"""What happened, and a few words about it, without addresses: they end in logs."""

_SAME_LINK = 64
"""Addresses of one IPv6 link have so many bits in common (RFC 4291, 2.5.4)."""


@dataclass(frozen=True)
class Way:
    """How packets to one address leave this machine."""

    source: str
    """The address that they come from."""
    link: str = ""
    """The name of the interface, where that is known."""
    gateway: str = ""
    """The next router's address; none on a link that leads there by itself."""


@dataclass(frozen=True)
class View:
    """One look at the network."""

    ways: Mapping[str, Way | None] = field(default_factory=dict)
    """For each address that was asked about the way there, None where there is none."""
    addresses: frozenset[str] = frozenset()
    """This machine's own addresses, as far as they are known."""

    @property
    def leads_out(self) -> bool:
        """Whether there is any way out of this machine."""
        return any(self.ways.values())


def what_happened(before: View, after: View) -> Happened | None:
    """Return what calls should know of, None where nothing matters to them.

    A machine that had no way out cannot lose it: its calls go to itself. IPv6 addresses that take turns (RFC 8981) are
    no change while the old one is still there, since calls keep theirs.
    """
    if before.leads_out and not after.leads_out:
        return "down", "no way out"
    if after.leads_out and not before.leads_out:
        return "up", _by(after)
    for target in before.ways.keys() & after.ways.keys():
        old, new = before.ways[target], after.ways[target]
        if old != new and not _goes_on(old, new, after):
            return "changed", _difference(old, new)
    return None


def _goes_on(old: Way | None, new: Way | None, after: View) -> bool:
    """Return whether calls that went the old way go on, and new ones would, too."""
    if old is None or new is None or (old.link, old.gateway) != (new.link, new.gateway):
        return False
    return old.source in after.addresses and _neighbours(old.source, new.source)


def _neighbours(one: str, other: str) -> bool:
    address = ip_address(one)
    return address.version == 6 and ip_address(other) in IPv6Network((int(address), _SAME_LINK), strict=False)


def _difference(old: Way | None, new: Way | None) -> str:
    if old is None or new is None:
        return "another kind of address" if old is None else "a kind of address is gone"
    if old.link != new.link:
        return f"{old.link} → {new.link}"
    place = f" on {new.link}" if new.link else ""
    return f"another router{place}" if old.gateway != new.gateway else f"another address{place}"


def _by(view: View) -> str:
    links = sorted({way.link for way in view.ways.values() if way is not None and way.link})
    return f"by {', '.join(links)}" if links else "a way out"
