"""A realtime model reads aloud on a session that is kept a while; what goes wrong is one clear line."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from openai.types.realtime import ResponseCancelEvent, ResponseCreateEvent, SessionUpdateEvent
from pydantic import BaseModel
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.voice.message_socket import realtime_socket
from sentra_tui.services.openai.voice.realtime_speech import RealtimeSpeech
from tests.services.audio.wav_files import PCM, encode, tone
from tests.services.openai.voice.peer import key

SECOND = encode(tone(1.0, 24_000), PCM, 16)
MODELS: dict[str, type[BaseModel]] = {
    "session.update": SessionUpdateEvent,
    "response.create": ResponseCreateEvent,
    "response.cancel": ResponseCancelEvent,
}
Speaker = Callable[["Reader", dict[str, Any]], Awaitable[None]]


class Reader:
    """A realtime server that reads aloud, as far as `speaker` does."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker
        self.greeting: dict[str, Any] | None = {"type": "session.created", "session": {}}
        self.status = 0
        self.heard: list[dict[str, Any]] = []
        self.sockets = 0
        self.left = asyncio.Event()
        self.responses = 0
        self.path = ""
        self.headers: dict[str, str] = {}
        self._socket: ServerConnection

    async def handle(self, socket: ServerConnection) -> None:
        self._socket = socket
        self.sockets += 1
        if self.greeting:
            await self.say(self.greeting)
        working: list[asyncio.Task[None]] = []
        try:
            async for message in socket:
                event = json.loads(message)
                MODELS[event["type"]].model_validate(event)
                self.heard.append(event)
                if event["type"] == "response.create":
                    working.append(asyncio.create_task(self._respond(event["response"])))
                elif event["type"] == "response.cancel":
                    await self.done(event["response_id"], "cancelled")
        except ConnectionClosed:
            pass
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            self.left.set()

    async def _respond(self, response: dict[str, Any]) -> None:
        self.responses += 1
        await self.speaker(self, response)

    @property
    def name(self) -> str:
        return f"resp_{self.responses}"

    async def say(self, event: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(event))

    async def created(self, response: dict[str, Any]) -> None:
        metadata = {"metadata": response["metadata"]} if "metadata" in response else {}
        await self.say({"type": "response.created", "response": {"id": self.name, **metadata}})

    async def sound(self, data: bytes, name: str = "", kind: str = "response.output_audio.delta") -> None:
        await self.say({"type": kind, "response_id": name or self.name, "delta": base64.b64encode(data).decode()})

    async def done(self, name: str, status: str = "completed", **details: Any) -> None:
        await self.say({"type": "response.done", "response": {"id": name, "status": status, **details}})

    async def hang_up(self) -> None:
        await self._socket.close()

    def process(self, connection: ServerConnection, request: Request) -> Response | None:
        self.path, self.headers = request.path, dict(request.headers.raw_items())
        return connection.respond(HTTPStatus(self.status), "no") if self.status else None

    def texts(self) -> list[str]:
        created = [event["response"] for event in self.heard if event["type"] == "response.create"]
        return [each["input"][0]["content"][0]["text"] for each in created]


@asynccontextmanager
async def reading(speaker: Speaker, **more: Any) -> AsyncIterator[tuple[Reader, RealtimeSpeech]]:
    reader = Reader(speaker)
    async with serve(reader.handle, "127.0.0.1", 0, process_request=reader.process) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", label="OpenAI")
        speech = RealtimeSpeech(realtime_socket(endpoint, key, "gpt-realtime-2.1"), label="OpenAI", **more)
        try:
            yield reader, speech
        finally:
            await speech.close()


async def read_aloud(reader: Reader, response: dict[str, Any]) -> None:
    await reader.created(response)
    for start in range(0, len(SECOND), 4_801):
        await reader.sound(SECOND[start : start + 4_801])
    await reader.done(reader.name)


async def never_ends(reader: Reader, response: dict[str, Any]) -> None:
    await reader.created(response)
    await reader.sound(SECOND)


async def says_nothing(reader: Reader, response: dict[str, Any]) -> None:
    pass


async def said(speech: RealtimeSpeech, text: str = "It is so.", voice: str = "marin", speed: float = 1.0) -> bytes:
    return b"".join([piece async for piece in speech.speak(text, voice=voice, speed=speed)])


def seconds(sound: bytes) -> float:
    return len(sound) / 96_000


async def test_texts_are_read_outside_of_any_conversation_on_one_socket() -> None:
    async with reading(read_aloud) as (reader, speech):
        assert seconds(await said(speech)) == pytest.approx(1, rel=0.01)
        assert seconds(await said(speech, "And so on.")) == pytest.approx(1, rel=0.01)
        assert reader.sockets == 1
        assert reader.texts() == ["It is so.", "And so on."]
        update, create, _ = reader.heard
        assert update["session"]["audio"]["input"]["turn_detection"] is None
        assert create["response"]["conversation"] == "none"
        assert create["response"]["audio"]["output"]["voice"] == "marin"
        assert reader.path == "/v1/realtime?model=gpt-realtime-2.1"
        assert reader.headers["Authorization"] == "Bearer sk-test"


async def test_a_server_with_less_to_say_is_understood() -> None:
    async def older(reader: Reader, response: dict[str, Any]) -> None:
        await reader.say({"type": "ping"})
        await reader.sound(SECOND, kind="response.audio.delta")
        await reader.say({"type": "response.audio.delta", "delta": None})
        await reader.say({"type": "response.done", "response": {}})

    async with reading(older) as (_, speech):
        assert seconds(await said(speech)) == pytest.approx(1, rel=0.01)


async def test_another_voice_or_speed_gets_a_session_of_its_own() -> None:
    async with reading(read_aloud) as (reader, speech):
        for voice, speed in (("marin", 1.0), ("cedar", 1.0), ("cedar", 0.8)):
            await said(speech, voice=voice, speed=speed)
        assert reader.sockets == 3
        outputs = [each["session"]["audio"]["output"] for each in reader.heard if each["type"] == "session.update"]
        assert [(each["voice"], each["speed"]) for each in outputs] == [("marin", 1), ("cedar", 1), ("cedar", 0.8)]


async def test_texts_that_are_asked_for_at_once_are_said_one_after_the_other() -> None:
    busy = False

    async def one_at_a_time(reader: Reader, response: dict[str, Any]) -> None:
        nonlocal busy
        assert not busy
        busy = True
        await asyncio.sleep(0.05)
        busy = False
        await read_aloud(reader, response)

    async with reading(one_at_a_time) as (reader, speech):
        sounds = await asyncio.gather(*(said(speech, text) for text in ("One.", "Two.", "Three.")))
        assert [seconds(sound) for sound in sounds] == pytest.approx([1, 1, 1], rel=0.01)
        assert sorted(reader.texts()) == ["One.", "Three.", "Two."]
        assert reader.sockets == 1


async def test_closing_the_iterator_cancels_the_response_and_its_sound_is_not_heard_later() -> None:
    async def slow_to_stop(reader: Reader, response: dict[str, Any]) -> None:
        if reader.responses == 1:
            await never_ends(reader, response)
        else:
            await reader.sound(SECOND, "resp_1")
            await read_aloud(reader, response)

    async with reading(slow_to_stop) as (reader, speech):
        async with aclosing(speech.speak("A long one.", voice="marin", speed=1.0)) as sound:  # type: ignore[type-var]
            await anext(sound)
        assert seconds(await said(speech)) == pytest.approx(1, rel=0.01)
        assert [event["response_id"] for event in reader.heard if event["type"] == "response.cancel"] == ["resp_1"]
        assert reader.sockets == 1


async def test_a_response_that_is_given_up_before_it_began_is_cancelled_when_it_does() -> None:
    async def late(reader: Reader, response: dict[str, Any]) -> None:
        await asyncio.sleep(0.2)
        await read_aloud(reader, response)

    async with reading(late) as (reader, speech):
        asking = asyncio.create_task(said(speech))
        while not reader.responses:
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert seconds(await said(speech)) == pytest.approx(1, rel=0.01)
        assert "response.cancel" in [event["type"] for event in reader.heard]


async def test_a_socket_that_went_stale_is_replaced() -> None:
    async def hangs_up_later(reader: Reader, response: dict[str, Any]) -> None:
        if reader.sockets == 1 and reader.responses == 2:
            await reader.hang_up()
        else:
            await read_aloud(reader, response)

    async with reading(hangs_up_later) as (reader, speech):
        await said(speech)
        assert seconds(await said(speech)) == pytest.approx(1, rel=0.01)
        assert reader.sockets == 2


async def test_the_socket_is_closed_when_nothing_is_said_for_a_while() -> None:
    async with reading(read_aloud, idle_s=0.05) as (reader, speech):
        await said(speech)
        await asyncio.wait_for(reader.left.wait(), 5)
        await said(speech)
        assert reader.sockets == 2


async def test_a_long_text_is_said_in_parts() -> None:
    async with reading(read_aloud) as (reader, speech):
        sound = await said(speech, "This is a sentence. " * 150)
        assert len(reader.texts()) == 2
        assert seconds(sound) == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize(
    ("error", "kind", "reason", "param"),
    [
        ({"code": "invalid_value", "param": "session.audio.output.voice"}, TransportRefused, "other", "voice"),
        ({"type": "invalid_request_error", "message": "Unknown voice."}, TransportRefused, "other", "voice"),
        ({"code": "model_not_found", "message": "No such model."}, TransportRefused, "model_refused", "model"),
        ({"code": "invalid_api_key", "message": "Bad key sk-1234567890."}, CredentialRefused, "other", ""),
        ({"code": "rate_limit_exceeded", "message": "Slower."}, TransportLost, "too_many", None),
        ({"type": "server_error"}, TransportLost, "server_error", None),
        ({}, TransportRefused, "other", ""),
    ],
)  # fmt: skip
async def test_an_error_is_said(
    error: dict[str, Any], kind: type[TransportError], reason: str, param: str | None
) -> None:
    async def refuses(reader: Reader, response: dict[str, Any]) -> None:
        await reader.say({"type": "error", "error": error})

    async def fails(reader: Reader, response: dict[str, Any]) -> None:
        await reader.created(response)
        await reader.done(reader.name, "failed", status_details={"error": error})

    for speaker in (refuses, fails):
        async with reading(speaker) as (_, speech):
            with pytest.raises(kind, match="OpenAI does not speak") as caught:
                await said(speech)
            assert caught.value.reason is Reason(reason)
            assert getattr(caught.value, "param", None) == param
            assert "sk-1" not in caught.value.message


async def test_an_error_in_place_of_a_greeting_is_said() -> None:
    async with reading(read_aloud) as (reader, speech):
        reader.greeting = {"type": "error", "error": {"code": "invalid_api_key", "message": "No."}}
        with pytest.raises(CredentialRefused):
            await said(speech)


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (401, CredentialRefused, "refused the key"),
        (404, TransportRefused, "404"),
        (503, TransportLost, "cannot answer now"),
        (302, TransportRefused, "redirects"),
    ],
)
async def test_a_refused_handshake_is_said(status: int, kind: type[TransportError], message: str) -> None:
    async with reading(read_aloud) as (reader, speech):
        reader.status = status
        with pytest.raises(kind, match=message):
            await said(speech)


async def test_a_server_that_never_speaks_is_given_up() -> None:
    async with reading(says_nothing, head_s=0.2) as (reader, speech):
        with pytest.raises(TransportLost, match="too long") as caught:
            await said(speech)
        assert caught.value.reason is Reason.SILENT
        await asyncio.wait_for(reader.left.wait(), 5)


async def test_a_server_that_does_not_greet_is_given_up() -> None:
    async with reading(read_aloud, head_s=0.2) as (reader, speech):
        reader.greeting = None
        with pytest.raises(TransportLost, match="too long"):
            await said(speech)
        await asyncio.wait_for(reader.left.wait(), 5)


async def test_nobody_listens() -> None:
    speech = RealtimeSpeech(realtime_socket(Endpoint("http://127.0.0.1:9/v1"), key, "m"), label="OpenAI")
    with pytest.raises(TransportLost, match="refused the connection") as caught:
        await said(speech)
    assert caught.value.reason is Reason.UNREACHABLE


async def test_a_socket_that_breaks_in_the_middle_is_said() -> None:
    async def breaks(reader: Reader, response: dict[str, Any]) -> None:
        await never_ends(reader, response)
        await reader.hang_up()

    async with reading(breaks) as (reader, speech):
        with pytest.raises(TransportLost, match="OpenAI"):
            await said(speech)
        assert reader.sockets == 1
