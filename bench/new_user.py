"""The command and the environment of somebody who has just installed the program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bench.measurement import CannotMeasure

_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")


def sentra_tui() -> tuple[str, ...]:
    """Return the installed command; raises CannotMeasure where there is none."""
    script = Path(sys.executable).with_name("sentra-tui")
    if not script.exists():
        raise CannotMeasure("sentra-tui is not installed beside this Python: pip install -e '.[dev]'")
    return (str(script),)


def environment(home: Path) -> dict[str, str]:
    """Return an environment with this empty home, a terminal of many colours, and no key."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
