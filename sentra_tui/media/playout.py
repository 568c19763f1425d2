"""A playout buffer: packets in as the network brings them, one 20 ms frame out each time the player asks.

The depth follows the network both ways. It begins shallow; a frame that comes late, or not at all, deepens it by one
frame, which is what recovery from the next packet needs; depth that a second of playing never needed is drained again
a frame at a time, in quiet frames first. It has no clock: a pull is 20 ms, and arrivals are told.
"""

from __future__ import annotations

from typing import Protocol

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_BYTES, samples_to_ms
from sentra_tui.media.jitter import Jitter
from sentra_tui.media.playout_counters import PlayoutCounters
from sentra_tui.media.sequence import ahead
from sentra_tui.media.splice import cross_fade, is_quiet

STALL_FRAMES = 5
"""Frames concealed in a row before the stream counts as paused: by then concealment has faded to silence."""
REVIEW_PULLS = 50
"""How many pulls the depth is watched before one says what is too much: a second."""
STRAIN_PULLS = 500
"""How many pulls the buffer stays a frame deeper after a loss or a late packet: ten seconds."""

_MAX_MISORDER = 100
_MAX_DROPOUT = 3_000
"""RFC 3550, appendix A.1: steps of the sequence number beyond these are a new stream, once a second packet agrees."""


class Decoder(Protocol):
    """What turns packets into sound; `sentra_tui.media.opus.OpusDecoder` is one."""

    def decode(self, packet: bytes) -> bytes:
        """Return the sound of a packet."""
        ...

    def recover(self, next_packet: bytes) -> bytes:
        """Return the lost frame before `next_packet`."""
        ...

    def conceal(self) -> bytes:
        """Return a frame in place of a lost one."""
        ...


class PlayoutBuffer:
    """Puts packets of one stream in order, bridges gaps and keeps the delay small.

    `start_ms` is the depth on a perfect network, `max_ms` the most that is ever held.
    """

    def __init__(self, decoder: Decoder, start_ms: int = FRAME_MS, max_ms: int = 400) -> None:
        self._decoder = decoder
        self._start_ms = start_ms
        self._max_ms = max_ms
        self._received = self._late = self._lost = self._recovered = self._concealed = self._discarded = 0
        self._played = 0
        self._pulls = 0
        self._strained_until = 0
        self._packet_ms: float = FRAME_MS
        self.reset()

    def reset(self) -> None:
        """Forget the stream, for another one with its own sequence numbers (a new SSRC); the counters stay."""
        self._packets: dict[int, bytes] = {}
        self._newest: int | None = None
        self._probation: int | None = None
        self._playhead: int | None = None
        self._pending = b""
        self._jitter = Jitter()
        self._pause()

    def flush(self) -> None:
        """Forget the sound that is held; the stream goes on, and what of it is still on its way comes too late.

        The order, the playhead and the estimate of the jitter stay, so that what is sent next is played as ever.
        """
        self._pending = b""
        if self._newest is not None:
            self._skip_to(self._newest + 1)
        self._pause()
        self._jitter.restart()

    def put(self, sequence: int, payload: bytes, arrival_ms: float) -> None:
        """Take a packet: its RTP sequence number (16 bits), its payload, when it arrived on any steady clock."""
        self._received += 1
        index = self._unwrap(sequence)
        if index is None:
            self._discarded += 1
        elif self._playhead is not None and index < self._playhead:
            self._late += 1
        elif index in self._packets:
            self._discarded += 1
        else:
            self._packets[index] = payload
            self._jitter.observe(arrival_ms - index * self._packet_ms)
            self._bound()

    def pull(self) -> bytes | None:
        """Return the next frame, to be called each 20 ms; None before the first sound and while the stream pauses."""
        self._pulls += 1
        while len(self._pending) < FRAME_BYTES:
            sound = self._next_sound()
            if sound is None:
                break
            self._pending += sound
        frame, self._pending = self._pending[:FRAME_BYTES], self._pending[FRAME_BYTES:]
        self._played += bool(frame)
        return frame.ljust(FRAME_BYTES, b"\0") if frame else None

    @property
    def depth_ms(self) -> float:
        """How much sound waits, gaps included."""
        return self._depth() * self._packet_ms + samples_to_ms(len(self._pending) // SAMPLE_BYTES)

    @property
    def target_ms(self) -> float:
        """How deep the buffer wants to be, from the jitter and the losses of late."""
        return self._target() * self._packet_ms

    @property
    def counters(self) -> PlayoutCounters:
        """What happened so far."""
        return PlayoutCounters(
            received=self._received,
            late=self._late,
            lost=self._lost,
            recovered=self._recovered,
            concealed=self._concealed,
            discarded=self._discarded,
            played=self._played,
        )

    # What arrives

    def _unwrap(self, sequence: int) -> int | None:
        """Return the packet's place in an order that never wraps, or None while a new order is on probation."""
        if self._newest is None:
            self._newest = sequence
            return sequence
        step = ahead(sequence, self._newest)
        if -_MAX_MISORDER <= step <= _MAX_DROPOUT:
            self._probation = None
            index = self._newest + step
            self._newest = max(self._newest, index)
            return index
        if sequence == self._probation:
            self.reset()
            self._newest = sequence
            return sequence
        self._probation = sequence + 1 & 0xFFFF
        return None

    def _bound(self) -> None:
        """Skip ahead to the target when more is held than may be: nobody pulls, or the network sent a backlog."""
        if self._depth() * self._packet_ms <= self._max_ms:
            return
        assert self._newest is not None
        self._skip_to(self._newest - self._target() + 1)

    def _skip_to(self, start: int) -> None:
        dropped = [index for index in self._packets if index < start]
        for index in dropped:
            del self._packets[index]
        self._discarded += len(dropped)
        if self._playing:
            self._lost += start - self._playhead_index() - len(dropped)
        self._playhead = start

    # What is played

    def _depth(self) -> int:
        """Return how many packets the held ones span, from the next to play."""
        if not self._packets:
            return 0
        first = self._playhead if self._playing and self._playhead is not None else min(self._packets)
        return max(self._packets) - first + 1

    def _target(self) -> int:
        strain_ms = FRAME_MS if self._pulls < self._strained_until else 0
        wanted_ms = self._start_ms + self._jitter.ms + strain_ms
        most = self._max_ms / 2 / self._packet_ms
        return max(1, round(min(most, wanted_ms / self._packet_ms)))

    def _next_sound(self) -> bytes | None:
        if not self._playing and not self._prime():
            return None
        if not self._packets:
            return self._stall()
        self._review(self._depth())
        self._step_over_gap()
        payload = self._packets.pop(self._playhead_index(), None)
        sound = self._repair() if payload is None else self._decode(payload)
        self._playhead = self._playhead_index() + 1
        return self._drain(sound) if self._surplus > 0 else sound

    def _playhead_index(self) -> int:
        assert self._playhead is not None
        return self._playhead

    def _pause(self) -> None:
        self._playing = False
        self._waited = 0
        self._stalled = 0
        self._surplus = 0
        self._least_depth: int | None = None
        self._reviewed = 0

    def _prime(self) -> bool:
        """Begin to play once the target is held, or has been waited for."""
        if not self._packets:
            return False
        self._waited += 1
        if self._depth() < self._target() and self._waited < self._target():
            return False
        first = min(self._packets)
        if self._playhead is not None:
            self._lost += first - self._playhead
        self._pause()
        self._playing = True
        self._playhead = first
        return True

    def _stall(self) -> bytes | None:
        """Nothing is there: conceal without moving on, which deepens the buffer; call it a pause after a while."""
        self._stalled += 1
        if self._stalled > STALL_FRAMES:
            self._pause()
            self._jitter.restart()
            return None
        self._concealed += 1
        return self._decoder.conceal()

    def _step_over_gap(self) -> None:
        """Leave out lost frames that concealment stood in for already, and gaps too long to conceal."""
        gap = min(self._packets) - self._playhead_index()
        if self._stalled or gap:
            self._strained_until = self._pulls + STRAIN_PULLS
        surplus = self._depth() - self._target()
        skipped = max(0, min(gap, self._stalled, surplus))
        if gap > STALL_FRAMES:
            skipped = gap - 1
        self._stalled = 0
        self._lost += skipped
        self._playhead = self._playhead_index() + skipped

    def _decode(self, payload: bytes) -> bytes:
        sound = self._decoder.decode(payload)
        packet_ms = samples_to_ms(len(sound) // SAMPLE_BYTES)
        if packet_ms and packet_ms != self._packet_ms:
            self._packet_ms = packet_ms
            self._jitter.restart()
        return sound

    def _repair(self) -> bytes:
        self._lost += 1
        following = self._packets.get(self._playhead_index() + 1)
        if following is None:
            self._concealed += 1
            return self._decoder.conceal()
        self._recovered += 1
        return self._decoder.recover(following)

    # What is too much

    def _review(self, depth: int) -> None:
        """Find out, each second, how much of the depth was never needed."""
        self._least_depth = depth if self._least_depth is None else min(self._least_depth, depth)
        self._reviewed += 1
        if self._reviewed == REVIEW_PULLS:
            self._surplus = max(0, self._least_depth - self._target())
            self._least_depth = None
            self._reviewed = 0

    def _drain(self, sound: bytes) -> bytes:
        """Play this frame and the next in the time of one: when quiet, or halfway to the next review."""
        if self._reviewed != REVIEW_PULLS // 2 and not is_quiet(sound):
            return sound
        following = self._packets.pop(self._playhead_index(), None)
        if following is None:
            return sound
        self._playhead = self._playhead_index() + 1
        self._surplus -= 1
        self._discarded += 1
        return cross_fade(sound, self._decode(following))
