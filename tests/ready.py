"""What is there already, where something is waited for."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


async def ready(value: T) -> T:
    """Return `value` to whoever awaits it."""
    return value
