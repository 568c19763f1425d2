"""What the provider and its recogniser process tell each other, over pipes.

A message is its length in four bytes, big-endian, and then MessagePack.
"""

from __future__ import annotations

from msgspec import Struct, msgpack

LENGTH_BYTES = 4
SPEECH_RATE_HZ = 16_000
"""Recognition hears 16 kHz mono, s16le."""


class Begin(Struct, frozen=True, tag=True):
    """A new utterance."""

    utterance: int
    guesses: bool = True
    """Hypotheses are wanted while it comes; without, it is recognised in less than half the time."""


class Sound(Struct, frozen=True, tag=True):
    """More of it: 16 kHz mono, s16le."""

    pcm: bytes


class End(Struct, frozen=True, tag=True):
    """The utterance is over: its text is wanted."""


class Drop(Struct, frozen=True, tag=True):
    """The utterance is over, and nobody wants it."""


Request = Begin | Sound | End | Drop


class Hypothesis(Struct, frozen=True, tag=True):
    """What the utterance seems to say so far."""

    utterance: int
    text: str


class Final(Struct, frozen=True, tag=True):
    """What the utterance says."""

    utterance: int
    text: str


class Unusable(Struct, frozen=True, tag=True):
    """The recogniser cannot work, and why; the process ends."""

    message: str


Reply = Hypothesis | Final | Unusable

_encoder = msgpack.Encoder()
_requests = msgpack.Decoder(Request)
_replies = msgpack.Decoder(Reply)


def frame(message: Request | Reply) -> bytes:
    """Return a message as it goes into the pipe."""
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def request(body: bytes) -> Request:
    """Return the request in a message's body."""
    decoded: Request = _requests.decode(body)
    return decoded


def reply(body: bytes) -> Reply:
    """Return the reply in a message's body."""
    decoded: Reply = _replies.decode(body)
    return decoded
