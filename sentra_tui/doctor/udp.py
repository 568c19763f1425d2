"""Whether UDP gets out: a STUN binding (RFC 8489), and the TURN servers of a profile."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence

from aioice import stun
from aiortc.rtcicetransport import parse_stun_turn_uri

from sentra_tui.doctor.check import Outcome, failed, ok, skipped
from sentra_tui.doctor.off_loop import off_loop
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import IceServer, ProviderProfile
from sentra_tui.domain.text import clean_line
from sentra_tui.services.keys import ice_credential
from sentra_tui.services.tls import load_tls_context
from sentra_tui.services.transport.ice import ResolvedIceServer
from sentra_tui.services.transport.turn import working_relay

DEADLINE_S = 5.0
_SEARCH_S = 4.0
_AGAIN_S = 0.5
_BLOCKED = "Allow UDP to it, or add a TURN server over TCP or TLS: [[providers.NAME.ice_servers]], docs/providers.md."
_UNPROVABLE = "Not provable without a call: the profile names no STUN server."
_TRY = "Run: sentra-tui --transport webrtc. It says so where UDP is blocked, and takes a WebSocket by itself."


async def stun_servers(profile: ProviderProfile, *, is_local: bool, search_s: float = _SEARCH_S) -> Outcome:
    """Return whether a STUN server of the profile answers over UDP, within `search_s`. Raises ConfigError."""
    if "webrtc" not in profile.transports or profile.transport not in ("auto", "webrtc"):
        return skipped("No call goes by UDP: the profile has no WebRTC.")
    if is_local:
        return skipped("Calls stay on this machine.")
    urls = [url for server in profile.ice_servers for url in server.urls if url.startswith("stun:")]
    if not urls:
        return skipped(_UNPROVABLE, _TRY)
    asking = [asyncio.ensure_future(_bound(url)) for url in urls]
    try:
        for each in asyncio.as_completed(asking, timeout=search_s):
            found = await each
            if found:
                return ok(found)
    except TimeoutError:
        return failed(f"No STUN server answered within {search_s:g} s: UDP is blocked, or they are down.", _BLOCKED)
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    return failed("No STUN server can be asked: their names do not resolve.", "Check ice_servers of the profile.")


async def turn_servers(profile: ProviderProfile, environ: Mapping[str, str]) -> Outcome:
    """Return whether a TURN server of the profile relays. Raises SentraError."""
    servers = [_resolved(server, environ) for server in profile.ice_servers if server.relays]
    if not servers:
        return skipped("The profile names no TURN server.")
    await _look_up(servers)
    tls = await load_tls_context(profile.ca_file)
    found = await working_relay(servers, tls, search_s=_SEARCH_S)
    return ok(f"{clean_line(found.urls[0], 100)} gives addresses")


def _resolved(server: IceServer, environ: Mapping[str, str]) -> ResolvedIceServer:
    return ResolvedIceServer(tuple(server.urls), server.username, ice_credential(server, environ))


async def _look_up(servers: Sequence[ResolvedIceServer]) -> None:
    """Look the names up on threads that nobody waits for, before a library does it on the loop's."""
    for server in servers:
        for url in server.urls:
            await _address(url)


async def _address(url: str) -> tuple[str, int] | None:
    """Return where a server's address leads, None where its name does not resolve; raises ConfigError."""
    try:
        parsed = parse_stun_turn_uri(url)
    except ValueError:
        raise ConfigError(f"{clean_line(url, 80)} is no address of an ICE server.", hint="Check ice_servers.") from None
    host, port = parsed["host"], parsed["port"]
    try:
        found = await off_loop(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM))
    except (OSError, UnicodeError):
        return None
    return str(found[0][4][0]), int(found[0][4][1])


async def _bound(url: str) -> str:
    """Return what a STUN server says of us; empty where it cannot be asked. Asks until it is cancelled."""
    place = await _address(url)
    if place is None:
        return ""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    transport, heard = await loop.create_datagram_endpoint(_Binding, remote_addr=place)
    try:
        while not heard.seen_as.done():
            transport.sendto(heard.request)
            await asyncio.wait([heard.seen_as], timeout=_AGAIN_S)
        host = heard.seen_as.result()
    finally:
        transport.close()
    took_ms = 1000 * (loop.time() - began_s)
    return f"{clean_line(url, 80)} answers over UDP ({took_ms:.0f} ms) and sees us as {clean_line(host, 45)}"


class _Binding(asyncio.DatagramProtocol):
    """Waits for the answer to one STUN binding request."""

    def __init__(self) -> None:
        message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        self.request = bytes(message)
        self.seen_as: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._transaction_id = message.transaction_id

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take the answer that has our number."""
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        mapped = message.attributes.get("XOR-MAPPED-ADDRESS")
        if message.transaction_id == self._transaction_id and mapped and not self.seen_as.done():
            self.seen_as.set_result(str(mapped[0]))
