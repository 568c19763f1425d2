from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import aioice.ice
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from sentra_tui.media.peer import OpusTrack, hard_close, prepare_process
from sentra_tui.media.stun_check import check_path, self_test


class Asker:
    """Asks over a connection, and keeps what was answered."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self.numbers = count()
        self.answered: list[tuple[int, bool]] = []
        self.task = asyncio.create_task(check_path(connection, self.ask, self.answer))

    def ask(self) -> int:
        return next(self.numbers)

    def answer(self, asked: int, first_try: bool) -> None:
        self.answered.append((asked, first_try))

    async def until(self, answers: int) -> None:
        async with asyncio.timeout(20):
            while len(self.answered) < answers:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})


@pytest.fixture
async def pair() -> AsyncIterator[tuple[RTCPeerConnection, RTCPeerConnection]]:
    prepare_process()
    one, other = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    one.addTrack(OpusTrack())
    await one.setLocalDescription(await one.createOffer())
    await other.setRemoteDescription(one.localDescription)
    await other.setLocalDescription(await other.createAnswer())
    await one.setRemoteDescription(other.localDescription)
    async with asyncio.timeout(20):
        while one.iceConnectionState != "completed":
            await asyncio.sleep(0.01)
    yield one, other
    await asyncio.gather(hard_close(one), hard_close(other))


def test_this_aioice_has_every_private_name_that_is_used() -> None:
    assert self_test() == []


async def test_without_a_name_that_it_takes_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(aioice.ice.Connection, "build_request")
    assert self_test() == ["aioice.Connection.build_request"]
    asker = Asker(RTCPeerConnection())
    await asker.task
    assert asker.answered == []


async def test_checks_are_answered_again_and_again(pair: tuple[RTCPeerConnection, RTCPeerConnection]) -> None:
    asker = Asker(pair[0])
    await asker.until(3)
    await asker.stop()
    assert asker.answered[0][0] == 0


async def test_a_peer_that_is_gone_answers_none_and_nothing_is_left_of_the_checks(
    pair: tuple[RTCPeerConnection, RTCPeerConnection],
) -> None:
    one, other = pair
    asker = Asker(one)
    await asker.until(1)
    before = asyncio.all_tasks()
    await hard_close(other)
    await asyncio.sleep(0.1)
    answered = len(asker.answered)
    await asyncio.sleep(1.2)
    assert len(asker.answered) == answered
    await asker.stop()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() < before


async def test_checks_go_on_over_a_connection_that_was_closed_under_them(
    pair: tuple[RTCPeerConnection, RTCPeerConnection],
) -> None:
    one, other = pair
    asker = Asker(one)
    await asker.until(1)
    await hard_close(other)
    await asyncio.sleep(0.6)
    await hard_close(one)
    await asyncio.sleep(1.2)
    assert not asker.task.done()
    await asker.stop()
