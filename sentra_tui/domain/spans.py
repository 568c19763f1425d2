"""Durations, as people say them."""

from __future__ import annotations


def span(duration_ms: int) -> str:
    """Return `4.2 s`, `95 s`, `12 min 5 s` or `1.5 h`."""
    seconds = round(duration_ms / 1000)
    if duration_ms < 9_950:
        return f"{duration_ms / 1000:.1f} s"
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min {seconds % 60} s" if seconds < 3600 else f"{seconds / 3600:.1f} h"
