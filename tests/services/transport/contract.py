"""What every transport must show, whichever road it takes; a test of one gives a rig with a peer at the other end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sentra_tui.domain.audio import FRAME_BYTES
from sentra_tui.domain.errors import ProtocolError, TransportLost
from sentra_tui.domain.ports import Transport
from sentra_tui.domain.roads import Road
from tests.ready import ready
from tests.services.transport.lab_peer import CREDENTIAL, loudest_hz, tone

TONE_HZ = 1_000
"""What the peer plays: from the beginning, or as its first answer."""
LAST_S = 19_200
"""The last 200 ms of a sound at 48 kHz, in bytes."""


class Rig(ABC):
    """A transport, not connected yet, and the peer that it will reach."""

    transport: Transport

    @abstractmethod
    def unanswered(self) -> Transport:
        """Return a transport whose dial comes to no end for a long time."""

    @abstractmethod
    def heard(self) -> bytes:
        """Return the sound that the peer heard, 48 kHz."""

    @abstractmethod
    def read(self) -> list[str]:
        """Return the messages that the peer read, without what carries sound or opens the session."""

    @abstractmethod
    async def leave(self) -> None:
        """Have the peer close the call."""


class TransportContract:
    """The behaviours."""

    @asynccontextmanager
    async def _connected(self, rig: Rig) -> AsyncIterator[Transport]:
        await rig.transport.connect(ready(CREDENTIAL))
        yield rig.transport

    async def test_its_name_is_a_road(self, rig: Rig) -> None:
        assert rig.transport.name in set(Road)

    async def test_sound_goes_out_and_comes_in(self, rig: Rig) -> None:
        async with self._connected(rig) as transport:
            reading = asyncio.create_task(_drain(transport))
            played = b""
            async with asyncio.timeout(20):
                index = 0
                while len(played) < 50 * FRAME_BYTES or len(rig.heard()) < 40 * FRAME_BYTES:
                    transport.send_audio(tone(440, index))
                    frame = transport.receive_audio()
                    assert frame is None or len(frame) == FRAME_BYTES
                    played += frame or b""
                    index += 1
                    await asyncio.sleep(0.02)
            assert loudest_hz(rig.heard()[-LAST_S:]) == pytest.approx(440, abs=15)
            assert loudest_hz(played[-LAST_S:]) == pytest.approx(TONE_HZ, abs=15)
            await transport.close()
            await reading

    async def test_arriving_sound_wakes_who_waits_for_it(self, rig: Rig) -> None:
        async with self._connected(rig) as transport:
            reading = asyncio.create_task(_drain(transport))
            async with asyncio.timeout(20):
                while transport.receive_audio() is None:
                    await transport.audio_arrives()
                    await asyncio.sleep(0.02)
            await transport.close()
            await reading

    async def test_messages_go_out_and_come_in_in_order(self, rig: Rig) -> None:
        sent = [f'{{"type":"ping","n":{n},"text":"žluťoučký"}}' for n in range(50)]
        async with self._connected(rig) as transport:
            for message in sent:
                transport.send(message)
            came: list[str] = []
            async with asyncio.timeout(20):
                async for message in transport.messages():
                    came += [message] if '"ping"' in message else []
                    if len(came) == len(sent):
                        break
            assert came == sent
            assert rig.read() == sent

    async def test_nothing_is_said_before_there_is_a_call(self, rig: Rig) -> None:
        rig.transport.send_audio(tone(440, 0))
        with pytest.raises(TransportLost, match="no call yet"):
            rig.transport.send("early")
        with pytest.raises(TransportLost, match="no call yet"):
            await anext(rig.transport.messages())
        assert rig.transport.receive_audio() is None

    async def test_closing_twice_is_closing_once_and_what_follows_is_lost(self, rig: Rig) -> None:
        async with self._connected(rig) as transport:
            await transport.close()
            await transport.close()
            with pytest.raises(TransportLost, match="closed"):
                transport.send("too late")
            with pytest.raises(TransportLost, match="closed"):
                await _drain_all(transport)
            transport.send_audio(tone(440, 0))
            transport.flush_audio()

    async def test_one_that_never_dialled_can_be_closed(self, rig: Rig) -> None:
        await rig.transport.close()
        with pytest.raises(TransportLost, match="closed"):
            await rig.transport.connect(ready(CREDENTIAL))

    async def test_it_dials_once(self, rig: Rig) -> None:
        async with self._connected(rig) as transport:
            with pytest.raises(ProtocolError):
                await transport.connect(ready(CREDENTIAL))

    async def test_a_peer_that_leaves_ends_the_call(self, rig: Rig) -> None:
        async with self._connected(rig) as transport:
            await rig.leave()
            with pytest.raises(TransportLost):
                await _drain_all(transport)
            with pytest.raises(TransportLost):
                transport.send("anyone?")

    async def test_a_dial_that_is_cancelled_leaves_nothing(self, rig: Rig) -> None:
        for turns in (0, 1, 2, 5, 20, 100):
            transport = rig.unanswered()
            dialling = asyncio.create_task(transport.connect(ready(CREDENTIAL)))
            await asyncio.sleep(0)
            for _ in range(turns):
                await asyncio.sleep(0.001)
            dialling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await dialling
            await transport.close()

    async def test_a_dial_that_is_closed_ends(self, rig: Rig) -> None:
        transport = rig.unanswered()
        dialling = asyncio.create_task(transport.connect(ready(CREDENTIAL)))
        await asyncio.sleep(0.05)
        await transport.close()
        with pytest.raises(TransportLost, match="closed"):
            await dialling

    async def test_contact_is_fresh_while_the_call_stands(self, rig: Rig) -> None:
        async with self._connected(rig) as transport:
            async with asyncio.timeout(20):
                while (await transport.quality()).round_trip_ms is None:
                    transport.send_audio(tone(440, 0))
                    transport.receive_audio()
                    await asyncio.sleep(0.02)
            assert transport.contact_age_s() < 3
            answered_s = transport.answer_age_s()
            assert answered_s is None or answered_s < 3
            assert list(transport.take_losses()) == []


async def _drain_all(transport: Transport) -> None:
    async with asyncio.timeout(20):
        async for _ in transport.messages():
            pass


async def _drain(transport: Transport) -> None:
    """Read messages until the call is closed."""
    with pytest.raises(TransportLost):
        async for _ in transport.messages():
            pass
