"""Whether what a server does not speak of was silence to it."""

from __future__ import annotations

import contextlib

from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.protocol.dialects import Dialect


def tells_turns(dialled: Dialled) -> bool:
    """Return whether the server tells when speech begins, as it does where nothing else is known."""
    if dialled.wire.dialect is Dialect.VLLM:
        return False
    with contextlib.suppress(KeyError, TypeError):
        return dialled.session["audio"]["input"]["turn_detection"] is not None
    return True
