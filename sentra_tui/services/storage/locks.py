"""Who writes which talk: locks on single bytes of a file beside the journal.

The byte of a talk's number is locked by the process that writes the talk; byte 0 by one that opens the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sentra_tui.services.byte_locks import ByteLocks

_OPENING = 0
_OPENING_DEADLINE_S = 5.0


class Locks(ByteLocks):
    """The locks of one process beside its journal; a byte is the number of a talk."""

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Be the only one who opens the journal; where that cannot be had in time, open it all the same."""
        held = self.wait(_OPENING, _OPENING_DEADLINE_S)
        try:
            yield
        finally:
            if held:
                self.release(_OPENING)
