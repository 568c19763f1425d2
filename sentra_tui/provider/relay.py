"""A bad network in one process: a UDP relay between two WebRTC peers that loses, delays, reorders and duplicates.

It stands in for tc netem, which not every kernel has. The offer loses its candidates (`strip_candidates`), so that the
answering peer learns only the relay; the answer's candidates become ports of the relay (`UdpRelay.rewrite`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import cast

Address = tuple[str, int]

_CANDIDATE = "a=candidate:"
_CANDIDATES = re.compile(r"^a=(?:candidate:.*|end-of-candidates)\r?\n", re.MULTILINE)
_REORDER_HOLD_S = 0.03
"""How long a packet is held back so that later ones overtake it: more than one 20 ms frame."""


@dataclass
class Impairment:
    """What happens to the datagrams of one direction; may be changed while they flow.

    `loss`, `duplicate` and `reorder` are shares, 0 to 1. `jitter_s` spreads the delay evenly to both sides; order is
    kept except for the share that `reorder` names.
    """

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    reorder: float = 0.0
    duplicate: float = 0.0
    blackhole: bool = False
    relayed: int = 0
    dropped: int = 0
    _last_due_s: float = field(default=0.0, repr=False)

    def schedule(self, now_s: float, random: Random) -> list[float]:
        """Return when each copy of a datagram is due on the clock of `now_s`; empty when it is lost."""
        if self.blackhole or random.random() < self.loss:
            self.dropped += 1
            return []
        self.relayed += 1
        due_s = now_s + max(0.0, self.delay_s + random.uniform(-1, 1) * self.jitter_s)
        if random.random() < self.reorder:
            due_s += _REORDER_HOLD_S
        else:
            due_s = self._last_due_s = max(due_s, self._last_due_s)
        return [due_s, due_s] if random.random() < self.duplicate else [due_s]


class _Socket(asyncio.DatagramProtocol):
    """A UDP socket that hands on what it receives."""

    def __init__(self, on_datagram: Callable[[bytes, Address], None]) -> None:
        self._on_datagram = on_datagram
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._on_datagram(data, addr)

    def error_received(self, exc: Exception) -> None:
        """Ignore it: a peer that is gone is what the relay is there to show."""

    @property
    def address(self) -> Address:
        assert self._transport is not None
        return cast(Address, self._transport.get_extra_info("sockname"))

    def send(self, data: bytes, address: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@dataclass
class _Path:
    """One candidate of the answering peer and the two sockets in front of it."""

    target: Address
    near: _Socket
    far: _Socket
    client: Address | None = None


class UdpRelay:
    """Relays datagrams between the peer that offers and the peer that answers; `random` decides their fate.

    `up` is from the offering peer to the answering one. Close it before the loop ends.
    """

    def __init__(self, random: Random, host: str = "127.0.0.1") -> None:
        self._random = random
        self._host = host
        self._paths: dict[Address, _Path] = {}
        self._due: set[asyncio.TimerHandle] = set()
        self.up = Impairment()
        self.down = Impairment()

    async def rewrite(self, answer_sdp: str) -> str:
        """Return the answer with a relay port in place of each IPv4 UDP host candidate, and without the others."""
        lines = []
        for line in answer_sdp.splitlines():
            if line.startswith(_CANDIDATE):
                fields = line.removeprefix(_CANDIDATE).split()
                if fields[2].lower() != "udp" or ":" in fields[4] or fields[7] != "host":
                    continue
                fields[4:6] = map(str, await self._listen((fields[4], int(fields[5]))))
                line = _CANDIDATE + " ".join(fields)
            lines.append(line)
        return "\r\n".join([*lines, ""])

    async def rebind(self) -> None:
        """Come from other ports at the answering peer, as after a NAT forgot its mapping."""
        for path in self._paths.values():
            path.far.close()
            path.far = await self._open_far(path.target)

    def blackhole(self, on: bool) -> None:
        """Lose everything both ways, or stop doing so."""
        self.up.blackhole = self.down.blackhole = on

    async def close(self) -> None:
        """Stop relaying and let go of all sockets."""
        for handle in self._due:
            handle.cancel()
        self._due.clear()
        for path in self._paths.values():
            path.near.close()
            path.far.close()
        self._paths.clear()
        await asyncio.sleep(0)

    async def _listen(self, target: Address) -> Address:
        if target not in self._paths:
            near = await self._open(lambda data, client: self._from_client(target, data, client))
            self._paths[target] = _Path(target, near, await self._open_far(target))
        return self._paths[target].near.address

    async def _open_far(self, target: Address) -> _Socket:
        return await self._open(lambda data, _: self._from_target(target, data))

    async def _open(self, on_datagram: Callable[[bytes, Address], None]) -> _Socket:
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(lambda: _Socket(on_datagram), local_addr=(self._host, 0))
        return protocol

    def _from_client(self, target: Address, data: bytes, client: Address) -> None:
        path = self._paths[target]
        path.client = client
        self._relay(self.up, lambda: path.far.send(data, target))

    def _from_target(self, target: Address, data: bytes) -> None:
        path = self._paths[target]
        if path.client is not None:
            client = path.client
            self._relay(self.down, lambda: path.near.send(data, client))

    def _relay(self, impairment: Impairment, send: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        for due_s in impairment.schedule(now_s, self._random):
            if due_s <= now_s:
                send()
            else:
                self._send_at(loop, due_s, send)

    def _send_at(self, loop: asyncio.AbstractEventLoop, due_s: float, send: Callable[[], None]) -> None:
        def arrive() -> None:
            self._due.discard(handle)
            send()

        handle = loop.call_at(due_s, arrive)
        self._due.add(handle)


def strip_candidates(offer_sdp: str) -> str:
    """Return the offer without candidates, and without the line that says there are no more to come.

    An offer with that line alone would make an aiortc peer gather nothing.
    """
    return _CANDIDATES.sub("", offer_sdp)
