"""The demo talk: a short technical conversation of two voices, spoken at run time.

Two recordings of equal length come of it, what the microphone hears and what the others say; each is silent while the
other side speaks. Open dictation cannot follow a synthetic voice, so for this talk alone the recogniser gets a
language model of its words.
"""

from __future__ import annotations

import io
import re
import tomllib
import wave
from importlib import resources
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct

from sentra_tui.provider.language_model import arpa_trigram

Side = Literal["mic", "speaker"]

_WORD = re.compile(r"[a-z']+")
_SENTENCE_END = re.compile(r"[.!?]")
_FIRST_PAUSE_S = 0.5
_ROOM = 1
"""The seed of the noise: the talk is the same each time."""


class DemoTurn(Struct, frozen=True):
    """What one side says without a break."""

    who: Side
    text: str


class DemoTalk(Struct, frozen=True):
    """The script."""

    pause_s: float
    """The silence between turns."""
    words_per_minute: int
    voices: dict[Side, str]
    turns: list[DemoTurn]

    def text(self, side: Side) -> str:
        """Return all that one side says."""
        return " ".join(turn.text for turn in self.turns if turn.who == side)


def load_talk() -> DemoTalk:
    """Return the script that ships with the package."""
    text = resources.files("sentra_tui.provider").joinpath("demo_talk.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), DemoTalk)


def words(text: str) -> list[str]:
    """Return the words of a text as the recogniser's dictionary writes them."""
    return _WORD.findall(text.lower())


def language_model() -> str:
    """Return the ARPA text of a trigram model of the talk: of its turns, and of the sentences they are made of."""
    spoken = []
    for turn in load_talk().turns:
        sentences = [words(sentence) for sentence in _SENTENCE_END.split(turn.text)]
        spoken += [sentence for sentence in sentences if sentence]
        spoken.append(words(turn.text))
    return arpa_trigram(spoken)


def recordings() -> dict[Side, bytes]:
    """Return both sides as WAV files, mono and 16 bit; raises ProviderError where there is no voice to speak them."""
    from sentra_tui.provider.voice import synthesize

    talk = load_talk()
    pause = _FIRST_PAUSE_S
    sides: dict[Side, bytearray] = {"mic": bytearray(), "speaker": bytearray()}
    sample_rate_hz = 0
    for turn in talk.turns:
        pcm, sample_rate_hz = synthesize(turn.text, talk.voices[turn.who], talk.words_per_minute)
        silence = bytes(int(pause * sample_rate_hz) * 2)
        for side, sound in sides.items():
            sound += silence + (pcm if side == turn.who else bytes(len(pcm)))
        pause = talk.pause_s
    for sound in sides.values():
        sound += bytes(int(talk.pause_s * sample_rate_hz) * 2)
    return {side: _wav(_in_a_room(bytes(sound)), sample_rate_hz) for side, sound in sides.items()}


def _in_a_room(pcm: bytes) -> bytes:
    """Return the sound with a noise of one step, as every microphone has it: on exact zeros recognisers go astray."""
    spoken = np.frombuffer(pcm, "<i2").astype(np.float64)
    noise = np.random.default_rng(_ROOM).normal(0.0, 1.0, spoken.size)
    return np.clip(np.round(spoken + noise), -32768, 32767).astype("<i2").tobytes()


def _wav(pcm: bytes, sample_rate_hz: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate_hz)
        writer.writeframes(pcm)
    return file.getvalue()
