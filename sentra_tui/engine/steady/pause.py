"""When the talk pauses, so that one call may take the place of another and nobody notices."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from sentra_tui.domain.state import UNFINISHED, AppState, Connection, Lane, Stream
from sentra_tui.engine.store import Store

PAUSE_MS = 800
"""The talk pauses when nobody has begun or ended a line for so long, and nobody answers."""
SOUND_DBFS = -45.0
"""What is louder is no moment without sound."""
_RECENT_LINES = 4


class Pause:
    """Looks at what is said. `sounding` tells whether an answer is being heard."""

    def __init__(self, store: Store, sounding: Callable[[], bool], now_ms: Callable[[], int]) -> None:
        self._store = store
        self._sounding = sounding
        self._now_ms = now_ms

    def quiet(self, name: str) -> bool:
        """Return whether the talk on this stream pauses: no line is open or was just ended, and nobody answers."""
        stream = self._live(name)
        return stream is not None and not self._answered() and _no_line(stream, self._now_ms())

    def speaking(self, name: str) -> bool:
        """Return whether there is sound on this stream at this moment, or an answer."""
        stream = self._live(name)
        return self._answered() or (stream is not None and not stream.muted and stream.rms_dbfs > SOUND_DBFS)

    def _live(self, name: str) -> Stream | None:
        stream = self._store.state.stream(name)
        return stream if stream is not None and stream.connection is Connection.LIVE else None

    def _answered(self) -> bool:
        return _answers(self._store.state) or self._sounding()


def _answers(state: AppState) -> bool:
    return any(answer.status in UNFINISHED for answer in state.lane(Lane.AUX)[-2:])


def _no_line(stream: Stream, now_ms: int) -> bool:
    pages = stream.transcript.pages
    for line in islice(reversed(pages[-1] if pages else ()), _RECENT_LINES):
        if not line.final or now_ms - (line.end_ms or line.start_ms) < PAUSE_MS:
            return False
    return True
