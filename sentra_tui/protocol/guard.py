"""The half-duplex guard: the microphone is held while an answer sounds, and a while after it.

Where echo cannot be cancelled this keeps the assistant from hearing itself. The price is that it cannot be interrupted
by voice, so the user's own key is stronger.
"""

from __future__ import annotations


class HalfDuplexGuard:
    """Holds a microphone; `tail_ms` is how long the room still sounds after the loudspeaker."""

    def __init__(self, tail_ms: int) -> None:
        self.talking = False
        """The user holds the key to talk: nothing is held."""
        self._tail_ms = tail_ms
        self._held_until_ms = 0

    def holds(self, now_ms: int, *, sounding: bool) -> bool:
        """Return whether to hold the microphone just now."""
        if sounding:
            self._held_until_ms = now_ms + self._tail_ms
        return (sounding or now_ms < self._held_until_ms) and not self.talking
