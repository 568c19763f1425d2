"""What the platforms have in common when they give what an output plays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

OnSound = Callable[[bytes, int, int], None]
"""Takes interleaved s16le, its sample rate in Hz and its channels, in the platform's thread; never blocks."""


class LoopbackCapture(Protocol):
    """One platform's stream. Every method blocks, and is called on a thread made for it, one at a time."""

    def open(self, name: str, on_sound: OnSound) -> str:
        """Begin to hear the output called `name`, the default one if that is empty; return what it is called.

        Raises SourceError.
        """
        ...

    def alive(self) -> bool:
        """Return whether it still runs; one that gives nothing because nothing plays does."""
        ...

    def close(self) -> None:
        """End it; may be called more than once, and before it was opened."""
        ...
