from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.voice import synthesize
from sentra_tui.services.audio.speech.detectors import open_detector
from sentra_tui.services.audio.speech.silero import PACKAGE, WINDOW_SAMPLES, SileroSpeechDetector


def spoken(text: str) -> list[bytes]:
    pcm, rate_hz = synthesize(text)
    sound = Resampler(rate_hz, SAMPLE_RATE_HZ).feed(pcm)
    return [sound[start : start + FRAME_BYTES] for start in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES)]


def share(detector: SpeechDetector, frames: list[bytes]) -> float:
    steps = [speech for frame in frames for speech in detector.hear(frame)]
    return sum(steps) / len(steps)


def quieter(frames: list[bytes], gain: float) -> list[bytes]:
    return [(np.frombuffer(frame, "<i2") * gain).astype("<i2").tobytes() for frame in frames]


def test_webrtc_hears_speech_and_no_silence() -> None:
    detector = open_detector("webrtc")
    assert share(detector, [SILENCE] * 50) == 0
    assert share(detector, spoken("What does a write-through cache cost?")) > 0.6


def test_whispers_from_the_next_room_are_below_the_gate() -> None:
    assert share(open_detector("webrtc"), quieter(spoken("What does a write-through cache cost?"), 0.01)) == 0


def test_a_detector_that_nobody_knows_is_named() -> None:
    with pytest.raises(SourceError, match="nothing"):
        open_detector("nothing")


def test_what_silero_needs_is_said_where_it_is_missing() -> None:
    try:
        detector = open_detector("silero")
    except SourceError as error:
        assert PACKAGE in error.hint
    else:
        assert share(detector, spoken("What does a write-through cache cost?")) > 0.5


def test_silero_is_asked_for_each_window_once_and_its_word_holds_until_the_next() -> None:
    windows: list[int] = []

    def probability(window: NDArray[np.float32]) -> float:
        windows.append(window.size)
        return len(windows) % 2 * 0.9

    detector = SileroSpeechDetector(probability)
    loud = np.full(FRAME_BYTES // 2, 8_000, "<i2").tobytes()
    heard = [detector.hear(loud) for _ in range(160)]
    assert set(windows) == {WINDOW_SAMPLES}
    assert 98 <= len(windows) <= 100
    assert any(first for first, _ in heard)
    assert not all(second for _, second in heard)
    assert all(before == after for (_, before), (after, _) in pairwise(heard))


def test_silero_is_not_believed_below_the_gate() -> None:
    assert share(SileroSpeechDetector(lambda window: 1.0), [SILENCE] * 20) == 0
