"""What became of the packets of one stream, and of the frames made of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlayoutCounters:
    """What happened to packets and frames since the beginning."""

    received: int = 0
    late: int = 0
    """Packets that came after their turn."""
    lost: int = 0
    """Packets that had not come when their turn was."""
    recovered: int = 0
    """Of the lost, those asked of the next packet, which mostly carries a copy."""
    concealed: int = 0
    """Frames made up: for lost packets, and for packets that were late."""
    discarded: int = 0
    """Packets dropped on purpose: duplicates, what drained, what did not fit."""
    played: int = 0
    """Frames given to the player."""
