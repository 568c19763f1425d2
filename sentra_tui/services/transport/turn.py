"""Which address of the TURN servers works (RFC 8656), found out by asking each for an allocation.

aiortc takes one address only, and says nothing when that refuses the credentials or is not there.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aioice.stun import TransactionFailed
from aioice.turn import TurnClientProtocol, TurnClientTcpProtocol, TurnClientUdpProtocol
from aiortc.rtcicetransport import parse_stun_turn_uri

from sentra_tui.domain.errors import TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.text import clean_line
from sentra_tui.services.transport.ice import ResolvedIceServer, address_refused

SEARCH_S = 4.5
"""How long all addresses together may take."""

_GRACE_S = 0.3
"""How long a better way may still take once a worse one works."""
_RELEASE_S = 0.2
"""How long the end of an allocation is waited for; the server ends by itself what it did not hear of."""
_LIFETIME_S = 600
_KINDS = {("turn", "udp"): "UDP", ("turn", "tcp"): "TCP", ("turns", "tcp"): "TLS"}
"""The ways to a TURN server that aiortc knows, best first."""
_BAD_CREDENTIALS = (401, 403, 441)


@dataclass(frozen=True)
class _Way:
    """One address of a server."""

    server: ResolvedIceServer
    url: str
    host: str
    port: int
    kind: str

    @property
    def shown(self) -> str:
        return f"{clean_line(self.host, 80)}:{self.port} ({self.kind})"


_Asking = dict[asyncio.Task[TurnClientProtocol], _Way]


async def working_relay(
    servers: Sequence[ResolvedIceServer], tls: ssl.SSLContext | None = None, *, search_s: float = SEARCH_S
) -> ResolvedIceServer:
    """Return the server that relays, with the one address to use: over UDP where that works, else TCP, else TLS.

    All are asked at once; `tls` says which authorities count, the system's by default. Raises TransportRefused where a
    server does not take the credentials, or no address can be used; TransportLost where none answers within `search_s`.
    """
    loop = asyncio.get_running_loop()
    ways = _ways(servers)
    context = tls or ssl.create_default_context() if any(way.kind == "TLS" for way in ways) else None
    asking = {loop.create_task(_allocate(way, context)): way for way in ways}
    try:
        best = await _best(asking, loop.time() + search_s)
        if best is None:
            raise _error(asking, search_s)
        return replace(best.server, urls=(best.url,))
    finally:
        await _release(asking)


def _ways(servers: Sequence[ResolvedIceServer]) -> list[_Way]:
    """Return the addresses that aiortc could use, best first."""
    ways = []
    for server in servers:
        for url in server.urls:
            try:
                parsed = parse_stun_turn_uri(url)
            except ValueError as error:
                raise address_refused(error) from None
            kind = _KINDS.get((parsed["scheme"], parsed.get("transport", "")))
            if kind is not None:
                ways.append(_Way(server, url, parsed["host"], parsed["port"], kind))
    if not ways:
        raise TransportRefused(
            "None of the TURN servers can be used.",
            hint="Write addresses like turn:host:3478?transport=udp or turns:host:5349.",
            reason=Reason.TURN_REFUSED,
        )
    return sorted(ways, key=lambda way: list(_KINDS.values()).index(way.kind))


async def _allocate(way: _Way, tls: ssl.SSLContext | None) -> TurnClientProtocol:
    """Ask for a relayed address; whoever gets it deletes it."""
    loop = asyncio.get_running_loop()
    secret = way.server.credential
    arguments = ((way.host, way.port), way.server.username, secret.reveal() if secret else "", _LIFETIME_S, _LIFETIME_S)
    transport: asyncio.BaseTransport
    protocol: TurnClientProtocol
    if way.kind == "UDP":
        transport, protocol = await loop.create_datagram_endpoint(
            lambda: TurnClientUdpProtocol(*arguments), remote_addr=(way.host, way.port)
        )
    else:
        transport, protocol = await loop.create_connection(
            lambda: TurnClientTcpProtocol(*arguments), way.host, way.port, ssl=tls if way.kind == "TLS" else None
        )
    try:
        await protocol.connect()
    except BaseException:
        transport.close()
        raise
    return protocol


async def _best(asking: _Asking, until_s: float) -> _Way | None:
    """Return the best way that works, once no better one is to be expected."""
    loop = asyncio.get_running_loop()
    found = False
    while True:
        refused = {id(way.server) for task, way in asking.items() if _refused(task)}
        better = []
        best = None
        for task, way in asking.items():
            if _worked(task):
                best = way
                break
            if not task.done() and id(way.server) not in refused:
                better.append(task)
        if best is not None and not found:
            found = True
            until_s = min(until_s, loop.time() + _GRACE_S)
        if not better or loop.time() >= until_s:
            return best
        await asyncio.wait(better, timeout=until_s - loop.time(), return_when=asyncio.FIRST_COMPLETED)


async def _release(asking: _Asking) -> None:
    """End what is still asked, and the allocations that were made."""
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    made = [task.result() for task in asking if _worked(task)]
    await asyncio.gather(*(_delete(protocol) for protocol in made))


async def _delete(protocol: TurnClientProtocol) -> None:
    try:
        async with asyncio.timeout(_RELEASE_S):
            await protocol.delete()
    except TimeoutError:
        return


def _worked(task: asyncio.Task[TurnClientProtocol]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _refused(task: asyncio.Task[TurnClientProtocol]) -> bool:
    """Whether the server did not take the credentials: then it will not over another way either."""
    failure = task.exception() if task.done() and not task.cancelled() else None
    return isinstance(failure, TransactionFailed) and failure.response.error_code in _BAD_CREDENTIALS


def _error(asking: _Asking, search_s: float) -> TransportError:
    """Return the most telling of the failures."""
    for task, way in asking.items():
        if _refused(task):
            return TransportRefused(
                f"The TURN server {way.shown} refused the credentials.",
                hint="Check username and credential_env of ice_servers.",
                reason=Reason.TURN_REFUSED,
            )
    for task, way in asking.items():
        told = _told(way.shown, task.exception() if task.done() else None)
        if told:
            return TransportLost(told[0], hint=told[1], reason=Reason.TURN_REFUSED)
    servers = ", ".join(way.shown for way in asking.values())
    return TransportLost(
        f"No TURN server answered within {search_s:g} s: {servers}.",
        hint="Check their addresses, and the network.",
        reason=Reason.TURN_REFUSED,
    )


def _told(server: str, failure: BaseException | None) -> tuple[str, str] | None:
    """Return what a failure tells of a server, and what helps; None where it tells nothing."""
    match failure:
        case TransactionFailed():
            return f"The TURN server {server} gave no address ({failure.response.error_code}).", "Try again later."
        case ssl.SSLCertVerificationError():
            trust = "A private authority goes into ca_file."
            return f"The certificate of the TURN server {server} is not trusted ({failure.verify_message}).", trust
        case socket.gaierror():
            return f"The name of the TURN server {server} cannot be resolved.", "Check its address, and the network."
    return None
