"""Endpointing: where a turn ends that the server does not find by itself.

Some transcription models take no turn detection: what was said is written down when the client commits it. So a turn
is committed when the speech of it has ended. Who does not stop is committed too, before the turn gets too long, and in
a short pause where there is one, so that no word is cut in two. Silence is never committed: it costs, and is answered
with an error or with words that nobody said.
"""

from __future__ import annotations

from sentra_tui.protocol.speech import PAUSE_MS, STEP_MS, Speech

LEAST_MS = 100
"""Servers refuse to commit less sound than this."""
EAGER_SHARE = 0.8
"""From this share of the longest turn on, a short pause is waited for."""
SHORT_PAUSE_MS = 120


class Endpointing:
    """Decides for one stream of one call. `utterance_ms` is the longest turn, `pause_ms` the silence that ends one."""

    def __init__(self, utterance_ms: int, pause_ms: int = PAUSE_MS) -> None:
        self._utterance_ms = utterance_ms
        self._speech = Speech(pause_ms)
        self._turn_ms = 0
        """How long the turn is that is not committed, since its speech began."""
        self._spoken = False
        self._unsent_ms = 0
        """How much sound the server has that is not committed."""

    def hear(self, speech: bool) -> bool:
        """Take the next 10 ms: whether they look like speech; return whether to commit what was heard so far."""
        self._unsent_ms += STEP_MS
        edge = self._speech.hear(speech)
        self._spoken = self._spoken or edge == "began" or (self._speech.on and speech)
        if not self._spoken:
            return False
        self._turn_ms += STEP_MS
        if self._unsent_ms < LEAST_MS or not (edge == "ended" or self._too_long()):
            return False
        self._forget_turn()
        return True

    def reset(self) -> None:
        """Forget what was heard: the call is new, or what it heard since is silence."""
        self._speech.reset()
        self._forget_turn()

    def _too_long(self) -> bool:
        if self._turn_ms >= self._utterance_ms:
            return True
        return self._turn_ms >= self._utterance_ms * EAGER_SHARE and self._speech.silent_ms >= SHORT_PAUSE_MS

    def _forget_turn(self) -> None:
        self._turn_ms = self._unsent_ms = 0
        self._spoken = False
