"""When a run over recordings is over."""

from __future__ import annotations

from sentra_tui.domain.state import UNFINISHED, AppState, Connection, SourceStatus

QUIET_MS = 4_000
"""How long words may take to come after the sound has ended."""
PATIENCE_MS = 600_000
"""How long a network that is away is waited for, once nothing else is to come."""

_NO_MORE_SOUND = (SourceStatus.ENDED, SourceStatus.FAILED)
_NO_CALL = (Connection.FAILED, Connection.OFF)


def is_over(state: AppState, quiet_ms: int) -> bool:
    """Return whether nothing more will come: no sound, no open line, no answer, no late words, no word for `quiet_ms`.

    A stream without a call, or whose call has failed for good, has nothing to come either; the main assistant needs
    none.
    """
    if quiet_ms >= PATIENCE_MS and all(stream.source.status in _NO_MORE_SOUND for stream in state.streams):
        return True
    if any(answer.status in UNFINISHED for answer in state.answers) or any(each.waiting for each in state.questions):
        return False
    if all(stream.connection in _NO_CALL for stream in state.streams):
        return True
    if quiet_ms < QUIET_MS:
        return False
    return all(
        (stream.source.status in _NO_MORE_SOUND or stream.connection in _NO_CALL)
        and all(line.final for page in stream.transcript.pages[-1:] for line in page)
        and (not stream.recovering_ms or stream.connection in _NO_CALL)
        for stream in state.streams
    )
