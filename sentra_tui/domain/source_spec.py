"""What a user wrote to say where sound comes from."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class SourceKind(StrEnum):
    """The kinds of sources, by the word in front of the colon."""

    NONE = "none"
    DEMO = "demo"
    DEVICE = "device"
    LOOPBACK = "loopback"
    SSH = "ssh"
    STANDARD_INPUT = "-"
    FILE = "file"
    """A recording or a FIFO."""


_LIVE = (SourceKind.DEVICE, SourceKind.LOOPBACK, SourceKind.SSH)
"""A pipe is none: whoever writes into one is made to wait."""
_BARE = (SourceKind.NONE, SourceKind.DEMO, SourceKind.STANDARD_INPUT)


class SourceSpec(Struct, frozen=True):
    """A source: its kind, and which one of that kind; empty is the default."""

    kind: SourceKind
    name: str = ""

    @property
    def live(self) -> bool:
        """Whether it gives sound as it happens: such a source cannot wait."""
        return self.kind in _LIVE

    @property
    def in_room(self) -> bool:
        """Whether it hears a room, or what is played into one, on this machine: there is echo between such."""
        return self.kind in (SourceKind.DEVICE, SourceKind.LOOPBACK)


def parse_source(text: str) -> SourceSpec:
    """Return what `text` means, as in `StreamConfig.source`; what is no word of ours is the path of a file."""
    for kind in _BARE:
        if text == kind:
            return SourceSpec(kind)
    word, _, name = text.partition(":")
    for kind in (SourceKind.DEVICE, SourceKind.LOOPBACK, SourceKind.SSH):
        if word == kind:
            return SourceSpec(kind, name.strip())
    return SourceSpec(SourceKind.FILE, text) if text else SourceSpec(SourceKind.NONE)
