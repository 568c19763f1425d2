"""Recognition by PocketSphinx with the model in its package: US English, the words of its dictionary.

Two passes. While sound comes, a quick one gives hypotheses; at the end the whole utterance is decoded once more with
its own loudness and timbre averaged out (batch cepstral mean normalisation). On recorded speech sent through Opus that
finds 3 words of 4, and hardly depends on where the utterance was cut; the quick pass finds 2 of 3.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Protocol

import pocketsphinx

from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

SEGMENT_S = 12.0
"""Longer utterances are decoded in pieces of this length, so that the second pass stays short."""

_EDGE = bytes(SPEECH_RATE_HZ // 5 * 2)
"""Silence at both ends of a piece: 0.2 s."""

_DICTIONARY = "en-us/cmudict-en-us.dict"

_TUNING = {"fwdflat": False, "bestpathlw": 7.5, "maxhmmpf": 2000}
"""Best of those tried on recorded speech through Opus; a third pass (fwdflat) finds no more words. With 2,000 states
followed at a time it takes half the processor time of 30,000 and finds as many; with 1,000 it finds fewer.
"""

_PIECE_BYTES = SPEECH_RATE_HZ // 50 * 2


class Engine(Protocol):
    """What recognises one utterance after the other."""

    def begin(self, *, guesses: bool = True) -> None:
        """Begin an utterance, with or without hypotheses; one that was not finished is forgotten."""
        ...

    def feed(self, pcm: bytes) -> None:
        """Take more of it: 16 kHz mono, s16le."""
        ...

    def hypothesis(self) -> str:
        """Return what it seems to say so far."""
        ...

    def finish(self) -> str:
        """Return what it says."""
        ...


class SphinxEngine:
    """PocketSphinx, for open dictation or, with `arpa`, for a text known beforehand."""

    def __init__(self, arpa: str = "") -> None:
        pocketsphinx.set_loglevel("FATAL")
        self._decoder = _decoder(arpa)
        self._guesses = True
        self._decoding = False
        """The quick pass runs."""
        self._segment = bytearray()
        self._texts: list[str] = []

    def begin(self, *, guesses: bool = True) -> None:
        """Begin an utterance; without `guesses` there is no quick pass."""
        self._stop()
        self._texts.clear()
        self._guesses = guesses
        self._begin_segment()

    def feed(self, pcm: bytes) -> None:
        """Take more sound, a little at a time: PocketSphinx crashes on seconds of it at once."""
        for start in range(0, len(pcm), _PIECE_BYTES):
            self._feed(pcm[start : start + _PIECE_BYTES])

    def _feed(self, pcm: bytes) -> None:
        if not self._segment:
            self._begin_segment()
        self._segment += pcm
        if self._decoding:
            self._decoder.process_raw(pcm)
        if len(self._segment) >= SEGMENT_S * SPEECH_RATE_HZ * 2:
            self._finish_segment()

    def hypothesis(self) -> str:
        """Return the words so far, of the quick pass."""
        return " ".join(filter(None, [*self._texts, self._heard() if self._decoding else ""]))

    def finish(self) -> str:
        """Return the words, of the second pass."""
        if self._segment:
            self._finish_segment()
        return " ".join(filter(None, self._texts))

    def _begin_segment(self) -> None:
        self._segment = bytearray(_EDGE)
        if self._guesses:
            self._decoder.start_utt()
            self._decoder.process_raw(_EDGE)
            self._decoding = True

    def _finish_segment(self) -> None:
        was_guessing = self._decoding
        self._stop()
        quick = self._heard() if was_guessing else ""
        # Without this the second pass inherits the first one's features and finds fewer words (67 % instead of 75 %).
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(bytes(self._segment) + _EDGE, full_utt=True)
        self._decoder.end_utt()
        self._segment.clear()
        self._texts.append(self._heard() or quick)

    def _stop(self) -> None:
        if self._decoding:
            self._decoder.end_utt()
            self._decoding = False

    def _heard(self) -> str:
        hypothesis = self._decoder.hyp()
        words = hypothesis.hypstr.split() if hypothesis is not None else []
        return " ".join(word for word in words if word[0] not in "[<+")


def _decoder(arpa: str) -> pocketsphinx.Decoder:
    if not arpa:
        return pocketsphinx.Decoder(**_TUNING)
    with tempfile.TemporaryDirectory() as folder:
        model, dictionary = Path(folder) / "demo.lm", Path(folder) / "demo.dict"
        model.write_text(arpa, encoding="ascii")
        dictionary.write_text(_pronunciations(_words(arpa)), encoding="utf-8")
        return pocketsphinx.Decoder(**_TUNING, lm=str(model), dict=str(dictionary))


def _words(arpa: str) -> set[str]:
    """Return the words of a language model: the unigrams' lines are a probability, the word, and a weight."""
    unigrams = arpa.partition("\\1-grams:")[2].partition("\n\n")[0]
    return {line.split()[1] for line in unigrams.split("\n") if line}


def _pronunciations(words: set[str]) -> str:
    """Return the lines of the dictionary that are about these words; `WORD(2)` is another way to say one.

    With the whole dictionary and a small model PocketSphinx takes 5 s to start.
    """
    with (Path(pocketsphinx.get_model_path()) / _DICTIONARY).open(encoding="utf-8") as lines:
        return "".join(line for line in lines if line.partition(" ")[0].partition("(")[0] in words)
