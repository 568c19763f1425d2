"""A recording is written down in a realtime session; a server that has none says so, and nothing is waited for."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest
from msgspec.structs import replace
from openai.types.realtime import InputAudioBufferAppendEvent, InputAudioBufferCommitEvent, SessionUpdateEvent
from pydantic import BaseModel
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from sentra_tui.domain.errors import CredentialRefused, NotSupported, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.provider_config import DialectName, ProviderProfile, Supports, shipped_providers
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded, TextEvent, TextExtended, Transcription
from sentra_tui.provider.faults import Plan
from sentra_tui.provider.server import ProviderOptions, serving
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.voice.realtime_transcription import RealtimeTranscription
from sentra_tui.services.openai.voice.realtime_transcription_for import (
    has_sessions,
    realtime_transcription,
    transcription_socket,
)
from tests.services.audio.wav_files import PCM, encode, tone
from tests.services.openai.voice.peer import key

SOUND = encode(tone(1.0, 48_000), PCM, 16)
EVENT = "conversation.item.input_audio_transcription"
MODELS: dict[str, type[BaseModel]] = {
    "session.update": SessionUpdateEvent,
    "input_audio_buffer.append": InputAudioBufferAppendEvent,
    "input_audio_buffer.commit": InputAudioBufferCommitEvent,
}
Writer = Callable[["Server"], Awaitable[None]]


class Server:
    """A realtime server that writes down, as far as `writer` does."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.status = 0
        self.error: dict[str, Any] | None = None
        """What it has against the session."""
        self.path = ""
        self.headers: dict[str, str] = {}
        self.updates: list[dict[str, Any]] = []
        self.sound = b""
        self.is_strict = True
        self._socket: ServerConnection

    async def handle(self, socket: ServerConnection) -> None:
        self._socket = socket
        await self.say("session.created", session={})
        async for message in socket:
            event = json.loads(message)
            if self.is_strict:
                MODELS[event["type"]].model_validate(event)
            if event["type"] == "input_audio_buffer.append":
                self.sound += base64.b64decode(event["audio"])
            elif event["type"] == "input_audio_buffer.commit":
                await self.writer(self)
            else:
                self.updates.append(event)
                if self.error is None:
                    await self.say("session.updated", session={})
                else:
                    await self.say("error", error=self.error)

    async def say(self, kind: str, **fields: Any) -> None:
        await self._socket.send(json.dumps({"type": kind, **fields}))

    async def hang_up(self) -> None:
        await self._socket.close()

    def process(self, connection: ServerConnection, request: Request) -> Response | None:
        self.path, self.headers = request.path, dict(request.headers.raw_items())
        return connection.respond(HTTPStatus(self.status), "no") if self.status else None


@asynccontextmanager
async def writing(
    writer: Writer, profile: ProviderProfile | None = None, **more: Any
) -> AsyncIterator[tuple[Server, RealtimeTranscription]]:
    server = Server(writer)
    async with serve(server.handle, "127.0.0.1", 0, process_request=server.process) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        endpoint = Endpoint(f"http://127.0.0.1:{port}/v1", label="OpenAI")
        profile = profile or ProviderProfile()
        opens = transcription_socket(profile, endpoint, key, "gpt-transcribe")
        if more:
            yield server, RealtimeTranscription(opens, "gpt-transcribe", label="OpenAI", **more)
        else:
            yield server, realtime_transcription(profile, "OpenAI", "gpt-transcribe", opens)


async def written(by: Transcription, sound: bytes = SOUND, language: str = "") -> list[TextEvent]:
    return [event async for event in by.transcribe(sound, language=language)]


async def writes_down(server: Server) -> None:
    await server.say("input_audio_buffer.committed", item_id="item_1")
    await server.say(f"{EVENT}.delta", item_id="item_1", delta="It is ")
    await server.say(f"{EVENT}.delta", item_id="item_1", delta="so")
    usage = {"type": "tokens", "input_tokens": 40, "output_tokens": 5, "input_token_details": {"audio_tokens": 40}}
    await server.say(f"{EVENT}.completed", item_id="item_1", transcript="It is so.", usage=usage)


async def says_nothing(server: Server) -> None:
    pass


async def test_words_come_as_they_are_known_and_all_of_them_at_the_end() -> None:
    async with writing(writes_down) as (server, by):
        assert await written(by, language="en") == [
            TextExtended("It is "),
            TextExtended("so"),
            TextEnded("It is so.", Usage(audio_in=40, text_out=5)),
        ]
        assert server.path == "/v1/realtime?intent=transcription"
        assert server.headers["Authorization"] == "Bearer sk-test"
        sound = server.updates[0]["session"]["audio"]["input"]
        assert server.updates[0]["session"]["type"] == "transcription"
        assert sound["transcription"] == {"model": "gpt-transcribe", "language": "en"}
        assert sound["turn_detection"] is None
        assert len(server.sound) == 2 * 24_000


async def test_less_sound_than_may_be_committed_is_followed_by_silence() -> None:
    async with writing(writes_down) as (server, by):
        await written(by, SOUND[:1_920])
        assert len(server.sound) >= 2 * 2_400


async def test_turns_that_a_server_finds_anyway_are_told_together() -> None:
    async def writes_in_turns(server: Server) -> None:
        for item_id in ("item_1", "item_2"):
            await server.say("input_audio_buffer.committed", item_id=item_id)
        for item_id, words in (("item_2", "And so on."), ("item_1", "It is so.")):
            usage = {"type": "duration", "seconds": 0.5}
            await server.say(f"{EVENT}.completed", item_id=item_id, transcript=words, usage=usage)

    async with writing(writes_in_turns) as (_, by):
        assert await written(by) == [TextEnded("It is so. And so on.", Usage(seconds=1.0))]


async def test_nothing_left_to_commit_is_the_end() -> None:
    async def has_nothing(server: Server) -> None:
        await server.say("error", error={"code": "input_audio_buffer_commit_empty", "message": "too small"})

    async with writing(has_nothing) as (_, by):
        assert await written(by) == [TextEnded("")]


async def test_a_server_without_such_sessions_has_a_conversation_in_which_nobody_answers() -> None:
    profile = ProviderProfile(model="talker", supports=Supports(transcription_session=False), pcm_rate_hz=16_000)
    async with writing(writes_down, profile) as (server, by):
        server.is_strict = False  # OpenAI has one rate
        await written(by)
        assert server.path == "/v1/realtime?model=talker"
        session = server.updates[0]["session"]
        assert (session["type"], session["output_modalities"]) == ("realtime", ["text"])
        assert len(server.sound) == 2 * 16_000


async def test_the_beta_has_a_flat_session() -> None:
    async with writing(writes_down, ProviderProfile(dialect="beta")) as (server, by):
        server.is_strict = False
        await written(by)
        assert server.path == "/v1/realtime?intent=transcription&model=gpt-transcribe"
        assert server.headers["OpenAI-Beta"] == "realtime=v1"
        assert server.updates[0]["type"] == "transcription_session.update"
        assert server.updates[0]["session"]["input_audio_format"] == "pcm16"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotSupported), (426, NotSupported), (401, CredentialRefused), (503, TransportLost)],
)
async def test_a_handshake_that_is_refused_is_said(status: int, kind: type[TransportError]) -> None:
    async with writing(writes_down) as (server, by):
        server.status = status
        with pytest.raises(kind):
            await written(by)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "invalid_value", "param": "session.type", "message": "No such type."}, NotSupported),
        ({"code": "model_not_found", "message": "No such model."}, TransportRefused),
        ({"code": "invalid_api_key", "message": "Wrong key."}, CredentialRefused),
        ({"code": "rate_limit_exceeded", "message": "Slow down."}, TransportLost),
    ],
)
async def test_a_session_that_is_refused_is_said(error: dict[str, Any], kind: type[TransportError]) -> None:
    async with writing(writes_down) as (server, by):
        server.error = error
        with pytest.raises(kind) as raised:
            await written(by)
        assert type(raised.value) is kind
        assert error["message"].rstrip(".") in str(raised.value)


async def test_a_transcription_that_fails_is_said() -> None:
    async def fails(server: Server) -> None:
        await server.say("input_audio_buffer.committed", item_id="item_1")
        await server.say(f"{EVENT}.failed", item_id="item_1", error={"type": "server_error", "message": "Broken."})

    async with writing(fails) as (_, by):
        with pytest.raises(TransportLost, match="OpenAI does not transcribe: Broken"):
            await written(by)


async def test_a_socket_that_breaks_is_said() -> None:
    async with writing(Server.hang_up) as (_, by):
        with pytest.raises(TransportLost, match="broke"):
            await written(by)


async def test_a_server_that_never_writes_is_given_up() -> None:
    async with writing(says_nothing, patience_s=0.05) as (_, by):
        with pytest.raises(TransportLost, match="too long"):
            await written(by, SOUND[:19_200])


async def test_giving_up_closes_the_socket() -> None:
    async with writing(says_nothing) as (server, by):
        task = asyncio.create_task(written(by))
        while not server.sound:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.wait_for(server._socket.wait_closed(), 10)


def test_a_server_with_other_words_is_not_asked() -> None:
    assert not has_sessions(shipped_providers()["vllm"])
    assert not has_sessions(ProviderProfile(transports=["webrtc", "http"]))
    assert has_sessions(shipped_providers()["openai"])


@pytest.mark.parametrize("dialect", ["ga", "beta"])
async def test_the_local_provider_writes_down_what_was_said(dialect: DialectName, sample: Callable[[str], Any]) -> None:
    speech = await asyncio.to_thread(_speech, sample("go-forward.wav"))
    async with serving(ProviderOptions(plan=Plan(dialects=["ga", "beta"]))) as started:
        endpoint = Endpoint(started.base_url, label="local")
        profile = replace(shipped_providers()["local"], dialect=dialect)
        opens = transcription_socket(profile, endpoint, lambda: Secret(started.api_key), "pocketsphinx")
        *_, ended = await written(realtime_transcription(profile, "local", "pocketsphinx", opens), speech)
    assert isinstance(ended, TextEnded)
    assert "forward" in ended.text
    assert ended.usage is not None
    assert ended.usage.seconds > 1


def _speech(path: Any) -> bytes:
    import wave

    from sentra_tui.media.resample import Resampler

    with wave.open(str(path)) as file:
        resampler = Resampler(file.getframerate(), 48_000, file.getnchannels())
        return resampler.feed(file.readframes(file.getnframes())) + resampler.flush()
