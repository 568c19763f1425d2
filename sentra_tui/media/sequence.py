"""RTP sequence numbers: 16 bits that wrap (RFC 3550, section 5.1)."""

from __future__ import annotations


def ahead(sequence: int, other: int) -> int:
    """Return how far a sequence number is ahead of another, negative when it is behind: -32,768 to 32,767."""
    return (sequence - other + 0x8000 & 0xFFFF) - 0x8000
