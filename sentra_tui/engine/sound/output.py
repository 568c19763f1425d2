"""Where answers are heard: chosen, opened, and told."""

from __future__ import annotations

import sys
from collections.abc import Callable

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.domain.source_spec import SourceSpec
from sentra_tui.domain.state import Severity
from sentra_tui.engine.sound.ports import OnPlayed, OpenSink

ONE_NAME = sys.platform == "linux"
"""A loopback and an output are called alike here if they are of one loudspeaker: the sound server names both."""


class Output:
    """Opens the loudspeaker that is chosen. `on_played` is told each block that it plays, from its own thread."""

    def __init__(self, choice: str, open_sink: OpenSink, publish: Callable[[c.Change], None]) -> None:
        self.choice = choice
        self.label = ""
        """Where answers are heard, as far as is known."""
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
        self._tell(sink.label)
        return sink

    def may_be_heard_by(self, loopback: SourceSpec) -> bool:
        """Return whether this loopback is likely to hear answers, by what was chosen."""
        return not loopback.name or not self.choice or loopback.name == self.choice

    def is_heard_by(self, loopback: SourceSpec, label: str, *, before: bool) -> bool:
        """Return whether a loopback that is called `label` now hears answers; `before` where that cannot be told."""
        if not (label and self.label):
            return before
        if not (loopback.name or self.choice):
            return True  # both follow the default, one a little later than the other
        return label == self.label if ONE_NAME else self.may_be_heard_by(loopback)

    def _tell(self, label: str) -> None:
        self.label = label
        self._publish(c.OutputOpened(label))

    def _play(self, block: bytes) -> None:
        self.on_played(block)

    def _report(self, label: str, cause: str) -> None:
        self._tell(label)
        if cause:
            self._publish(c.Noticed(Severity.WARNING, f"Answers: {cause}", "d chooses another loudspeaker."))


def _nobody(block: bytes) -> None:
    pass
