"""Endpointing: commits the turns of a stream whose server finds none."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.protocol.endpointing import Endpointing


class EndpointingDriver:
    """Hears every frame of a stream as it goes to the provider.

    `utterance_s` is the longest turn; `commit` ends one at the provider.
    """

    def __init__(self, detector: SpeechDetector, utterance_s: float, commit: Callable[[], None]) -> None:
        self._detector = detector
        self._machine = Endpointing(round(utterance_s * 1000))
        self._commit = commit
        self._on = False

    def call_began(self, *, finds_turns: bool) -> None:
        """Begin anew with this call; there is nothing to do where its server finds the turns."""
        self._on = not finds_turns
        self._machine.reset()

    def call_ended(self) -> None:
        """There is no call to commit anything in."""
        self._on = False

    def reset(self) -> None:
        """Forget what was heard: it is not to become a turn."""
        self._machine.reset()

    def hear(self, frame: bytes) -> None:
        """Take the stream's next frame, once it was sent."""
        if not self._on:
            return
        for speech in self._detector.hear(frame):
            if self._machine.hear(speech):
                self._commit()
