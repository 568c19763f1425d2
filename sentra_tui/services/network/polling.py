"""The network of a machine that does not tell: which address packets would come from, looked up now and then."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from ipaddress import ip_address

from sentra_tui.services.network.view import FAR, View, Way

INTERVAL_S = 2.0

_PORT = 443


async def views(
    targets: Callable[[], Iterable[str]] = tuple, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> AsyncGenerator[View, None]:
    """Yield the network as it is, every two seconds; `targets` gives addresses whose way counts, too."""
    sources: set[str] = set()
    while True:
        view = look((*FAR, *targets()), sources)
        sources = {way.source for way in view.ways.values() if way is not None}
        yield view
        await sleep(INTERVAL_S)


def look(targets: Iterable[str], known: Iterable[str] = ()) -> View:
    """Return from which address packets to these would come, and which of the `known` addresses are still ours.

    A UDP socket is connected and closed: nothing is sent.
    """
    ways = {target: _way(target) for target in targets}
    return View(ways, frozenset(filter(_is_ours, known)))


def _way(target: str) -> Way | None:
    try:
        with _udp(target) as probe:
            probe.connect((target, _PORT))
            source: str = probe.getsockname()[0]
    except OSError:
        return None
    address = ip_address(source)
    return None if address.is_loopback or address.is_unspecified else Way(source)


def _is_ours(address: str) -> bool:
    try:
        with _udp(address) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _udp(address: str) -> socket.socket:
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    return socket.socket(family, socket.SOCK_DGRAM)
