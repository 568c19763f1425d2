"""Why no other dial follows, in words."""

from __future__ import annotations


def after_attempts(cause: str, attempts: int) -> str:
    """Return that so many dials were enough."""
    return f"{cause} (gave up after {attempts} attempt{'' if attempts == 1 else 's'})"


def asks_to_wait(cause: str, wait_s: float) -> tuple[str, str]:
    """Return that the server wants no dial for so long, and what helps."""
    return f"{cause} It asks to wait {_minutes(wait_s)}.", "Press r then."


def _minutes(wait_s: float) -> str:
    return f"{wait_s / 60:.0f} min" if wait_s < 5_400 else f"{wait_s / 3600:.1f} h"
