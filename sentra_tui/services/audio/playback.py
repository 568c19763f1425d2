"""The loudspeaker, as the engine has it."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.services.audio.output.loudspeaker import Loudspeaker, OnReport
from sentra_tui.services.audio.output.ring import Ring

OnPlayed = Callable[[bytes], None]
"""Takes each block of 10 ms as the output gets it, silence included, before it sounds. Not in the loop's thread."""


class SpeakerSink:
    """An AudioSink on an output that is followed. `open` makes it."""

    def __init__(
        self, output: str = "", *, on_played: OnPlayed | None = None, on_report: OnReport | None = None
    ) -> None:
        self._on_played = on_played
        self._ring = Ring()
        self._loudspeaker = Loudspeaker(output, self._ring, self._take, on_report)

    @classmethod
    async def open(
        cls, output: str = "", *, on_played: OnPlayed | None = None, on_report: OnReport | None = None
    ) -> SpeakerSink:
        """Return a sink on the output with that name, empty for the default one; raises SourceError.

        `output` is as in `SoundConfig.output`. The label says at first where answers are heard; `on_report` is told
        when that changes, and why.
        """
        sink = cls(output, on_played=on_played, on_report=on_report)
        try:
            await sink._loudspeaker.open()
        except BaseException:
            await sink.close()
            raise
        return sink

    @property
    def label(self) -> str:
        """Where it is heard, or was last."""
        return self._loudspeaker.label

    @property
    def underruns(self) -> int:
        """How often sound ran out and went on at once."""
        return self._ring.underruns

    def write(self, frame: bytes) -> None:
        """Queue one frame; the oldest sound goes when too much waits."""
        self._ring.write(frame)

    def flush(self) -> None:
        """Forget what is queued: what sounds fades out within 5 ms, then there is silence."""
        self._ring.flush()

    def set_gain(self, gain: float) -> None:
        """Play everything from now on at this share of its amplitude, reached within 10 ms."""
        self._ring.set_gain(gain)

    def heard_ms(self) -> int:
        """Return how much sound was heard, to a block of 10 ms."""
        return self._ring.heard_ms(self._loudspeaker.latency_s)

    def sounding(self) -> bool:
        """Return whether audible sound is queued or not over yet; never while the output takes none."""
        return self._loudspeaker.plays and self._ring.sounding(self._loudspeaker.latency_s)

    async def close(self) -> None:
        """Let go of the output; may be called more than once."""
        await self._loudspeaker.close()

    def _take(self) -> bytes:
        block = self._ring.take()
        if self._on_played is not None:
            self._on_played(block)
        return block


open_sink = SpeakerSink.open
