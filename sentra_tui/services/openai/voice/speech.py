"""Says text aloud over HTTP.

Source: https://platform.openai.com/docs/api-reference/audio/createSpeech.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from sentra_tui.domain.errors import NotSupported, TransportError, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.reply import Reply, ReplyStream, media_type
from sentra_tui.services.openai.status import error_body, is_web_page, web_page
from sentra_tui.services.openai.voice.parts import parts_of
from sentra_tui.services.openai.voice.speech_sound import SpeechSound
from sentra_tui.services.openai.voice.voice_status import names, voice_refusal
from sentra_tui.services.openai.voice.waiting import HEAD_S, PATIENCE_S, HeadWait

INPUT_CHARS_MAX = 4_096
SPEED_MIN, SPEED_MAX = 0.25, 4.0
_PATH = "/audio/speech"
_FORMATS = ("pcm", "wav", "mp3")
"""What is asked for, one after the other, until the server takes one."""
_CHARS_PER_S = 15
"""How fast text is said, about."""
_NO_SOUND = ("application/json", "application/problem+json", "text/html", "text/plain", "text/event-stream")


class HttpSpeech:
    """The Speech port. The client stays the caller's to close; `key` gives the API key, and may raise.

    `voice` is said in place of the one that `speak` is given, while the server knows it. A voice that the server does
    not know raises TransportRefused with the param `voice`. What else it does not take (`speed`, a format) is left out
    from then on.
    """

    def __init__(
        self, client: ApiClient, key: Callable[[], Secret], model: str, *, voice: str = "", head_s: float = HEAD_S
    ) -> None:
        self._client = client
        self._key = key
        self._model = model
        self._voice = voice
        self._wait = HeadWait(client, key, head_s)
        self._formats = list(_FORMATS)
        self._has_speed = True

    async def speak(self, text: str, *, voice: str, speed: float) -> AsyncIterator[bytes]:
        """Yield the sound of `text`; see the port."""
        label = self._client.endpoint.label
        for part in parts_of(text, INPUT_CHARS_MAX):
            async with await self._open(part, voice, speed) as reply:
                if media_type(reply.headers) in _NO_SOUND:
                    raise self._no_sound(await reply.read())
                sound = SpeechSound(reply.headers.get("content-type", ""), label)
                while data := await reply.piece():
                    if heard := sound.feed(data):
                        yield heard
                for heard in sound.flush():
                    if heard:
                        yield heard
                    await asyncio.sleep(0)

    async def close(self) -> None:
        """Hold nothing: the client is the caller's."""

    async def _open(self, text: str, voice: str, speed: float) -> ReplyStream:
        needed_s = len(text) / _CHARS_PER_S
        while True:
            chosen = self._voice or voice
            body = self._body(text, chosen, speed)
            asked = self._client.stream("POST", _PATH, self._key(), silence_s=PATIENCE_S + needed_s, json=body)
            reply = await self._wait.reply(asked, needed_s)
            if reply.status < 300:
                return reply
            refused = await reply.read()
            if not self._can_do_without(refused, body, voice):
                raise self._refusal(refused, chosen)

    def _body(self, text: str, voice: str, speed: float) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self._model, "input": text, "response_format": self._formats[0]}
        if voice:
            body["voice"] = voice
        if self._has_speed and speed != 1:
            body["speed"] = min(max(speed, SPEED_MIN), SPEED_MAX)
        return body

    def _can_do_without(self, reply: Reply, body: dict[str, Any], voice: str) -> bool:
        """Return whether the server refused something in `body` that is not asked for from now on.

        Another request may have found it out meanwhile.
        """
        if names(reply, "voice"):
            self._voice = ""
            return bool(body.get("voice", "") != voice)
        asked = body["response_format"]
        if names(reply, "response_format", "format", "pcm") and asked != _FORMATS[-1]:
            self._formats = [each for each in self._formats if each != asked]
            return True
        if "speed" in body and names(reply, "speed"):
            self._has_speed = False
            return True
        return False

    def _refusal(self, reply: Reply, voice: str) -> TransportError:
        endpoint = self._client.endpoint
        if names(reply, "voice"):
            return TransportRefused(
                f"{endpoint.label} does not have the voice {clean_line(voice, 40)}.",
                hint="Set speech_voice in the profile's [http].",
                param="voice",
            )
        return voice_refusal(reply, endpoint, "speech_model")

    def _no_sound(self, reply: Reply) -> TransportError:
        endpoint = self._client.endpoint
        if is_web_page(reply):
            return web_page(endpoint)
        said = error_body(reply).message.rstrip(".")
        return NotSupported(f"{endpoint.label} sent no sound{': ' + said if said else ''}.")
