from __future__ import annotations

import asyncio

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from sentra_tui.media.peer import hard_close
from sentra_tui.provider.realtime import call
from sentra_tui.provider.server import ProviderStarted
from tests.provider.client import REALTIME, TRANSCRIPTION, calling, post_offer, status, until


async def test_a_client_that_goes_away_is_forgotten(started: ProviderStarted) -> None:
    async with calling(started, REALTIME):
        assert len(await status(started)) == 1
    await until(lambda: gone(started))


async def test_a_call_that_never_connects_is_reaped(started: ProviderStarted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "CONNECT_S", 0.1)
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("audio")
    connection.createDataChannel("oai-events")
    offer = await connection.createOffer()
    code, _, _ = await post_offer(started, offer.sdp, REALTIME)
    assert code == 201
    await until(lambda: gone(started))
    await hard_close(connection)


async def test_a_call_without_packets_is_reaped(started: ProviderStarted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "SILENCE_S", 0.3)
    async with calling(started, REALTIME) as client:
        await until(client.closed.is_set)
        await until(lambda: gone(started))


async def test_two_calls_of_different_kinds_live_side_by_side(started: ProviderStarted) -> None:
    async with calling(started, REALTIME), calling(started, TRANSCRIPTION):
        assert {entry["type"] for entry in await status(started)} == {"realtime", "transcription"}


async def test_other_data_channels_than_the_one_for_events_are_closed(started: ProviderStarted) -> None:
    async with calling(started, REALTIME) as client:
        other = client.connection.createDataChannel("other")
        closed = asyncio.Event()
        other.on("close", closed.set)
        await until(closed.is_set)
        client.send("conversation.item.retrieve", item_id="none")
        assert (await client.next("error"))["error"]["code"] == "item_retrieve_invalid_item_id"


async def gone(started: ProviderStarted) -> bool:
    return await status(started) == []
