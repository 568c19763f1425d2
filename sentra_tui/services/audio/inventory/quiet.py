"""Native libraries that do not print."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_STANDARD_ERROR = 2


@contextmanager
def native_errors_dropped() -> Iterator[None]:
    """Drop what ALSA, JACK and PortAudio print on file descriptor 2 while the context lasts.

    They print about every device that is not there. For a process that does nothing else meanwhile.
    """
    kept = os.dup(_STANDARD_ERROR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
        os.close(nowhere)
