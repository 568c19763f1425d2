"""Where turns begin and end, from a detector's word on each 10 ms of what is heard.

Positions are milliseconds of the call's sound, from its first frame. A turn holds a little of what came before its
first word and after its last, and no more: silence costs, and a recogniser hears words in it that nobody said.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from sentra_tui.protocol.endpointing import EAGER_SHARE, SHORT_PAUSE_MS
from sentra_tui.protocol.http_session.settings import TurnDetection
from sentra_tui.protocol.speech import START_STEPS, STEP_MS, Speech

TAIL_MS = 200
"""How much is kept behind the last word."""
PREFIX_MS = 300
"""How much is kept before the first one, in turns that the client ends."""
PAUSES_MS = (100, 180)
"""Pauses that may be the end of the turn: hardly one, and longer than most between words."""

TurnEvent: TypeAlias = Literal["began", "paused", "ended", "cut"]


class Span(Struct, frozen=True):
    """A stretch of what was heard."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms


class TurnFinder:
    """Finds the turns of one call. A turn gets no longer than `longest_ms`: it is cut, in a pause where there is one.

    After "cut" the same turn goes on in a new stretch; after "ended" it is over.
    """

    def __init__(self, longest_ms: int) -> None:
        self.heard_ms = 0
        """How much was heard."""
        self.start_ms: int | None = None
        """Where the turn's sound begins; None between turns."""
        self.longest_ms = longest_ms
        self._detection: TurnDetection | None = None
        self._speech = Speech()
        self._spoken_ms = 0
        self._kept_ms = 0
        """Where sound begins that belongs to no turn yet."""
        self._speech_steps = 0

    def configure(self, detection: TurnDetection | None) -> None:
        """End turns so from now on; None leaves it to `take`."""
        if detection == self._detection:
            return
        was_on = self._speech.on
        self._detection = detection
        self._speech = Speech(detection.silence_duration_ms) if detection is not None else Speech()
        self._speech.on = was_on

    @property
    def needed_from_ms(self) -> int:
        """Where the sound begins that may still become a part of a turn."""
        return self._beginning() if self.start_ms is None else self.start_ms

    @property
    def speech_ms(self) -> int:
        """How much speech was heard since the call began."""
        return self._speech_steps * STEP_MS

    @property
    def silent_ms(self) -> int:
        """How long there was no speech."""
        return self._speech.silent_ms

    def span(self) -> Span:
        """Return the turn's sound so far."""
        return Span(self.needed_from_ms, self.heard_ms)

    def hear(self, speech: bool) -> TurnEvent | None:
        """Take the next 10 ms: whether they look like speech."""
        self.heard_ms += STEP_MS
        edge = self._speech.hear(speech)
        on = self._speech.on
        if on and speech:
            self._spoken_ms = self.heard_ms
            self._speech_steps += 1
        if edge == "ended" and self._detection is not None:
            return "ended"
        if self.start_ms is None:
            return self._begin() if on and speech else None
        if self._too_long():
            return "cut"
        return "paused" if on and self._speech.silent_ms in PAUSES_MS else None

    def take(self) -> Span | None:
        """End the turn here; return its sound, None where nobody spoke."""
        start_ms, self.start_ms = self.start_ms, None
        end_ms = min(self.heard_ms, self._spoken_ms + TAIL_MS)
        self._kept_ms = self.heard_ms if start_ms is None else end_ms
        return None if start_ms is None else Span(start_ms, end_ms)

    def clear(self) -> None:
        """Forget what was heard since the last turn."""
        self.start_ms = None
        self._kept_ms = self.heard_ms
        self._speech.reset()

    def _begin(self) -> TurnEvent:
        self.start_ms = self._beginning()
        return "began"

    def _beginning(self) -> int:
        prefix_ms = PREFIX_MS if self._detection is None else self._detection.prefix_padding_ms
        return max(self._kept_ms, self.heard_ms - START_STEPS * STEP_MS - prefix_ms, 0)

    def _too_long(self) -> bool:
        turn_ms = self.heard_ms - (self.start_ms or 0)
        if turn_ms >= self.longest_ms:
            return True
        return turn_ms >= self.longest_ms * EAGER_SHARE and self._speech.silent_ms >= SHORT_PAUSE_MS
