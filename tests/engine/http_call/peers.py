"""A provider in this process, and a user who talks to it: what is said is written in the sound itself.

A word is a run of frames that all hold the same sample, its place in the vocabulary; silence parts two words.
"""

from __future__ import annotations

import asyncio
import json
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_SAMPLES, SILENCE
from sentra_tui.domain.changes import Change
from sentra_tui.domain.errors import SentraError, TransportLost
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import ChatMessage, TextEnded, TextEvent, TextExtended
from sentra_tui.engine.http_call.call import HttpCall
from sentra_tui.protocol import codec
from sentra_tui.protocol.client_events import ClientEvent
from sentra_tui.protocol.effects import Effect, SendEvent
from sentra_tui.protocol.session import Session

WORD_FRAMES = 8
GAP_FRAMES = 2
VOICE_SAMPLE = 9_000


def said(text: str, pause_frames: int = GAP_FRAMES) -> list[bytes]:
    """Return the frames of these words: 200 ms each."""
    frames: list[bytes] = []
    for word in text.split():
        number = 1_000 + sum(ord(letter) * 31**place for place, letter in enumerate(word)) % 20_000
        VOCABULARY[number] = word
        frames += [array("h", [number] * FRAME_SAMPLES).tobytes()] * WORD_FRAMES
        frames += [SILENCE] * pause_frames
    return frames


VOCABULARY: dict[int, str] = {}


def quiet(duration_ms: int) -> list[bytes]:
    return [SILENCE] * (duration_ms // 20)


class LoudDetector:
    """Takes every sound for speech."""

    def hear(self, frame: bytes) -> tuple[bool, bool]:
        half = FRAME_BYTES // 2
        return any(frame[:half]), any(frame[half:])


class Reader:
    """Writes down what is said, after a while. `failures` come in the place of the next transcripts."""

    max_ms = 60_000

    def __init__(self, delay_s: float = 0.0, *, streamed: bool = False) -> None:
        self.delay_s = delay_s
        self.streamed = streamed
        self.heard: list[str] = []
        self.lengths_ms: list[int] = []
        self.failures: list[SentraError] = []
        self.at_once = self.most_at_once = 0

    async def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await asyncio.sleep(self.delay_s)
            if self.failures:
                raise self.failures.pop(0)
            text = words_in(sound)
            self.heard.append(text)
            self.lengths_ms.append(len(sound) // 96)
            for word in text.split() if self.streamed else ():
                yield TextExtended(f"{word} ")
            yield TextEnded(text, Usage(seconds=len(sound) / 96_000))
        finally:
            self.at_once -= 1


class Answerer:
    """Answers the last message of a conversation: the first word after a while, the others in step."""

    def __init__(
        self, answer: Callable[[str], str] = lambda text: f"You said {text}.", delay_s: float = 0.0, word_s: float = 0.0
    ) -> None:
        self.answer = answer
        self.delay_s = delay_s
        self.word_s = word_s
        self.asked: list[Sequence[ChatMessage]] = []
        self.failures: list[SentraError] = []

    async def complete(self, messages: Sequence[ChatMessage], *, max_tokens: int) -> AsyncIterator[TextEvent]:
        self.asked.append(messages)
        await asyncio.sleep(self.delay_s)
        if self.failures:
            raise self.failures.pop(0)
        text = self.answer(messages[-1].text)
        for place, word in enumerate(text.split()):
            await asyncio.sleep(self.word_s)
            yield TextExtended(f" {word}" if place else word)
        yield TextEnded(text, Usage(text_in=10, text_out=len(text.split())))


class Speaker:
    """Says text: 100 ms a word, after a while, in uneven pieces."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.said: list[str] = []
        self.failures: list[SentraError] = []

    async def speak(self, text: str, *, voice: str, speed: float) -> AsyncIterator[bytes]:
        await asyncio.sleep(self.delay_s)
        if self.failures:
            raise self.failures.pop(0)
        self.said.append(text)
        sound = array("h", [VOICE_SAMPLE] * (FRAME_SAMPLES * 5 * len(text.split()))).tobytes()
        for start in range(0, len(sound), 3_001):
            yield sound[start : start + 3_001]
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Nothing is held."""


def words_in(sound: bytes) -> str:
    words: list[str] = []
    last = 0
    for start in range(0, len(sound), FRAME_BYTES):
        number = int.from_bytes(sound[start : start + 2], "little")
        if number and number != last:
            words.append(VOCABULARY[number])
        last = number
    return " ".join(words)


def session_config(
    *, voice: bool = False, silence_ms: int = 500, kind: str = "realtime", interrupt: bool = True, turns: bool = True
) -> dict[str, Any]:
    """Return a session as the engine asks for it."""
    detection: dict[str, Any] = {"type": "server_vad", "prefix_padding_ms": 300, "silence_duration_ms": silence_ms}
    sound: dict[str, Any] = {"input": {"transcription": {"model": "m"}, "turn_detection": detection if turns else None}}
    if kind == "transcription":
        return {"type": kind, "audio": sound}
    detection |= {"create_response": True, "interrupt_response": interrupt}
    sound["output"] = {"voice": "marin", "speed": 1.0}
    modalities = ["audio"] if voice else ["text"]
    return {
        "type": kind,
        "model": "m",
        "instructions": "Be brief.",
        "output_modalities": modalities,
        "max_output_tokens": 300,
        "audio": sound,
    }


async def nothing() -> None:
    """A check that finds everything well."""


async def credential() -> Credential:
    return Credential(Secret("sk-test"))


class Conversation:
    """The engine's side of a call: its own session, which reads what the call says; and the clock of sound."""

    def __init__(self, call: HttpCall, *, answers: bool = True, voice: bool = False) -> None:
        self.call = call
        self.session = Session("mic", 1, 0, answers=answers, voice=voice, mark="m", context_lines=9)
        self.changes: list[Change] = []
        self.effects: list[Effect] = []
        self.events: list[dict[str, Any]] = []
        self.heard: list[bytes | None] = []
        """What the loudspeaker got, 20 ms each."""
        self.lost: TransportLost | None = None
        self._loop = asyncio.get_running_loop()
        self._origin_s = self._loop.time()
        self._task = self._loop.create_task(self._read())

    @property
    def now_ms(self) -> int:
        return int((self._loop.time() - self._origin_s) * 1000)

    async def talk(self, frames: Iterable[bytes], pace_s: float = 0.0) -> None:
        """Send these frames, and play what comes back meanwhile."""
        due_s = self._loop.time()
        for frame in frames:
            self.call.send_audio(frame)
            self.heard.append(self.call.receive_audio())
            due_s += pace_s
            await asyncio.sleep(max(0.0, due_s - self._loop.time()))

    async def until(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Be silent until `condition()` holds, in steps of 20 ms of sound."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                await self.talk([SILENCE])
                await asyncio.sleep(0.001)

    def perform(self, outcome: Sequence[Change | Effect]) -> None:
        for told in outcome:
            if isinstance(told, SendEvent):
                self.say(told.event)
            elif isinstance(told, Effect):
                self.effects.append(told)
            else:
                self.changes.append(told)

    def say(self, event: ClientEvent) -> None:
        with suppress(TransportLost):
            self.call.send(codec.encode(event))

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def kinds(self, *beginnings: str) -> list[str]:
        return [event["type"] for event in self.events if event["type"].startswith(beginnings)]

    async def close(self) -> None:
        await self.call.close()
        await asyncio.wait([self._task])

    async def _read(self) -> None:
        try:
            async for message in self.call.messages():
                self.events.append(json.loads(message))
                self.perform(self.session.receive(codec.decode(message), self.now_ms))
        except TransportLost as error:
            self.lost = error


async def connected(
    reader: Reader,
    answerer: Answerer,
    speaker: Speaker | None,
    config: dict[str, Any],
    check: Callable[[], Awaitable[None]] = nothing,
    **options: Any,
) -> Conversation:
    call = HttpCall(reader, answerer, speaker, LoudDetector(), config, open_check=check, **options)
    await call.connect(credential())
    answers = config["type"] == "realtime"
    voice = config.get("output_modalities") == ["audio"]
    return Conversation(call, answers=answers, voice=voice)
