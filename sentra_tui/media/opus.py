"""Opus for speech: 20 ms frames of 48 kHz mono to packets and back (RFC 6716, RFC 7587).

With libopus, lost frames are recovered from the next packet (in-band FEC) or concealed. Without it, PyAV codes and
decodes, and a lost frame is a fading repeat of the last one: `FORWARD_ERROR_CORRECTION` says which is in use.
"""

from __future__ import annotations

import ctypes
from fractions import Fraction

import av
import numpy as np

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_BYTES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.media import libopus

_LIBRARY = libopus.load()

FORWARD_ERROR_CORRECTION = _LIBRARY is not None
"""Whether lost frames can be recovered: True with libopus, False with PyAV alone."""

COMPLEXITY = 5
"""0 to 10. Measured on speech: 5 costs two thirds of 10, without a difference to be heard at 32 kbit/s."""

_MAX_PACKET_BYTES = 1_275
_MAX_PACKET_SAMPLES = SAMPLE_RATE_HZ * 120 // 1000
_MONO = 1
_APPLICATION_VOIP = 2048
"""Of the applications the only one that carries FEC at this rate: low delay is pure CELT."""
_SET_BITRATE = 4002
_SET_COMPLEXITY = 4010
_SET_INBAND_FEC = 4012
_SET_PACKET_LOSS_PERC = 4014
_FADE = 0.5
"""How much of a repeated frame's amplitude is left each time."""


class OpusEncoder:
    """Encodes frames: voip, in-band FEC, so much of it as `expected_loss_pct` asks for."""

    def __init__(self, bitrate_bps: int = 32_000, expected_loss_pct: int = 15) -> None:
        self._encoder = (
            _AvEncoder(bitrate_bps, expected_loss_pct)
            if _LIBRARY is None
            else _LibopusEncoder(_LIBRARY, bitrate_bps, expected_loss_pct)
        )

    def encode(self, frame: bytes) -> bytes:
        """Return one packet for one frame of 1,920 bytes; raises ValueError for any other length."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"an Opus frame is {FRAME_BYTES} bytes here, not {len(frame)}")
        return self._encoder.encode(frame)


class OpusDecoder:
    """Decodes packets in order, and fills in for those that were lost.

    A packet that is no Opus is concealed like a lost one: a hostile peer makes noise at most.
    """

    def __init__(self) -> None:
        self._decoder = _AvDecoder() if _LIBRARY is None else _LibopusDecoder(_LIBRARY)

    def decode(self, packet: bytes) -> bytes:
        """Return the sound of a packet, s16le: as long as the packet says, mostly 20 ms."""
        return self._decoder.decode(packet) if packet else self.conceal()

    def recover(self, next_packet: bytes) -> bytes:
        """Return the lost frame before `next_packet`, from the copy inside it where it carries one, else concealed."""
        return self._decoder.recover(next_packet) if next_packet else self.conceal()

    def conceal(self) -> bytes:
        """Return one frame in place of a lost one; in a row they fade to silence."""
        return self._decoder.conceal()


class _LibopusEncoder:
    """A libopus encoder whose state is Python's memory, so that nothing has to be freed."""

    def __init__(self, library: ctypes.CDLL, bitrate_bps: int, expected_loss_pct: int) -> None:
        self._library = library
        self._state = ctypes.create_string_buffer(library.opus_encoder_get_size(_MONO))
        _check(library.opus_encoder_init(self._state, SAMPLE_RATE_HZ, _MONO, _APPLICATION_VOIP))
        for request, value in (
            (_SET_BITRATE, bitrate_bps),
            (_SET_COMPLEXITY, COMPLEXITY),
            (_SET_INBAND_FEC, 1),
            (_SET_PACKET_LOSS_PERC, expected_loss_pct),
        ):
            _check(library.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)))
        self._packet = ctypes.create_string_buffer(_MAX_PACKET_BYTES)

    def encode(self, frame: bytes) -> bytes:
        length = self._library.opus_encode(self._state, frame, FRAME_SAMPLES, self._packet, _MAX_PACKET_BYTES)
        return ctypes.string_at(self._packet, _check(length))


class _LibopusDecoder:
    """A libopus decoder whose state is Python's memory."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._state = ctypes.create_string_buffer(library.opus_decoder_get_size(_MONO))
        _check(library.opus_decoder_init(self._state, SAMPLE_RATE_HZ, _MONO))
        self._sound = ctypes.create_string_buffer(_MAX_PACKET_SAMPLES * SAMPLE_BYTES)

    def decode(self, packet: bytes) -> bytes:
        return self._run(packet, _MAX_PACKET_SAMPLES, 0) or self.conceal()

    def recover(self, next_packet: bytes) -> bytes:
        return self._run(next_packet, FRAME_SAMPLES, 1) or self.conceal()

    def conceal(self) -> bytes:
        return self._run(None, FRAME_SAMPLES, 0) or SILENCE

    def _run(self, packet: bytes | None, max_samples: int, fec: int) -> bytes:
        """Return the sound, or nothing when libopus refuses the packet."""
        length = len(packet or b"")
        samples = self._library.opus_decode(self._state, packet, length, self._sound, max_samples, fec)
        return ctypes.string_at(self._sound, max(0, samples) * SAMPLE_BYTES)


class _AvEncoder:
    """PyAV's libopus encoder."""

    def __init__(self, bitrate_bps: int, expected_loss_pct: int) -> None:
        codec = av.CodecContext.create("libopus", "w")
        codec.bit_rate = bitrate_bps
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = SAMPLE_RATE_HZ
        codec.time_base = Fraction(1, SAMPLE_RATE_HZ)
        codec.options = {
            "application": "voip",
            "compression_level": str(COMPLEXITY),
            "fec": "1",
            "packet_loss": str(expected_loss_pct),
        }
        self._codec = codec
        self._samples = 0

    def encode(self, frame: bytes) -> bytes:
        sound = av.AudioFrame.from_ndarray(np.frombuffer(frame, "<i2").reshape(1, -1), format="s16", layout="mono")
        sound.sample_rate = SAMPLE_RATE_HZ
        sound.pts = self._samples
        self._samples += FRAME_SAMPLES
        return b"".join(bytes(packet) for packet in self._codec.encode(sound))


class _AvDecoder:
    """PyAV's Opus decoder, which knows neither FEC nor concealment."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("libopus", "r")
        codec.format = "s16"
        codec.layout = "mono"
        codec.sample_rate = SAMPLE_RATE_HZ
        self._codec = codec
        self._last = SILENCE

    def decode(self, packet: bytes) -> bytes:
        try:
            frames = self._codec.decode(av.Packet(packet))
        except av.FFmpegError:
            frames = []
        sound = b"".join(frame.to_ndarray().tobytes() for frame in frames)
        if not sound:
            return self.conceal()
        self._last = sound[-FRAME_BYTES:].rjust(FRAME_BYTES, b"\0")
        return sound

    def recover(self, next_packet: bytes) -> bytes:
        return self.conceal()

    def conceal(self) -> bytes:
        faded = np.frombuffer(self._last, "<i2") * _FADE
        self._last = faded.astype("<i2").tobytes()
        return self._last


def _check(result: int) -> int:
    """Return what libopus returned; raises ValueError for its error codes, which are negative."""
    if result < 0:
        raise ValueError(f"libopus refused: error {result}")
    return result
