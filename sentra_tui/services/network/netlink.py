"""The network of a Linux machine, told by the kernel: a look at it whenever something moved (netlink(7))."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from sentra_tui.services.network import rtnetlink
from sentra_tui.services.network.rtnetlink import Address, Ended, Link, Message, Route
from sentra_tui.services.network.view import FAR, View, Way

BURST_S = 0.1
"""What moves together is looked at together."""

_ANSWER_S = 5.0
_READ_BYTES = 1 << 16
_READS = 64
"""So many datagrams are taken in one go; the rest waits for the loop's next turn."""


async def views(targets: Callable[[], Iterable[str]] = tuple) -> AsyncGenerator[View, None]:
    """Yield the network as it is, and again each time that it may have changed.

    `targets` gives addresses whose way counts, beside the default route. Raises OSError where there is no netlink.
    """
    events = open_events()
    thread = ThreadPoolExecutor(1, "network view")  # the kernel may keep a look waiting while others change the network
    try:
        loop = asyncio.get_running_loop()
        while True:
            yield await loop.run_in_executor(thread, look, (*FAR, *targets()))
            await _something_moved(events)
            await asyncio.sleep(BURST_S)
            _drain(events)
    finally:
        thread.shutdown(wait=False, cancel_futures=True)
        events.close()


def open_events() -> socket.socket:
    """Return a socket that is told what happens to the network of the thread's namespace; raises OSError."""
    events = _open()
    try:
        events.bind((0, rtnetlink.GROUPS))
        events.setblocking(False)
    except OSError:
        events.close()
        raise
    return events


def look(targets: Iterable[str]) -> View:
    """Return how packets to these addresses would leave, and which addresses this machine has; raises OSError.

    Nothing is sent: the kernel answers for itself.
    """
    with contextlib.closing(_open()) as asking:
        asking.settimeout(_ANSWER_S)
        links = {each.index: each for each in _ask(asking, rtnetlink.links_wanted(1), 1) if isinstance(each, Link)}
        addresses = [each for each in _ask(asking, rtnetlink.addresses_wanted(2), 2) if isinstance(each, Address)]
        ways = {
            target: _way(links, _ask(asking, rtnetlink.route_wanted(number, target), number))
            for number, target in enumerate(dict.fromkeys(targets), 3)
        }
    return View(ways, frozenset(each.text for each in addresses if each.index in links and links[each.index].up))


def _way(links: dict[int, Link], answer: list[Message]) -> Way | None:
    """Return the way that leads off this machine, if one does, and something is at its other end."""
    for route in answer:
        if isinstance(route, Route):
            link = links.get(route.index)
            if link is None or link.loopback or not link.up or not route.source:
                return None
            return Way(route.source, link.name, route.gateway)
    return None


def _ask(asking: socket.socket, request: bytes, number: int) -> list[Message]:
    """Return all of the answer to the request of this number; raises OSError."""
    asking.send(request)
    answer: list[Message] = []
    while True:
        for message in rtnetlink.read(asking.recv(_READ_BYTES)):
            if message == Ended(number):
                return answer
            answer.append(message)


async def _something_moved(events: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while not _drain(events):
        readable = asyncio.Event()
        loop.add_reader(events, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(events)


def _drain(events: socket.socket) -> bool:
    """Take what was told; return whether another look is due."""
    moved = False
    for _ in range(_READS):
        try:
            datagram = events.recv(_READ_BYTES)
        except BlockingIOError:
            return moved
        except OSError:  # more was told than the socket holds
            return True
        moved = any(map(rtnetlink.matters, rtnetlink.read(datagram))) or moved
    return moved


def _open() -> socket.socket:
    if sys.platform != "linux":
        raise OSError("This system has no netlink.")
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
