"""What a plan does to a call: to the server's events, to its SDP answer, and to its connection."""

from __future__ import annotations

import json
import time

import aiohttp
import pytest
from aiortc import RTCSessionDescription
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.provider.faults import EventFault, Plan, RequestFault, ScriptedMessage, SessionFault
from sentra_tui.provider.realtime.event_faults import SpoiltEvents
from sentra_tui.provider.realtime.spoilt_answer import spoilt_answer
from sentra_tui.provider.realtime.strangers import ANSWER, WORDS, stranger_events
from sentra_tui.provider.script import MOST_AT_ONCE, Script
from tests.provider.client import REALTIME, TRANSCRIPTION, Client, calling, post_offer, providing, until, validate
from tests.provider.socket_client import SocketClient, talking

MIB = 1 << 20


def events(count: int) -> list[str]:
    return [json.dumps({"type": "a" if place % 2 else "b", "place": place}) for place in range(count)]


def places(messages: list[str]) -> list[int]:
    return [json.loads(message)["place"] for message in messages]


def taken(fault: EventFault, count: int) -> tuple[list[int], SpoiltEvents]:
    spoilt = SpoiltEvents([fault])
    return places([said for message in events(count) for said in spoilt.take(message, 0.0)]), spoilt


def test_events_are_dropped_and_said_again_by_type_and_count() -> None:
    assert taken(EventFault(type="a", drop=True), 5)[0] == [0, 2, 4]
    assert taken(EventFault(every=3, copies=1), 5)[0] == [0, 1, 2, 2, 3, 4]
    assert taken(EventFault(numbers=[1], copies=2), 2)[0] == [0, 0, 0, 1]


def test_events_come_behind_later_ones_or_late() -> None:
    assert taken(EventFault(numbers=[2], behind=2), 5)[0] == [0, 2, 3, 1, 4]
    said, spoilt = taken(EventFault(numbers=[1], late_s=0.5), 3)
    assert said == [1, 2]
    assert [places(spoilt.due(age_s)) for age_s in (0.4, 0.5, 0.6)] == [[], [0], []]
    said, spoilt = taken(EventFault(numbers=[3], behind=9), 3)
    assert (said, places(spoilt.due(1.0))) == ([0, 1], [2])


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 40))
def test_what_is_only_reordered_or_late_is_not_lost(every: int, behind: int, count: int) -> None:
    said, spoilt = taken(EventFault(every=every, behind=behind), count)
    assert sorted([*said, *places(spoilt.due(1.0))]) == list(range(count))


def test_events_lack_fields_and_have_others() -> None:
    spoilt = SpoiltEvents([EventFault(without=["item.id", "no.such"], fields={"place": "x", "item.role": 7})])
    message = json.dumps({"type": "a", "place": 1, "item": {"id": "item_1", "role": "user"}})
    assert json.loads(spoilt.take(message, 0.0)[0]) == {"type": "a", "place": "x", "item": {"role": 7}}


def test_a_flood_leaves_the_others_their_turn() -> None:
    script = Script(SessionFault(messages=[ScriptedMessage(text="x", repeat=1_000_000)]))
    assert len(script.due(0.0)) == MOST_AT_ONCE
    assert len(script.due(0.0)) == MOST_AT_ONCE


def test_events_of_another_session_are_as_the_api_has_them() -> None:
    for event in stranger_events():
        validate(event)


async def test_a_call_is_told_what_belongs_to_another_session() -> None:
    async with providing(Plan(sessions=[SessionFault(strangers_after_s=0.1)])) as started:
        async with calling(started, REALTIME) as client:
            assert (await client.next("response.output_text.done"))["text"] == ANSWER
        async with talking(started) as client_:
            heard = await client_.next("conversation.item.input_audio_transcription.completed")
            assert heard["transcript"] == WORDS


async def test_answers_lose_and_double_their_pieces_over_both_roads() -> None:
    faults = [
        EventFault(type="response.output_text.delta", copies=1),
        EventFault(type="response.output_item.added", drop=True),
        EventFault(type="response.done", without=["response.status"]),
    ]
    options = {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]}]}
    async with providing(Plan(sessions=[SessionFault(events=faults)])) as started:
        socket = SocketClient(strict=False)
        await socket.dial(started, "?model=sentra-local")
        async with calling(started, REALTIME, strict=False) as call:
            for client in (call, socket):
                client.send("response.create", response={**options, "output_modalities": ["text"]})
                done = await client.next("response.done")
                assert "status" not in done["response"]
                deltas = [event for event in client.events if event["type"] == "response.output_text.delta"]
                assert [event["event_id"] for event in deltas[::2]] == [event["event_id"] for event in deltas[1::2]]
                assert "response.output_item.added" not in client.kinds()
        await socket.close()


@pytest.mark.parametrize("size", [1 * MIB, 15 * MIB, 16 * MIB, 64 * MIB])
async def test_a_socket_carries_giant_messages(size: int) -> None:
    plan = Plan(sessions=[SessionFault(messages=[ScriptedMessage(text='{"type": "giant {pad}"}', pad_chars=size)])])
    async with providing(plan) as started, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {started.api_key}"}
        url = f"{started.base_url}/realtime?model=sentra-local"
        async with http.ws_connect(url, headers=headers, max_msg_size=0) as socket:
            await socket.receive_str()
            assert len(await socket.receive_str()) == size + len('{"type": "giant "}')


async def test_what_is_nested_too_deep_and_what_floods_is_said() -> None:
    deep = ScriptedMessage(text='{"type": "deep", "lists": "{nest}"}', nest_depth=100_000)
    flood = ScriptedMessage(text='{"type": "tiny"}', repeat=5_000)
    last = ScriptedMessage(at_s=0.3, text='{"type": "last"}')
    assert deep.render().count("[") == 100_000
    plan = Plan(sessions=[SessionFault(messages=[flood, last])])
    async with providing(plan) as started, talking(started, strict=False) as client:
        await until(lambda: "last" in client.kinds())
    assert client.kinds().count("tiny") == 5_000


async def test_a_session_tells_truly_when_it_expires() -> None:
    plan = Plan(sessions=[SessionFault(expire_after_s=2)], clock_skew_s=-300)
    async with providing(plan) as started, talking(started) as client:
        told = client.events[0]["session"]["expires_at"]
        assert told == pytest.approx(time.time() - 300 + 2, abs=2)
        assert (await client.next("error"))["error"]["code"] == "session_expired"
        await until(client.closed.is_set)
    assert client.close_code == 1001


async def test_a_socket_is_reset() -> None:
    async with providing(Plan(sessions=[SessionFault(reset_after_s=0.2)])) as started, talking(started) as client:
        await until(client.closed.is_set)
    assert client.close_code == 1006


async def test_a_socket_is_accepted_and_closed_before_a_word() -> None:
    async with providing(Plan(sockets=[RequestFault(close_code=1013)])) as started:
        client = SocketClient()
        await client.dial(started, "?model=sentra-local")
        await until(client.closed.is_set)
        assert (client.close_code, client.events) == (1013, [])
        await client.close()


SDP = "v=0\r\na=fingerprint:sha-256 AB:0C:9f\r\na=setup:active\r\n"


def test_an_sdp_answer_is_spoilt() -> None:
    assert spoilt_answer(SDP, None) == SDP
    assert spoilt_answer(SDP, "half") == SDP[: len(SDP) // 2]
    assert spoilt_answer(SDP, "without_fingerprint") == "v=0\r\na=setup:active\r\n"
    assert spoilt_answer(SDP, "wrong_fingerprint") == SDP.replace("AB:0C:9f", "00:00:00")


async def test_garbage_in_place_of_an_answer_is_no_session_description() -> None:
    client = Client()
    async with providing(Plan(sessions=[SessionFault(answer_sdp="garbage")])) as started:
        code, sdp, _ = await post_offer(started, await client.offer(), TRANSCRIPTION)
        assert code == 201
        with pytest.raises((ValueError, IndexError, AssertionError)):
            await client.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        await client.close()


async def test_a_certificate_that_does_not_fit_its_fingerprint_ends_the_call() -> None:
    client = Client()
    async with providing(Plan(sessions=[SessionFault(answer_sdp="wrong_fingerprint")])) as started:
        await client.dial(started, TRANSCRIPTION)
        await until(lambda: client.connection.connectionState in ("failed", "closed"))
        assert client.events == []
        await client.close()
