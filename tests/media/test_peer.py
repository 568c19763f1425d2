from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver
from aiortc.codecs import CODECS
from aiortc.mediastreams import MediaStreamError

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_SAMPLES, SILENCE
from sentra_tui.media import peer
from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.peer import OpusTrack, hard_close, prepare_process, read_track, self_test, tap, tap_reports

Pair = tuple[RTCPeerConnection, RTCPeerConnection, OpusTrack]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """A connection that offers and one that answers, with a track from the first; not yet described."""
    prepare_process()
    one, other = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    track = OpusTrack()
    one.addTrack(track)
    yield one, other, track
    await asyncio.gather(hard_close(one), hard_close(other))


async def describe(one: RTCPeerConnection, other: RTCPeerConnection) -> RTCRtpReceiver:
    """Exchange descriptions and return the receiver of the answering side."""
    await one.setLocalDescription(await one.createOffer())
    await other.setRemoteDescription(one.localDescription)
    await other.setLocalDescription(await other.createAnswer())
    await one.setRemoteDescription(other.localDescription)
    return other.getTransceivers()[0].receiver


async def feed(track: OpusTrack, until: asyncio.Event) -> None:
    async with asyncio.timeout(20):
        while not until.is_set():
            track.send(SILENCE)
            await asyncio.sleep(0.02)


class Ear:
    """Counts packets and says when there were enough."""

    def __init__(self, enough: int = 10) -> None:
        self.sequences: list[int] = []
        self.payloads: list[bytes] = []
        self.enough = asyncio.Event()
        self._wanted = enough

    def __call__(self, sequence: int, ssrc: int, payload: bytes) -> None:
        self.sequences.append(sequence)
        self.payloads.append(payload)
        if len(self.sequences) == self._wanted:
            self.enough.set()


def test_this_aiortc_has_every_private_name_that_is_used() -> None:
    assert self_test() == []


def test_the_self_test_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(aioice.ice, "CONSENT_FAILURES")
    monkeypatch.setattr(peer, "_JITTER_BUFFER", "_RTCRtpReceiver__gone")
    assert self_test() == ["aioice.ice.CONSENT_FAILURES", "aiortc.RTCRtpReceiver._RTCRtpReceiver__gone"]
    prepare_process()


def test_preparing_twice_is_like_preparing_once() -> None:
    prepare_process()
    gather = aioice.ice.get_host_addresses
    prepare_process()
    assert aioice.ice.get_host_addresses is gather
    assert aioice.ice.CONSENT_FAILURES > 10**6
    assert CODECS["audio"][0].parameters["useinbandfec"] == 1


def test_where_there_is_no_network_calls_are_made_over_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
    prepare_process()
    assert aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == ["127.0.0.1"]


async def test_opus_is_offered_with_in_band_fec(pair: Pair) -> None:
    one, _, _ = pair
    assert "useinbandfec=1" in (await one.createOffer()).sdp


async def test_a_track_that_nobody_reads_keeps_the_newest_frames_and_their_time() -> None:
    track = OpusTrack()
    for _ in range(20):
        track.send(SILENCE)
    packets = [await track.recv() for _ in range(peer.SEND_QUEUE_FRAMES)]
    assert [packet.pts for packet in packets] == [FRAME_SAMPLES * n for n in range(15, 20)]
    assert track.dropped == 15
    assert len(OpusDecoder().decode(bytes(packets[0]))) == FRAME_BYTES


async def test_reading_waits_for_a_frame() -> None:
    track = OpusTrack()
    reading = asyncio.create_task(track.recv())
    await asyncio.sleep(0.01)
    assert not reading.done()
    track.send(SILENCE)
    assert (await reading).pts == 0


async def test_a_reader_learns_that_the_track_ended() -> None:
    track = OpusTrack()
    reading = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(MediaStreamError):
        await reading


async def test_a_track_tells_the_marks_of_the_frames_that_go_out_and_of_no_others() -> None:
    marks: list[int] = []
    track = OpusTrack(on_packet=marks.append)
    for mark in range(8):
        track.send(SILENCE, mark)
    assert marks == []
    for _ in range(peer.SEND_QUEUE_FRAMES):
        await track.recv()
    assert marks == [3, 4, 5, 6, 7]


async def test_reports_tell_what_was_received_of_what_was_sent(pair: Pair) -> None:
    one, other, track = pair
    sent: list[int] = []
    reports: list[tuple[int, int, int]] = []
    enough = asyncio.Event()

    def on_report(newest: int, highest: int, lost: int) -> None:
        reports.append((newest, highest, lost))
        if len(reports) == 2:
            enough.set()

    track._on_packet = sent.append
    await describe(one, other)
    assert tap_reports(one.getTransceivers()[0].sender, on_report)
    await feed(track, enough)
    (newest, highest, lost), (newer, higher, _) = reports
    assert 0 <= newest - highest <= 5
    assert newest < newer
    assert highest < higher
    assert newer - newest < len(sent)
    assert lost == 0
    stats = await one.getTransceivers()[0].sender.getStats()
    assert any(entry.type == "remote-inbound-rtp" for entry in stats.values())


def test_reports_of_a_sender_without_the_private_names_are_not_tapped() -> None:
    assert not tap_reports(object(), lambda newest, highest, lost: None)  # type: ignore[arg-type]


async def test_a_frame_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1920"):
        OpusTrack().send(b"")


async def test_a_tap_gets_each_packet_and_the_stock_track_none(pair: Pair) -> None:
    one, other, track = pair
    ear = Ear()
    receiver = await describe(one, other)
    assert tap(receiver, ear)
    await feed(track, ear.enough)
    assert ear.sequences == [ear.sequences[0] + n & 0xFFFF for n in range(len(ear.sequences))]
    stats = await receiver.getStats()
    assert any(getattr(entry, "packetsReceived", 0) >= 10 for entry in stats.values())


async def test_without_the_private_name_the_public_track_serves(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other, track = pair
    ear = Ear()
    receiver = await describe(one, other)
    monkeypatch.setattr(peer, "_JITTER_BUFFER", "_RTCRtpReceiver__gone")
    assert not tap(receiver, ear)
    reading = asyncio.create_task(read_track(receiver.track, ear))
    await feed(track, ear.enough)
    assert ear.sequences[:10] == list(range(10))
    assert {len(OpusDecoder().decode(payload)) for payload in ear.payloads} == {FRAME_BYTES}
    await hard_close(one)
    await hard_close(other)
    async with asyncio.timeout(20):
        await reading


async def test_closing_twice_and_closing_a_new_connection_are_harmless(pair: Pair) -> None:
    one, other, _ = pair
    await hard_close(other)
    await hard_close(one)
    await hard_close(one)
