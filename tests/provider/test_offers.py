"""Every form of signalling leads to a call."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from openai.types.beta.realtime import TranscriptionSession

from sentra_tui.provider.faults import Faults, Plan, SessionFault
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving
from tests.provider.client import REALTIME, Client, calling, get, mint, post_json, post_offer, providing, status, until

BOTH = Plan(dialects=["ga", "beta"])
BETA_HEADER = {"OpenAI-Beta": "realtime=v1"}


class UnwrappingClient(Client):
    """Reads wrapped messages, and knows how they came."""

    def __init__(self) -> None:
        super().__init__(strict=True)
        self.envelopes: list[str] = []
        self._pieces: list[str] = []

    def take(self, message: str) -> None:
        assert len(message) < 1024
        envelope = json.loads(message)
        self.envelopes.append(envelope["type"])
        if envelope["type"] == "full_message":
            self._pieces = []
        else:
            assert envelope["fragment_index"] == len(self._pieces)
        self._pieces.append(envelope["data"])
        if envelope["type"] == "full_message" or len(self._pieces) == envelope["total_fragments"]:
            super().take(base64.b64decode("".join(self._pieces)).decode())
            self._pieces = []


async def test_an_offer_in_json_is_answered_in_json_and_hung_up_with_delete(started: ProviderStarted) -> None:
    async with hung_up(Client()) as client:
        code, answer = await post_json(
            started, "realtime/calls", {"sdp": await client.offer(), "model": "sentra-local"}
        )
        assert code == 201
        await client.accept(answer["sdp"])
        session = (await client.next("session.created"))["session"]
        assert (session["type"], session["model"]) == ("realtime", "sentra-local")
        code, _ = await request(started, "DELETE", f"realtime/calls/{answer['session_id']}")
        assert code == 200
        await until(client.closed.is_set)


async def test_an_offer_in_json_leaves_the_type_of_the_session_to_the_first_update(started: ProviderStarted) -> None:
    async with hung_up(Client()) as client:
        _, answer = await post_json(started, "realtime/calls", {"sdp": await client.offer(), "model": "whisper-1"})
        await client.accept(answer["sdp"])
        await client.next("session.created")
        for kind in ("invented", "transcription", "realtime"):
            client.send("session.update", session={"type": kind})
        assert (await client.next("error"))["error"]["param"] == "session.type"
        assert (await client.next("session.updated"))["session"]["object"] == "realtime.transcription_session"
        assert (await client.next("error"))["error"]["param"] == "session.type"
        assert [call["type"] for call in await status(started)] == ["transcription"]


async def test_a_session_made_before_takes_the_offer_and_candidates_after_it() -> None:
    async with providing(BOTH) as started, hung_up(Client(beta=True)) as client:
        made = await made_session(started, "sessions", {"model": "gpt-realtime", "modalities": ["text"]})
        key, place = made["client_secret"]["value"], f"sessions/{made['id']}/webrtc"
        offer = await client.offer()
        candidate = next(line for line in offer.splitlines() if line.startswith("a=candidate:")).removeprefix("a=")
        bare = "".join(f"{line}\r\n" for line in offer.splitlines() if "candidate" not in line)
        body = {"sdp": bare, "modalities": ["audio", "text"]}
        code, answer = await request(started, "POST", f"{place}/sdp-offer", body, key, BETA_HEADER)
        assert code == 200, answer
        await client.accept(json.loads(answer)["sdp"])
        for told in (None, {"candidate": candidate, "sdpMid": "0", "sdpMLineIndex": 0}):
            code, _ = await request(started, "POST", f"{place}/ice-candidate", {"candidate": told}, key, BETA_HEADER)
            assert code == 200
        session = (await client.next("session.created"))["session"]
        assert (session["id"], session["modalities"]) == (made["id"], ["text"])


async def test_a_session_takes_no_offer_with_the_secret_of_another() -> None:
    async with providing(BOTH) as started:
        first = await made_session(started, "sessions", {"model": "gpt-realtime"})
        second = await made_session(started, "sessions", {"model": "gpt-realtime"})
        place = f"sessions/{first['id']}/webrtc/sdp-offer"
        for key, expected in ((second["client_secret"]["value"], 404), (started.api_key, 401), ("ek_made_up", 401)):
            code, _ = await request(started, "POST", place, {"sdp": "v=0"}, key)
            assert code == expected
        place = f"sessions/{first['id']}/webrtc/ice-candidate"
        body = {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host"}
        code, _ = await request(started, "POST", place, body, first["client_secret"]["value"])
        assert code == 404


async def test_the_beta_mints_sessions_to_transcribe() -> None:
    async with providing(BOTH) as started:
        wanted = {"input_audio_format": "pcm16", "input_audio_transcription": {"model": "whisper-1"}}
        made = await made_session(started, "transcription_sessions", wanted)
        TranscriptionSession.model_validate(made)
        assert made["input_audio_transcription"] == {"model": "whisper-1"}


async def test_the_beta_transcribes_where_the_query_says_so() -> None:
    async with providing(BOTH) as started, hung_up(Client(beta=True)) as client:
        code, answer = await request(
            started, "POST", "realtime?model=pocketsphinx&intent=transcription", (await client.offer()).encode()
        )
        assert code == 200, answer
        await client.accept(answer)
        assert (await client.next("session.created"))["session"]["input_audio_transcription"]["model"] == "pocketsphinx"


@pytest.mark.parametrize("path", ["realtime?model=gpt-realtime", "realtime/sessions", "realtime/calls"])
async def test_a_server_that_has_only_ga_refuses_the_beta(started: ProviderStarted, path: str) -> None:
    body: Any = {"model": "gpt-realtime"} if path.endswith("sessions") else {"sdp": "v=0", "model": "gpt-realtime"}
    code, answer = await request(started, "POST", path, body, headers=BETA_HEADER)
    assert (code, json.loads(answer)["error"]["code"]) == (400, "beta_api_shape_disabled")


async def test_long_messages_are_wrapped_in_pieces_and_those_of_the_client_are_not() -> None:
    async with providing(Plan(wrapped_messages=True)) as started, hung_up(UnwrappingClient()) as client:
        await client.dial(started, {**REALTIME, "instructions": "x" * 1000})
        assert len((await client.next("session.created"))["session"]["instructions"]) == 1000
        client.send("input_audio_buffer.clear")
        await client.next("input_audio_buffer.cleared")
    assert client.envelopes[0] == "partial_message"
    assert client.envelopes[-1] == "full_message"


@pytest.mark.parametrize(
    ("plan", "way"), [(Plan(udp=False), " udp "), (Plan(ice_tcp_only=True), " tcp "), (Plan(), " udp ")]
)
async def test_candidates_promise_what_the_plan_says(plan: Plan, way: str) -> None:
    async with providing(plan) as started, hung_up(Client()) as client:
        _, sdp, _ = await post_offer(started, await client.offer(), REALTIME)
    candidates = [line for line in sdp.splitlines() if line.startswith("a=candidate:")]
    assert candidates
    assert all(way in line for line in candidates)
    assert all(line.endswith("tcptype passive") for line in candidates) == plan.ice_tcp_only


async def test_udp_comes_back_when_the_plan_is_changed() -> None:
    faults = Faults(Plan(udp=False))
    async with serving(ProviderOptions(), faults=faults) as started:
        async with hung_up(Client()) as client:
            await client.dial(started, REALTIME)
            await client.stay_silent(0.3)
            assert client.connection.connectionState != "connected"
        faults.change(Plan())
        async with calling(started, REALTIME) as client:
            assert client.connection.connectionState == "connected"


async def test_a_rule_may_be_for_one_carrier_only() -> None:
    faults = Faults(Plan(sessions=[SessionFault(carrier="webrtc", unreachable=True, numbers=[1])]))
    seen = [faults.for_session("realtime", carrier).unreachable for carrier in ("websocket", "webrtc", "webrtc")]
    assert seen == [False, True, False]


@pytest.mark.parametrize(
    ("part", "method", "path"),
    [
        ("webrtc", "POST", "realtime/calls"),
        ("webrtc", "POST", "realtime?model=m"),
        ("websocket", "GET", "realtime?model=m"),
        ("client_secrets", "POST", "realtime/client_secrets"),
        ("client_secrets", "POST", "realtime/sessions"),
    ],
)
async def test_what_a_server_is_without_is_not_found(part: Any, method: str, path: str) -> None:
    async with providing(Plan(without=[part], dialects=["ga", "beta"])) as started:
        code, answer = await request(started, method, path, {"sdp": "v=0"})
        assert (code, json.loads(answer)["error"]["code"]) == (404, "unknown_url")
        assert b"sentra-local" in await get(started, "models")


async def test_without_client_secrets_an_offer_alone_opens_a_conversation() -> None:
    async with providing(Plan(without=["client_secrets"])) as started, hung_up(Client()) as client:
        code, answer = await request(started, "POST", "realtime/calls", (await client.offer()).encode())
        assert code == 201, answer
        await client.accept(answer)
        assert (await client.next("session.created"))["session"]["type"] == "realtime"


async def test_azures_way_to_show_a_key_is_understood(started: ProviderStarted) -> None:
    headers = {"api-key": started.api_key}
    code, _ = await request(started, "GET", "models", key="", headers=headers)
    assert code == 200
    assert await mint(started, REALTIME)
    assert await status(started) == []


@contextlib.asynccontextmanager
async def hung_up(client: Client) -> AsyncIterator[Any]:
    try:
        yield client
    finally:
        await client.close()


async def made_session(started: ProviderStarted, kind: str, wanted: dict[str, Any]) -> dict[str, Any]:
    code, made = await request(started, "POST", f"realtime/{kind}", wanted, headers=BETA_HEADER)
    assert code == 200, made
    session: dict[str, Any] = json.loads(made)
    return session


async def request(
    started: ProviderStarted,
    method: str,
    path: str,
    body: dict[str, Any] | bytes | None = None,
    key: str | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, str]:
    """Return the status and the text; bytes are sent as an SDP offer."""
    shown = {"Authorization": f"Bearer {started.api_key if key is None else key}", **(headers or {})}
    sent: dict[str, Any] = {"json": body}
    if isinstance(body, bytes):
        sent = {"data": body, "headers": {"Content-Type": "application/sdp"}}
    shown |= sent.pop("headers", {})
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"{started.base_url}/{path}", headers=shown, **sent) as response,
    ):
        return response.status, await response.text()
