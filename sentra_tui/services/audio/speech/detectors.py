"""The speech detectors by name."""

from __future__ import annotations

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.services.audio.speech.silero import SileroModel, SileroSpeechDetector
from sentra_tui.services.audio.speech.webrtc import MILD, STRICTEST, WebRtcSpeechDetector


def open_detector(name: str, *, mild: bool = False) -> SpeechDetector:
    """Return a new detector, `webrtc` or `silero`; raises SourceError for what is not installed or not known.

    A `mild` one would rather take noise for speech than miss a word, where it can be told to.
    """
    match name:
        case "webrtc":
            return WebRtcSpeechDetector(MILD if mild else STRICTEST)
        case "silero":
            return SileroSpeechDetector(SileroModel())
        case _:
            raise SourceError(f"There is no speech detector called {name}.", hint="Known are webrtc and silero.")
