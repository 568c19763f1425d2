"""What the engine needs of sound, as the bare nouns that services implement.

Sound crosses every port as frames of `sentra_tui.domain.audio`: 20 ms, 48 kHz mono, s16le, 1,920 bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol

from msgspec import Struct

from sentra_tui.domain.sound import Devices, Trouble


class SourceReport(Struct, frozen=True):
    """What became known of a source while it is open."""

    trouble: Trouble = Trouble.NONE
    advice: str = ""
    """What the trouble means and what helps, one line."""
    label: str = ""
    """What the source is called now; empty where that did not change."""


Report = Callable[[SourceReport], None]
"""Takes what a source has to say, in the loop's thread; never blocks."""


class AudioSource(Protocol):
    """Gives sound, paced in real time.

    A source that may come back (a device, another host) does not end when it goes: it gives silence, says so in a
    `SourceReport`, and goes on when it is there again. It never gives sound of another device than the one it is for.
    """

    @property
    def label(self) -> str:
        """What the user calls it."""
        ...

    def frames(self) -> AsyncIterator[bytes]:
        """Yield one frame each 20 ms until the source ends; raises SourceError when it breaks for good."""
        ...

    async def close(self) -> None:
        """Let go of it; may be called more than once."""
        ...


class AudioSink(Protocol):
    """Plays sound."""

    @property
    def label(self) -> str:
        """What the user calls it."""
        ...

    def write(self, frame: bytes) -> None:
        """Queue one frame; never blocks."""
        ...

    def flush(self) -> None:
        """Forget what is queued and be silent at once."""
        ...

    def set_gain(self, gain: float) -> None:
        """Play everything from now on at this share of its amplitude, 0 to 1, without a click."""
        ...

    def heard_ms(self) -> int:
        """Return how much sound was heard since the sink was opened: what was played, less the device's delay.

        Silence between sounds is not counted.
        """
        ...

    def sounding(self) -> bool:
        """Return whether sound is being heard, or is queued."""
        ...

    async def close(self) -> None:
        """Let go of it; may be called more than once."""
        ...


class EchoCanceller(Protocol):
    """Takes out of a microphone's sound what came from a loudspeaker."""

    def hear(self, sound: bytes) -> None:
        """Take what a loudspeaker plays next, before or as it does: whole blocks of 10 ms. From any thread."""
        ...

    def clean(self, frame: bytes) -> bytes:
        """Return the microphone's next frame without echo, about 10 ms late; raises SourceError when it breaks."""
        ...

    def erle_db(self) -> float | None:
        """Return how much echo was taken out lately, None where there was none to measure."""
        ...

    def reset(self) -> None:
        """Forget all sound that is held, and nothing of what is known of the room."""
        ...

    def close(self) -> None:
        """Let go of it; may be called more than once."""
        ...


class BleedGate(Protocol):
    """Holds the microphone where all that it hears is what another stream plays in the same room."""

    def hear_other(self, frame: bytes) -> None:
        """Take the next frame of the other stream."""
        ...

    def passes(self, frame: bytes) -> bool:
        """Return whether the microphone's next frame holds more than an echo of the other stream."""
        ...


class SpeechDetector(Protocol):
    """Tells speech from other sound, by its look: it does not know whose."""

    def hear(self, frame: bytes) -> tuple[bool, bool]:
        """Return whether there is speech in the first and in the second 10 ms of a frame."""
        ...


class Recorder(Protocol):
    """Writes one stream's sound into a file."""

    @property
    def path(self) -> str:
        """The file."""
        ...

    def write(self, frame: bytes) -> None:
        """Queue one frame; never blocks."""
        ...

    async def close(self) -> None:
        """Write what waits and finish the file; may be called more than once."""
        ...


class DeviceWatcher(Protocol):
    """Lists the devices, and listens to all of them while somebody chooses."""

    async def watch(self, on_devices: Callable[[Devices], None]) -> None:
        """Tell at once which devices there are, again when that changes, and how loud each of them is, ten times a
        second, until cancelled. Raises SourceError where there is no sound system.
        """
        ...
