from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sentra_tui.domain.config import DeadlinesConfig
from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.ports import Credential, SdpAnswer
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import Secret
from sentra_tui.services.transport.ice import ResolvedIceServer
from sentra_tui.services.transport.turn import working_relay
from sentra_tui.services.transport.webrtc import WebRtcTransport
from tests.coturn import RELAY_PORTS, Coturn, running_coturn
from tests.netns import Namespace, network_namespace
from tests.ready import ready
from tests.services.transport.lab_peer import CREDENTIAL, LabPeer, loudest_hz

PATIENT = DeadlinesConfig(offer_s=20, media_s=20, channel_s=20)
HOST = "10.77.0.1"
RELAYED = f"{RELAY_PORTS[0]}-{RELAY_PORTS[1]}"


@pytest.fixture(scope="module")
def network() -> Iterator[Namespace]:
    with network_namespace() as namespace:
        namespace.add_address(HOST)
        yield namespace


@pytest.fixture(scope="module")
def coturn(network: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    with running_coturn(tmp_path_factory.mktemp("coturn"), network, HOST) as running:
        yield running


@pytest.fixture
def inside(network: Namespace) -> Iterator[Namespace]:
    with network.entered():
        yield network
    network.allow_udp()


def server(coturn: Coturn, *urls: str, password: str = "") -> ResolvedIceServer:
    return ResolvedIceServer(urls, coturn.username, Secret(password or coturn.password))


def trusting(coturn: Coturn) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(coturn.ca_file))


@contextmanager
def mute(kind: socket.SocketKind) -> Iterator[str]:
    """An address at which somebody listens and never says anything."""
    with socket.socket(socket.AF_INET, kind) as listening:
        listening.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            listening.listen()
        way = "tcp" if kind is socket.SOCK_STREAM else "udp"
        yield f"turn:127.0.0.1:{listening.getsockname()[1]}?transport={way}"


@pytest.mark.parametrize("way", ["udp", "tcp", "tls"])
async def test_a_call_goes_through_the_relay_where_no_other_udp_does(
    inside: Namespace, coturn: Coturn, way: str
) -> None:
    inside.block_udp(*(coturn.udp_ports if way == "udp" else [RELAYED]))
    peer = LabPeer(tone_hz=1_000)
    transport = WebRtcTransport(
        peer,
        deadlines=PATIENT,
        ice_servers=[server(coturn, getattr(coturn, way))],
        tls=trusting(coturn),
    )
    try:
        await transport.connect(ready(CREDENTIAL))
        assert transport.name == "turn"
        transport.send("hello")
        assert await anext(transport.messages()) == "hello"
        sound = b""
        async with asyncio.timeout(20):
            while len(sound) < 38_400:
                sound += transport.receive_audio() or b""
                await asyncio.sleep(0.02)
            while (answered_s := transport.answer_age_s()) is None or answered_s > 0.3:
                await asyncio.sleep(0.02)
        assert loudest_hz(sound[-19_200:]) == pytest.approx(1_000, abs=15)
    finally:
        await transport.close()
        await peer.close()


async def test_the_offer_names_the_relay_and_no_other_address(inside: Namespace, coturn: Coturn) -> None:
    class Reader(LabPeer):
        async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
            offers.append(sdp)
            raise TransportRefused("That is all.")

    offers: list[str] = []
    peer = Reader()
    transport = WebRtcTransport(peer, deadlines=PATIENT, ice_servers=[server(coturn, coturn.udp)])
    with pytest.raises(TransportRefused, match="That is all"):
        await transport.connect(ready(CREDENTIAL))
    candidates = [line for line in offers[0].splitlines() if line.startswith("a=candidate:")]
    assert candidates
    assert all("typ relay" in line for line in candidates)
    await peer.close()


async def test_without_the_relay_the_same_call_finds_no_path(inside: Namespace, coturn: Coturn) -> None:
    inside.block_udp(*coturn.udp_ports)
    peer = LabPeer()
    transport = WebRtcTransport(peer, deadlines=DeadlinesConfig(media_s=0.5))
    with pytest.raises(TransportLost) as caught:
        await transport.connect(ready(CREDENTIAL))
    assert caught.value.reason is Reason.UDP_BLOCKED
    assert transport.name == "webrtc"
    await peer.close()


@pytest.mark.parametrize(
    ("open_ports", "expected"),
    [(None, "udp"), ([RELAYED], "tcp")],
    ids=["udp works", "udp to the server is blocked"],
)
async def test_the_best_way_that_works_is_taken(
    inside: Namespace, coturn: Coturn, open_ports: list[str] | None, expected: str
) -> None:
    if open_ports is not None:
        inside.block_udp(*open_ports)
    asked = server(coturn, coturn.tls, coturn.tcp, coturn.udp)
    assert (await working_relay([asked], trusting(coturn))).urls == (getattr(coturn, expected),)


async def test_a_server_that_is_down_does_not_hide_one_that_works(inside: Namespace, coturn: Coturn) -> None:
    with mute(socket.SOCK_DGRAM) as silent:
        down = ResolvedIceServer(("turn:127.0.0.1:9?transport=tcp", silent), "me", Secret("pw"))
        assert (await working_relay([down, server(coturn, coturn.tcp)])).urls == (coturn.tcp,)


@pytest.mark.parametrize("way", ["udp", "tcp"])
async def test_a_wrong_password_is_said_and_the_server_named(inside: Namespace, coturn: Coturn, way: str) -> None:
    peer = LabPeer()
    wrong = server(coturn, getattr(coturn, way), password="something else")
    transport = WebRtcTransport(peer, deadlines=PATIENT, ice_servers=[wrong])
    with pytest.raises(TransportRefused, match="refused the credentials") as caught:
        await transport.connect(ready(CREDENTIAL))
    assert caught.value.reason is Reason.TURN_REFUSED
    assert f"{HOST}:{coturn.port} ({way.upper()})" in caught.value.message
    assert "something else" not in str(caught.value)
    await peer.close()


async def test_a_refused_password_does_not_wait_for_the_servers_other_addresses(
    inside: Namespace, coturn: Coturn
) -> None:
    inside.block_udp(RELAYED)
    wrong = server(coturn, coturn.udp, coturn.tcp, password="something else")
    began_s = time.monotonic()
    with pytest.raises(TransportRefused, match="refused the credentials"):
        await working_relay([wrong], search_s=60)
    assert time.monotonic() - began_s < 30


async def test_no_password_is_refused_too(inside: Namespace, coturn: Coturn) -> None:
    with pytest.raises(TransportRefused, match="refused the credentials"):
        await working_relay([ResolvedIceServer((coturn.udp,))])


async def test_a_certificate_that_is_not_trusted_is_said(inside: Namespace, coturn: Coturn) -> None:
    with pytest.raises(TransportLost, match="certificate") as caught:
        await working_relay([server(coturn, coturn.tls)])
    assert "ca_file" in caught.value.hint


async def test_servers_that_never_answer_are_given_up_in_time_and_named() -> None:
    with mute(socket.SOCK_DGRAM) as by_udp, mute(socket.SOCK_STREAM) as by_tcp:
        silent = ResolvedIceServer((by_udp, by_tcp), "me", Secret("pw"))
        with pytest.raises(TransportLost, match=r"No TURN server answered within 0\.3 s: 127.*UDP.*TCP") as caught:
            await working_relay([silent], search_s=0.3)
    assert caught.value.reason is Reason.TURN_REFUSED


async def test_a_search_that_is_given_up_leaves_nothing_behind(inside: Namespace, coturn: Coturn) -> None:
    with mute(socket.SOCK_DGRAM) as silent:
        waiting = ResolvedIceServer((silent,), "me", Secret("pw"))
        search = asyncio.create_task(working_relay([waiting, server(coturn, coturn.tcp)], search_s=20))
        await asyncio.sleep(0.05)
        search.cancel()
        with pytest.raises(asyncio.CancelledError):
            await search


@pytest.mark.parametrize(
    ("url", "words"),
    [("turn:", "cannot be used"), ("turns:host?transport=udp", "None of the TURN servers")],
)
async def test_an_address_that_cannot_be_used_is_refused(url: str, words: str) -> None:
    with pytest.raises(TransportRefused, match=words):
        await working_relay([ResolvedIceServer((url,), "me", Secret("pw"))])


async def test_a_name_that_does_not_exist_is_said(inside: Namespace) -> None:
    with pytest.raises(TransportLost, match="cannot be resolved"):
        await working_relay([ResolvedIceServer(("turn:relay.invalid",), "me", Secret("pw"))])
