"""Packets in as the network brings them, sound out in order: for an ear that can wait.

A player must have a frame each 20 ms, and makes one up when it is late. A recogniser loses words to made-up frames and
none to a delay, so here late packets are waited for, and only lost ones are recovered from the next or concealed.
"""

from __future__ import annotations

from sentra_tui.domain.audio import FRAME_BYTES
from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.sequence import ahead

WAIT_PACKETS = 5
"""A packet is lost when so many later ones have come."""
LONGEST_GAP = 25
"""A longer gap is a pause or a new stream, not a loss: half a second."""


class Reception:
    """Orders the packets of one stream and decodes them, each once."""

    def __init__(self) -> None:
        self._decoder = OpusDecoder()
        self._packets: dict[int, bytes] = {}
        self._expected: int | None = None
        self._sound = b""

    def put(self, sequence: int, payload: bytes) -> None:
        """Take a packet: its RTP sequence number (16 bits) and its payload."""
        if self._expected is None or abs(ahead(sequence, self._expected)) > LONGEST_GAP:
            self._expected = sequence
            self._packets.clear()
        if ahead(sequence, self._expected) >= 0:
            self._packets[sequence] = payload

    def take(self) -> list[bytes]:
        """Return the frames that are complete by now, 20 ms of 48 kHz each."""
        while self._packets and self._expected is not None:
            sound = self._next(self._expected)
            if sound is None:
                break
            self._sound += sound
            self._expected = self._expected + 1 & 0xFFFF
        whole = len(self._sound) // FRAME_BYTES * FRAME_BYTES
        frames = [self._sound[start : start + FRAME_BYTES] for start in range(0, whole, FRAME_BYTES)]
        self._sound = self._sound[whole:]
        return frames

    def _next(self, sequence: int) -> bytes | None:
        """Return the sound of this packet, or in its place; None while it may still come."""
        payload = self._packets.pop(sequence, None)
        if payload is not None:
            return self._decoder.decode(payload)
        if len(self._packets) < WAIT_PACKETS:
            return None
        following = self._packets.get(sequence + 1 & 0xFFFF)
        return self._decoder.conceal() if following is None else self._decoder.recover(following)
