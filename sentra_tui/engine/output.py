"""Where answers are heard: chosen, opened, and told."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.domain.state import Severity
from sentra_tui.engine.sound_ports import OnPlayed, OpenSink


class Output:
    """Opens the loudspeaker that is chosen. `on_played` is told each block that it plays, from its own thread."""

    def __init__(self, choice: str, open_sink: OpenSink, publish: Callable[[c.Change], None]) -> None:
        self.choice = choice
        self.on_played: OnPlayed = _nobody
        self._by_user = False
        self._open_sink = open_sink
        self._publish = publish

    def choose(self, choice: str) -> None:
        """Open this one the next time."""
        self.choice, self._by_user = choice, True

    async def open(self) -> AudioSink:
        """Open it, or the default one where it was chosen in an earlier run and is gone; raises SourceError."""
        try:
            sink = await self._open_sink(self.choice, self._play, self._report)
        except SourceError as error:
            if self._by_user or not self.choice:
                raise
            self._publish(c.Noticed(Severity.WARNING, f"{error.message} The default is used instead.", error.hint))
            self.choice = ""
            sink = await self._open_sink("", self._play, self._report)
        self._publish(c.OutputOpened(sink.label))
        return sink

    def _play(self, block: bytes) -> None:
        self.on_played(block)

    def _report(self, label: str, cause: str) -> None:
        self._publish(c.OutputOpened(label))
        if cause:
            self._publish(c.Noticed(Severity.WARNING, f"Answers: {cause}", "d chooses another loudspeaker."))


def _nobody(block: bytes) -> None:
    pass
