from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from sentra_tui.domain.config import DeadlinesConfig
from sentra_tui.domain.errors import CredentialRefused, ProtocolError, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.ports import Credential, IceCandidate, SdpAnswer, Transport
from sentra_tui.domain.roads import Reason, Stage
from sentra_tui.domain.secret import Secret
from sentra_tui.provider.realtime.spoilt_answer import spoilt_answer
from sentra_tui.provider.relay import UdpRelay, strip_candidates
from sentra_tui.services.transport import webrtc
from sentra_tui.services.transport.channel import MAX_MESSAGE_BYTES
from sentra_tui.services.transport.ice import ResolvedIceServer
from sentra_tui.services.transport.webrtc import WebRtcTransport
from tests.ready import ready
from tests.services.transport.lab_peer import CALL_ID, CREDENTIAL, LabPeer, loudest_hz, openai_shaped, tone

PATIENT = DeadlinesConfig(offer_s=20, media_s=20, channel_s=20)
SHORT = DeadlinesConfig(offer_s=0.3, media_s=0.3, channel_s=0.3)

Call = tuple[WebRtcTransport, LabPeer]


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    peer = LabPeer(tone_hz=1_000)
    transport = WebRtcTransport(peer, deadlines=PATIENT)
    await transport.connect(ready(CREDENTIAL))
    yield transport, peer
    await transport.close()
    await peer.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def next_message(transport: WebRtcTransport) -> str:
    async with asyncio.timeout(20):
        return await anext(transport.messages())


async def loss_of(transport: WebRtcTransport) -> TransportLost:
    """Wait until the call breaks and return why."""
    with pytest.raises(TransportLost) as caught:
        async with asyncio.timeout(20):
            async for _ in transport.messages():
                pass
    return caught.value


async def hear(transport: WebRtcTransport, frames: int) -> bytes:
    sound = b""
    async with asyncio.timeout(20):
        while len(sound) < frames * 1920:
            sound += transport.receive_audio() or b""
            await asyncio.sleep(0.02)
    return sound


def test_it_is_a_transport() -> None:
    def as_port(transport: WebRtcTransport) -> Transport:
        return transport

    assert callable(as_port)


async def test_sound_arrives_both_ways(call: Call) -> None:
    transport, peer = call
    heard = b""
    for index in range(60):
        transport.send_audio(tone(440, index))
        heard += transport.receive_audio() or b""
        await asyncio.sleep(0.02)
    await until(lambda: peer.packets >= 40)
    heard += await hear(transport, 20)
    assert loudest_hz(peer.heard[-19_200:]) == pytest.approx(440, abs=15)
    assert loudest_hz(heard[-19_200:]) == pytest.approx(1_000, abs=15)


async def test_flushed_sound_is_not_heard_and_what_is_sent_next_is(call: Call) -> None:
    transport, peer = call
    await hear(transport, 10)
    peer.tone_hz = 2_000
    await until(lambda: transport.playout_counters.received >= 60)
    transport.flush_audio()
    assert transport.receive_audio() is None
    assert loudest_hz((await hear(transport, 20))[-19_200:]) == pytest.approx(2_000, abs=15)
    assert transport.server_truncates


async def test_messages_arrive_both_ways_in_order(call: Call) -> None:
    transport, peer = call
    sent = [f'{{"type":"ping","n":{n},"text":"žluťoučký"}}' for n in range(50)]
    for message in sent:
        transport.send(message)
    assert [await next_message(transport) for _ in sent] == sent
    assert peer.messages == sent


async def test_many_large_messages_wait_in_the_outbox_and_all_arrive(call: Call) -> None:
    transport, peer = call
    sent = [str(n) + "x" * 150_000 for n in range(4)]
    for message in sent:
        transport.send(message)
    await until(lambda: len(peer.messages) == len(sent))
    assert peer.messages == sent


@pytest.mark.row(22)
async def test_a_message_that_is_too_large_is_refused_and_the_call_goes_on(call: Call) -> None:
    transport, _ = call
    with pytest.raises(TransportRefused, match="too large"):
        transport.send("x" * (MAX_MESSAGE_BYTES + 1))
    transport.send("still here")
    assert await next_message(transport) == "still here"


async def test_a_peer_that_takes_no_messages_ends_the_call(call: Call) -> None:
    transport, _ = call
    with pytest.raises(TransportLost, match="stopped taking"):
        for _ in range(200):
            transport.send("x" * MAX_MESSAGE_BYTES)
    assert "stopped taking" in str(await loss_of(transport))


@pytest.mark.row(22)
async def test_more_messages_than_are_read_end_the_call(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    transport, peer = call
    monkeypatch.setattr("sentra_tui.services.transport.channel.MAX_INBOX_MESSAGES", 20)
    for _ in range(30):
        peer.say("{}")
    with pytest.raises(TransportLost, match="more messages"):
        async with asyncio.timeout(20):
            while True:
                transport.send("{}")
                await asyncio.sleep(0.01)
    assert "more messages" in str(await loss_of(transport))


async def test_binary_messages_are_read_as_text(call: Call) -> None:
    transport, peer = call
    transport.send("hello")
    await next_message(transport)
    peer.say(b'{"type":"x"}')
    peer.say(b"\xff\x00broken")
    peer.say("")
    assert [await next_message(transport) for _ in range(3)] == ['{"type":"x"}', "\ufffd\x00broken", ""]


async def test_wrapped_messages_are_read_and_ours_go_without() -> None:
    peer = LabPeer()
    transport = WebRtcTransport(peer, deadlines=PATIENT, wrapped_messages=True)
    await transport.connect(ready(CREDENTIAL))
    transport.send("plain")
    assert await next_message(transport) == "plain"
    peer.say('{"type":"partial_message","id":"e","data":"aGVs","fragment_index":0,"total_fragments":2}')
    peer.say('{"type":"partial_message","id":"e","data":"bG8=","fragment_index":1,"total_fragments":2}')
    assert await next_message(transport) == "hello"
    assert peer.messages == ["plain"]
    await transport.close()
    await peer.close()


async def test_an_answer_shaped_like_openais_connects() -> None:
    async def reshape(sdp: str) -> str:
        return openai_shaped(sdp)

    peer = LabPeer(tone_hz=700, reshape=reshape)
    transport = WebRtcTransport(peer, deadlines=PATIENT)
    try:
        await transport.connect(ready(CREDENTIAL))
        transport.send("hello")
        assert await next_message(transport) == "hello"
        assert loudest_hz((await hear(transport, 25))[-19_200:]) == pytest.approx(700, abs=15)
    finally:
        await transport.close()
        await peer.close()


async def test_closing_hangs_up_once_by_the_id_of_the_call(call: Call) -> None:
    transport, peer = call
    await transport.close()
    await transport.close()
    assert peer.hung_up == [CALL_ID]
    with pytest.raises(TransportLost, match="closed"):
        transport.send("too late")
    assert "closed" in str(await loss_of(transport))
    transport.send_audio(tone(440, 0))


async def test_a_transport_dials_once(call: Call) -> None:
    transport, _ = call
    with pytest.raises(ProtocolError):
        await transport.connect(ready(CREDENTIAL))


async def test_quality_is_known_after_the_first_reports(call: Call) -> None:
    transport, _ = call
    assert (await transport.quality()).playout_ms is not None
    async with asyncio.timeout(20):
        while (quality := await transport.quality()).round_trip_ms is None or quality.loss_down is None:
            transport.send_audio(tone(440, 0))
            transport.receive_audio()
            await asyncio.sleep(0.02)
    assert quality.loss_down < 0.5
    assert quality.jitter_ms is not None
    assert transport.contact_age_s() < 2
    assert transport.playout_counters.received > 0


async def test_a_peer_that_closes_ends_the_call(call: Call) -> None:
    transport, peer = call
    await peer.close()
    assert "closed" in str(await loss_of(transport))
    with pytest.raises(TransportLost):
        transport.send("anyone?")


class Relayed(LabPeer):
    """A peer that is reached through a relay only."""

    def __init__(self, relay: UdpRelay) -> None:
        super().__init__(tone_hz=1_000, reshape=relay.rewrite)

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        return await super().offer(strip_candidates(sdp), credential)


@pytest.fixture
async def relay() -> AsyncIterator[UdpRelay]:
    relay = UdpRelay(Random(2))
    yield relay
    await relay.close()


@pytest.fixture
async def relayed_call(relay: UdpRelay) -> AsyncIterator[Call]:
    peer = Relayed(relay)
    transport = WebRtcTransport(peer, deadlines=PATIENT)
    await transport.connect(ready(CREDENTIAL))
    yield transport, peer
    await transport.close()
    await peer.close()


async def test_lost_packets_are_made_good(relay: UdpRelay, relayed_call: Call) -> None:
    transport, _ = relayed_call
    relay.down.loss = 0.2
    sound = await hear(transport, 75)
    counters = transport.playout_counters
    assert counters.lost > 0
    assert counters.recovered > 0
    assert loudest_hz(sound[-48_000:]) == pytest.approx(1_000, abs=15)


async def test_a_short_blackout_is_survived(relay: UdpRelay, relayed_call: Call) -> None:
    transport, _ = relayed_call
    relay.blackhole(True)
    transport.send("before")
    await asyncio.sleep(0.5)
    relay.blackhole(False)
    assert await next_message(transport) == "before"
    assert loudest_hz((await hear(transport, 25))[-19_200:]) == pytest.approx(1_000, abs=15)


async def test_a_call_on_which_nothing_arrives_says_for_how_long(relay: UdpRelay, relayed_call: Call) -> None:
    transport, _ = relayed_call
    await until(lambda: transport.answer_age_s() is not None)
    relay.blackhole(True)
    await until(lambda: transport.contact_age_s() > 2 and (transport.answer_age_s() or 0) > 2)
    transport.send("still a call")
    relay.blackhole(False)
    await until(lambda: transport.contact_age_s() < 1 and (transport.answer_age_s() or 9) < 1)
    assert await next_message(transport) == "still a call"


async def test_a_peer_that_hears_nothing_is_heard_and_does_not_answer(relay: UdpRelay, relayed_call: Call) -> None:
    transport, _ = relayed_call
    await until(lambda: transport.answer_age_s() is not None)
    relay.up.blackhole = True
    await until(lambda: (transport.answer_age_s() or 0) > 2)
    assert transport.contact_age_s() < 1.5


async def test_a_silent_call_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrtc, "_KEEP_ALIVE_S", 0.1)
    peer = LabPeer()
    transport = WebRtcTransport(peer, deadlines=PATIENT)
    assert transport.answer_age_s() is None
    await transport.connect(ready(CREDENTIAL))
    await asyncio.sleep(3)
    transport.send("still here")
    assert await next_message(transport) == "still here"
    assert transport.receive_audio() is None
    assert transport.contact_age_s() < 2
    assert (transport.answer_age_s() or 9) < 2
    assert transport.take_losses() == []
    await transport.close()
    assert (await transport.quality()).playout_ms == 0
    await peer.close()


class Refusing(LabPeer):
    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        raise CredentialRefused("The key was refused.")


class Mute(LabPeer):
    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        await asyncio.sleep(60)
        raise AssertionError


class Babbling(LabPeer):
    def __init__(self, answer: str) -> None:
        super().__init__()
        self.answer = answer

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        return SdpAnswer(self.answer, CALL_ID)


async def test_a_refused_offer_is_refused() -> None:
    peer = Refusing()
    with pytest.raises(CredentialRefused):
        await WebRtcTransport(peer, deadlines=PATIENT).connect(ready(CREDENTIAL))
    await peer.close()


async def test_an_offer_that_is_not_answered_is_given_up() -> None:
    peer, stages = Mute(), list[Stage]()
    with pytest.raises(TransportLost, match=r"No answer to the call within 0\.3 s") as caught:
        await WebRtcTransport(peer, deadlines=SHORT, progress=stages.append).connect(ready(CREDENTIAL))
    assert (caught.value.reason, stages) == (Reason.SILENT, [])
    await peer.close()


async def test_a_dial_tells_when_it_is_answered_and_when_a_way_for_the_sound_is_found() -> None:
    peer, stages = LabPeer(), list[Stage]()
    transport = WebRtcTransport(peer, deadlines=PATIENT, progress=stages.append)
    await transport.connect(ready(CREDENTIAL))
    assert stages == [Stage.ANSWERED, Stage.OPEN]
    await transport.close()
    await peer.close()


async def test_where_a_way_was_found_and_no_keys_are_agreed_on_udp_is_not_blamed() -> None:
    async def with_another_fingerprint(sdp: str) -> str:
        return re.sub(r"(a=fingerprint:sha-256) .*", r"\1 " + ":".join(["00"] * 32), sdp)

    peer, stages = LabPeer(reshape=with_another_fingerprint), list[Stage]()
    with pytest.raises(TransportLost) as caught:
        await WebRtcTransport(peer, deadlines=PATIENT, progress=stages.append).connect(ready(CREDENTIAL))
    assert (caught.value.reason, stages) == (Reason.OTHER, [Stage.ANSWERED, Stage.OPEN])
    await peer.close()


async def test_a_peer_that_answers_no_checks_is_given_up_and_hung_up() -> None:
    peer, stages = LabPeer(answers_checks=False), list[Stage]()
    with pytest.raises(TransportLost, match=r"No media path within 0\.3 s") as caught:
        await WebRtcTransport(peer, deadlines=SHORT, progress=stages.append).connect(ready(CREDENTIAL))
    assert stages == [Stage.ANSWERED]
    assert "UDP" in caught.value.hint
    assert caught.value.reason is Reason.UDP_BLOCKED
    assert peer.hung_up == [CALL_ID]
    await peer.close()


@pytest.mark.parametrize("answer", ["", "no sdp", "v=0\r\n", "v=0\r\nm=audio 9 X 0\r\n", "<html>502</html>\r\n"])
async def test_an_answer_that_is_no_session_description_is_refused(answer: str) -> None:
    peer = Babbling(answer)
    with pytest.raises(TransportRefused, match="cannot be used"):
        await WebRtcTransport(peer, deadlines=PATIENT).connect(ready(CREDENTIAL))
    assert peer.hung_up == [CALL_ID]
    await peer.close()


async def test_an_answer_that_names_no_certificate_is_refused_before_anything_is_tried_with_it() -> None:
    async def without_fingerprint(answer: str) -> str:
        return spoilt_answer(answer, "without_fingerprint")

    peer = LabPeer(reshape=without_fingerprint)
    with pytest.raises(TransportRefused, match="cannot be used") as caught:
        await WebRtcTransport(peer, deadlines=PATIENT).connect(ready(CREDENTIAL))
    assert caught.value.reason is Reason.NOT_OFFERED
    assert peer.hung_up == [CALL_ID]
    await peer.close()


async def test_an_ice_server_with_a_bad_address_is_refused() -> None:
    peer = LabPeer()
    transport = WebRtcTransport(peer, ice_servers=[ResolvedIceServer(("http://turn",), "me", Secret("pw"))])
    with pytest.raises(TransportRefused, match="ICE server"):
        await transport.connect(ready(CREDENTIAL))
    await peer.close()


class Trickled(LabPeer):
    """A provider that wants our candidates by themselves."""

    def __init__(self, failure: TransportError | None = None) -> None:
        super().__init__()
        self.offered = ""
        self.told: list[IceCandidate] = []
        self.failure = failure

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        self.offered = sdp
        return await super().offer(sdp, credential)

    async def candidates(self, call_id: str, candidates: Sequence[IceCandidate], credential: Credential) -> None:
        assert (call_id, credential) == (CALL_ID, CREDENTIAL)
        self.told += candidates
        if self.failure is not None:
            raise self.failure


@pytest.mark.parametrize("failure", [None, TransportLost("The network broke.")])
async def test_candidates_are_told_to_a_provider_that_wants_them(failure: TransportError | None) -> None:
    peer = Trickled(failure)
    transport = WebRtcTransport(peer, deadlines=PATIENT)
    await transport.connect(ready(CREDENTIAL))
    assert "a=candidate:" not in peer.offered
    assert "a=end-of-candidates" not in peer.offered
    assert {(each.sdp_mid, each.sdp_m_line_index) for each in peer.told} == {("0", 0), ("1", 1)}
    assert all(each.candidate.startswith("candidate:") for each in peer.told)
    await transport.close()
    await peer.close()


async def test_closing_from_elsewhere_ends_a_dial() -> None:
    peer = Mute()
    transport = WebRtcTransport(peer, deadlines=PATIENT)
    dial = asyncio.create_task(transport.connect(ready(CREDENTIAL)))
    await asyncio.sleep(0.05)
    await transport.close()
    with pytest.raises(TransportLost, match="closed"):
        await dial
    await peer.close()


async def test_closing_before_the_dial_is_harmless() -> None:
    peer = LabPeer()
    transport = WebRtcTransport(peer)
    await transport.close()
    with pytest.raises(TransportLost):
        await transport.connect(ready(CREDENTIAL))
    with pytest.raises(TransportLost):
        transport.send("x")
    await peer.close()


@pytest.mark.parametrize("delay_s", [0.0, 0.001, 0.002, 0.004, 0.02])
async def test_closing_from_elsewhere_at_any_moment_leaves_no_socket(delay_s: float) -> None:
    files = open_files()
    peer = LabPeer()
    transport = WebRtcTransport(peer, deadlines=PATIENT)
    dial = asyncio.create_task(transport.connect(ready(CREDENTIAL)))
    await asyncio.sleep(delay_s)
    await transport.close()
    with pytest.raises(TransportLost, match="closed"):
        await dial
    await peer.close()
    await asyncio.sleep(0.05)
    assert open_files() <= files


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0


async def dial_and_end(delay_s: float | None) -> None:
    """Dial and hang up; with a delay, abandon the dial after so long instead."""
    peer = LabPeer()
    transport = WebRtcTransport(peer, deadlines=PATIENT)
    dial = asyncio.create_task(transport.connect(ready(CREDENTIAL)))
    if delay_s is not None:
        await asyncio.sleep(delay_s)
        dial.cancel()
    await asyncio.wait({dial})
    await transport.close()
    await peer.close()
    if not dial.cancelled():
        dial.result()


async def test_twenty_dials_half_of_them_abandoned_leave_nothing_behind() -> None:
    await dial_and_end(None)
    tasks, files, threads = len(asyncio.all_tasks()), open_files(), threading.active_count()
    for number in range(20):
        await dial_and_end(None if number % 2 else number * 0.003)
    await asyncio.sleep(0.1)
    assert len(asyncio.all_tasks()) <= tasks
    assert open_files() <= files
    assert threading.active_count() <= threads
