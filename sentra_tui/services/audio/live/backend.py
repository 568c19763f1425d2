"""How sound is taken from the sound server: by one of two backends behind one interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from sentra_tui.services.audio.live.snapshot import STREAM_PROPERTY, PulseSource

OnBlock = Callable[[bytes], None]
"""Takes 10 ms of 48 kHz mono s16le, in the backend's thread."""
OnEnded = Callable[[str], None]
"""Takes why a stream ended by itself, a sentence, in the backend's thread."""
MAX_CHANNELS = 2


class Capture(Protocol):
    """One stream from one source."""

    async def open(self) -> None:
        """Start it; raises SourceError."""
        ...

    async def close(self) -> None:
        """End it; may be called more than once, and before it was opened."""
        ...


class CaptureMaker(Protocol):
    """Makes a stream that the sound server shows with `token`."""

    def __call__(self, source: PulseSource, token: str, on_block: OnBlock, on_ended: OnEnded) -> Capture:
        """Return it, not yet open."""
        ...


class Backend(Struct, frozen=True):
    """A way to capture."""

    name: str
    make: CaptureMaker
    reason: str = ""
    """Why not a better one; empty for the best."""


def stream_properties(token: str) -> dict[str, str]:
    """Return what the sound server is told of a stream.

    PipeWire obeys the last two: it ends a stream whose source is gone instead of moving it, and does not bring back
    the place where a user once moved another stream of the same name. PulseAudio ignores them.
    """
    return {
        "application.name": "sentra-tui",
        STREAM_PROPERTY: token,
        "node.dont-reconnect": "true",
        "state.restore-target": "false",
    }


def capture_channels(source: PulseSource) -> int:
    """Return how many channels to capture: PipeWire adds those of a stereo monitor, which clips, so we average them."""
    return min(source.channels, MAX_CHANNELS)
