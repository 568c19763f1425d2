"""HTTP mode against its three requests made one after the other: from the end of speech to the first sound.

The engine and the local provider are real, each in a process of its own; the provider takes its time over each stage,
as its plan of faults says, on top of what it needs. What is said is the demo talk, which the recogniser knows. For the
reference the same sound is written down, answered and spoken by requests that wait for each other: the first two to
their end, the last to its first byte.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import tempfile
import time
import wave
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import numpy as np
from msgspec import Struct

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, median, progress
from bench.sound_server import MICROPHONE, MONITOR, Recording, private_sound, recording
from bench.turns import LOUD
from sentra_tui.domain import actions as a
from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.changes import Noticed
from sentra_tui.domain.config import DEMO_TRANSCRIPTION_MODEL, LOCAL_SPEECH_MODEL, LOCAL_TEXT_MODEL
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.demo import load_talk
from sentra_tui.provider.voice import synthesize
from tests.engine.process import EngineProcess

TRANSCRIPTION_S = 0.8
SPEECH_S = 0.6
SILENCE_MS = 600
"""How long a pause ends a turn, as it does where answers are written."""
NAME = "bench"

_CHAT_FIRST_S = 0.3
_CHAT_WORD_S = 0.1
"""An answer in the demo talk has about seven pieces, so it is written in about a second."""
_ANSWER_S = 12.0
"""The longest wait for an answer to begin."""
_QUIET_S = 1.5
"""An answer has ended when nothing was heard for so long."""
_LOOK_S = 0.1
_START_S = 20
_KEY = "BENCH_KEY"

Play = Callable[[bytes], AbstractContextManager[None]]


class Question(Struct, frozen=True):
    """What is said in one turn, 48 kHz."""

    text: str
    pcm: bytes


class Place(Struct, frozen=True):
    """Where the provider is, and what opens it."""

    base_url: str
    api_key: str


def measure(request: Request) -> Measurements:
    """Return how much of the sequential time is left, in the median."""
    questions = _questions()
    with (
        private_sound() as server,
        tempfile.TemporaryDirectory() as home,
        recording(MICROPHONE) as said,
        recording(MONITOR) as heard,
    ):
        spans, sequential_s = asyncio.run(_measure(Path(home), server.environ, server.play, heard, questions))
        waits_s = [_wait_s(span, said, heard) for span in spans]
    pairs = [(wait_s, whole_s) for wait_s, whole_s in zip(waits_s, sequential_s, strict=True) if wait_s is not None]
    if len(pairs) < 0.8 * len(questions):
        raise CannotMeasure(f"only {len(pairs)} of {len(questions)} turns were answered aloud")
    ratios = tuple(wait_s / whole_s for wait_s, whole_s in pairs)
    wait_s, whole_s = (median(column) for column in zip(*pairs, strict=True))
    note = (
        f"median of {len(pairs)} of {len(questions)} turns of the demo talk; the last sample of the speech at the "
        f"virtual microphone to the first of the answer at the virtual loudspeaker, {wait_s:.2f} s, against "
        f"{whole_s:.2f} s for the same three requests one after the other (0.8, 1.0 and 0.6 s, and what the recogniser "
        f"takes); a turn ends after {SILENCE_MS} ms of silence, which the wait holds and the reference does not"
    )
    return {"http_first_sound_ratio": Measurement(value=median(ratios), trials=ratios, note=note)}


async def _measure(
    home: Path, environ: dict[str, str], play: Play, heard: Recording, questions: list[Question]
) -> tuple[list[tuple[float, float]], list[float]]:
    """Return when each turn was going on, and how long the three requests take for it one after the other."""
    provider = await _start_provider(home)
    try:
        place = await _place(provider)
        sequential_s = await _sequential(place, questions)
        return await _talk(home, environ, place, play, heard, questions), sequential_s
    finally:
        provider.terminate()
        await provider.wait()


async def _start_provider(home: Path) -> Process:
    plan = {
        "text": [
            {"api": "transcriptions", "delay_s": TRANSCRIPTION_S},
            {"api": "chat", "delay_s": _CHAT_FIRST_S, "word_interval_s": _CHAT_WORD_S},
            {"api": "speech", "delay_s": SPEECH_S},
        ]
    }
    (home / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    command = (sys.executable, "-m", "sentra_tui.provider", f"--plan={home / 'plan.json'}")
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE)


async def _place(provider: Process) -> Place:
    assert provider.stdout is not None
    started = json.loads(await asyncio.wait_for(provider.stdout.readline(), _START_S) or b"{}")
    if "base_url" not in started:
        raise CannotMeasure("the local provider did not start")
    return Place(started["base_url"], started["api_key"])


async def _sequential(place: Place, questions: list[Question]) -> list[float]:
    """Return how long the stages take for each question, when each waits for the one before it."""
    took_s = []
    headers = {"Authorization": f"Bearer {place.api_key}"}
    async with httpx.AsyncClient(base_url=place.base_url, headers=headers, timeout=30, trust_env=False) as http:
        await _written_down(http, questions[0])  # the recogniser is loaded when it is first needed
        for question in questions:
            began_s = time.perf_counter()
            asked = await _written_down(http, question)
            await _first_byte(http, await _answered(http, asked))
            took_s.append(time.perf_counter() - began_s)
            progress(f"one after the other: {took_s[-1]:.2f} s")
    return took_s


async def _written_down(http: httpx.AsyncClient, question: Question) -> str:
    files = {"file": ("speech.wav", _wav(question.pcm), "audio/wav")}
    reply = await http.post("audio/transcriptions", files=files, data={"model": DEMO_TRANSCRIPTION_MODEL})
    return str(reply.json()["text"])


async def _answered(http: httpx.AsyncClient, asked: str) -> str:
    body = {"model": LOCAL_TEXT_MODEL, "messages": [{"role": "user", "content": asked or "hello"}]}
    reply = await http.post("chat/completions", json=body)
    return str(reply.json()["choices"][0]["message"]["content"])


async def _first_byte(http: httpx.AsyncClient, text: str) -> None:
    body = {"model": LOCAL_SPEECH_MODEL, "input": text, "voice": "marin", "response_format": "pcm"}
    async with http.stream("POST", "audio/speech", json=body) as reply:
        async for _ in reply.aiter_raw():
            return


async def _talk(
    home: Path, environ: dict[str, str], place: Place, play: Play, heard: Recording, questions: list[Question]
) -> list[tuple[float, float]]:
    _write_config(home / "config.toml", place)
    options = (f"--config={home / 'config.toml'}", f"--provider={NAME}", "--transport=http")
    more = ("--mic=device", "--speaker=none", *options)
    engine = await EngineProcess.start(home, *more, env={**environ, _KEY: place.api_key})
    try:
        engine.send(a.SetVoice(True))
        await engine.until_live("mic")
        await engine.until(lambda state: state.voice)
        spans = []
        for question in questions:
            began_s = time.monotonic()
            with play(question.pcm):
                await asyncio.sleep(len(question.pcm) / 2 / SAMPLE_RATE_HZ)
                await _answered_aloud(heard)
            spans.append((began_s, time.monotonic()))
            progress(f"said: {question.text[:60]}")
        return spans
    except AssertionError as error:
        told = "; ".join(change.text for change in engine.changes if isinstance(change, Noticed))
        raise CannotMeasure(f"HTTP mode did not come about: {told or str(error)[:200]}") from error
    finally:
        await engine.stop()


async def _answered_aloud(heard: Recording) -> None:
    """Wait for an answer, and for its end."""
    for deadline_s, sounding in ((_ANSWER_S, False), (3 * _ANSWER_S, True)):
        for _ in range(round(deadline_s / _LOOK_S)):
            if _sounds(heard) is not sounding:
                break
            await asyncio.sleep(_LOOK_S)


def _sounds(heard: Recording) -> bool:
    """Return whether anything was heard just now."""
    latest = heard.samples(len(heard) - round(_QUIET_S * SAMPLE_RATE_HZ))
    return int(np.abs(latest.astype(int)).max(initial=0)) >= LOUD


def _write_config(path: Path, place: Place) -> None:
    path.write_text(
        f'[aux]\nspoken_silence_ms = {SILENCE_MS}\n[providers.{NAME}]\nbase_url = "{place.base_url}"\n'
        f'key_env = "{_KEY}"\nvoices = ["marin"]\n[providers.{NAME}.http]\n'
        f'transcription_model = "{DEMO_TRANSCRIPTION_MODEL}"\nchat_model = "{LOCAL_TEXT_MODEL}"\n'
        f'speech_model = "{LOCAL_SPEECH_MODEL}"\nspeech_voice = "marin"\n',
        encoding="utf-8",
    )


def _questions() -> list[Question]:
    talk = load_talk()
    questions = []
    for turn in talk.turns:
        pcm, rate_hz = synthesize(turn.text, talk.voices[turn.who], talk.words_per_minute)
        resampler = Resampler(rate_hz, SAMPLE_RATE_HZ)
        questions.append(Question(turn.text, resampler.feed(pcm) + resampler.flush()))
    return questions


def _wait_s(span: tuple[float, float], said: Recording, heard: Recording) -> float | None:
    """Return the time from the last of the speech to the first of the answer; None where there is not both."""
    spoken = _loud_s(span, said)
    answered = _loud_s(span, heard)
    if not spoken or not answered or answered[0] < spoken[-1]:
        return None
    return answered[0] - spoken[-1]


def _loud_s(span: tuple[float, float], sound: Recording) -> list[float]:
    """Return when the first and the last loud sample of this time were played."""
    samples = sound.samples()
    first_s = sound.time_of(0)
    begin, end = (max(0, round((moment_s - first_s) * SAMPLE_RATE_HZ)) for moment_s in span)
    loud = np.flatnonzero(np.abs(samples[begin:end].astype(int)) >= LOUD)
    return [sound.time_of(begin + int(place)) for place in (loud[0], loud[-1])] if loud.size else []


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE_HZ)
        writer.writeframes(pcm)
    return file.getvalue()
