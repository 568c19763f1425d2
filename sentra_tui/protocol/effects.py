"""What a protocol machine wants done. Imperatives: the driver of a stream carries them out, in order."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from sentra_tui.domain.tags import snake_case
from sentra_tui.domain.usage import Usage
from sentra_tui.protocol.client_events import ClientEvent


class _Effect(Struct, frozen=True, tag=snake_case):
    """The base of all effects."""


class Dial(_Effect, frozen=True):
    """Make a new call at once, whatever wait there was; `attempt` counts from 1 since the last call that stayed."""

    attempt: int
    limit_s: float | None = None
    """When to begin anew instead; None leaves it to the deadlines of its steps."""


class WaitThenDial(_Effect, frozen=True):
    """Say `retry_due` after this many seconds; there is one wait at a time."""

    delay_s: float


class EndCall(_Effect, frozen=True):
    """Close the call, or give up the dial or the wait that is under way."""


class DropCall(_Effect, frozen=True):
    """Close the call that stands, and let the dial or the wait beside it go on."""


class GiveUpDial(_Effect, frozen=True):
    """Give up the dial or the wait that is under way, and let the call that stands go on."""


class SendEvent(_Effect, frozen=True):
    """Send this to the server."""

    event: ClientEvent


class FlushPlayback(_Effect, frozen=True):
    """Be silent now: forget the sound of an answer that was received and not yet heard."""


class BeginPlayback(_Effect, frozen=True):
    """An answer begins to sound: what is heard from now on is of it."""


class RefuseVoice(_Effect, frozen=True):
    """The server does not know this voice: take another."""

    cause: str


class MeterUsage(_Effect, frozen=True):
    """Write this on the bill: what an answer used, or, where `lane` is empty, a transcription."""

    lane: str
    usage: Usage


class CallBroken(_Effect, frozen=True):
    """Give this call up: the server said so in words. `refused` says that dialling again changes nothing."""

    cause: str
    hint: str
    refused: bool


Effect: TypeAlias = (
    Dial
    | WaitThenDial
    | EndCall
    | DropCall
    | GiveUpDial
    | SendEvent
    | FlushPlayback
    | BeginPlayback
    | RefuseVoice
    | MeterUsage
    | CallBroken
)
