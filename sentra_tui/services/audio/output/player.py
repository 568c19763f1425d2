"""How sound gets to an output: by one of several players behind one interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from sentra_tui.services.audio.live.snapshot import STREAM_PROPERTY

Fill = Callable[[], bytes]
"""Returns the next 10 ms of 48 kHz mono s16le; called in the player's thread, as the output needs it."""
OnEnded = Callable[[str], None]
"""Takes why a player ended by itself, a sentence, in the player's thread."""


class Player(Protocol):
    """One stream to one output."""

    @property
    def latency_s(self) -> float:
        """How long after a block was asked for it is heard, as far as that is known."""
        ...

    @property
    def xruns(self) -> int:
        """How often the output ran dry, since this player began."""
        ...

    async def open(self) -> None:
        """Start it; raises SourceError."""
        ...

    async def close(self) -> None:
        """End it; may be called more than once, and before it was opened."""
        ...


class PlayerMaker(Protocol):
    """Makes a player."""

    def __call__(self, output: str, token: str, latency_s: float, fill: Fill, on_ended: OnEnded) -> Player:
        """Return it, not yet open; `output` is the name of a sink or device, empty for the default one.

        A sound server shows its stream with `token`. The output holds about `latency_s` of sound.
        """
        ...


class Way(Struct, frozen=True):
    """A way to an output."""

    make: PlayerMaker
    reason: str = ""
    """Why not a better one, one line; empty for the best."""


def stream_properties(token: str) -> dict[str, str]:
    """Return what the sound server is told of a stream that plays: it may be moved, for sound is to be heard."""
    return {"application.name": "sentra-tui", "media.role": "phone", STREAM_PROPERTY: token}
