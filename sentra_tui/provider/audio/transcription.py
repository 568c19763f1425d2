"""A recording written down, in the shapes of the API. Words count as tokens, and so does each tenth of a second."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sentra_tui.domain.audio import samples_to_ms
from sentra_tui.provider.audio.transcription_form import TranscriptionForm
from sentra_tui.provider.audio.utterances import Utterance
from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

_TOKENS_PER_S = 10
_LANGUAGE = "english"
"""The language of the recogniser that ships with the package."""


@dataclass(frozen=True)
class WrittenDown:
    """What was said in a recording. `texts` has the words of each of the `spoken` utterances."""

    form: TranscriptionForm
    recorded_bytes: int
    spoken: list[Utterance]
    texts: list[str]

    @property
    def text(self) -> str:
        """All words."""
        return " ".join(filter(None, self.texts))

    def body(self, *, counted: bool) -> dict[str, Any]:
        """Return the JSON answer; with what it cost where it is `counted`."""
        usage = {"usage": {"type": "duration", "seconds": self._seconds}} if counted else {}
        if self.form.response_format == "json":
            return {"text": self.text, **usage}
        whole = {"task": "transcribe", "language": self.form.language or _LANGUAGE, "duration": self._seconds}
        return {**whole, "text": self.text, "segments": self._segments(), **usage}

    def done(self, *, counted: bool) -> dict[str, Any]:
        """Return the last event of a stream."""
        return {"type": "transcript.text.done", "text": self.text, **({"usage": self._tokens()} if counted else {})}

    def deltas(self) -> list[dict[str, Any]]:
        """Return the events before it: a word each."""
        words = self.text.split()
        return [
            {"type": "transcript.text.delta", "delta": f" {word}" if place else word}
            for place, word in enumerate(words)
        ]

    @property
    def _seconds(self) -> float:
        return samples_to_ms(self.recorded_bytes // 2, SPEECH_RATE_HZ) / 1000

    def _tokens(self) -> dict[str, Any]:
        heard = math.ceil(self._seconds * _TOKENS_PER_S)
        read = len(self.form.prompt.split())
        written = len(self.text.split())
        return {
            "type": "tokens",
            "input_tokens": heard + read,
            "input_token_details": {"audio_tokens": heard, "text_tokens": read},
            "output_tokens": written,
            "total_tokens": heard + read + written,
        }

    def _segments(self) -> list[dict[str, Any]]:
        return [
            {
                "id": place,
                "seek": 0,
                "start": utterance.start_ms / 1000,
                "end": utterance.end_ms / 1000,
                "text": text,
                "tokens": [],
                "temperature": 0.0,
                "avg_logprob": 0.0,
                "compression_ratio": 1.0,
                "no_speech_prob": 0.0,
            }
            for place, (utterance, text) in enumerate(zip(self.spoken, self.texts, strict=True))
        ]
