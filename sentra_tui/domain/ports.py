"""What the engine needs of the world, and a front end of the engine, as the bare nouns that others implement.

Sound crosses every port as frames of `sentra_tui.domain.audio`: 20 ms, 48 kHz mono, s16le, 1,920 bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

from msgspec import Struct

from sentra_tui.domain.actions import Action
from sentra_tui.domain.changes import Change
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.state import Quality


class Credential(Struct, frozen=True):
    """What opens one call: a short-lived client secret, or the API key itself with the session to open."""

    secret: Secret
    session: dict[str, Any] | None = None
    """The session config to send along; None when the client secret carries it."""


class SdpAnswer(Struct, frozen=True):
    """The provider's side of a session description, and the name of the call it made."""

    sdp: str
    call_id: str = ""


class TokenSource(Protocol):
    """Gives what opens the next call."""

    async def mint(self, session: dict[str, Any]) -> Credential:
        """Return a credential for one dial with this session config.

        Raises CredentialRefused, TransportRefused or TransportLost.
        """
        ...


class Signalling(Protocol):
    """Exchanges session descriptions with a provider."""

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        """Post an offer and return the answer.

        Raises CredentialRefused, TransportRefused or TransportLost.
        """
        ...

    async def hang_up(self, call_id: str, credential: Credential) -> None:
        """End a call at the provider; a call that is already gone is no error."""
        ...


class Transport(Protocol):
    """One call: connected once, closed once, never used again.

    Messages are opaque text; sound is frames. The caller paces `send_audio` and `receive_audio`, one frame each 20 ms.
    """

    @property
    def name(self) -> str:
        """The word for the screen: `webrtc`."""
        ...

    async def connect(self, credential: Credential) -> None:
        """Set the call up, to the point where sound and messages flow.

        Raises TransportLost or TransportRefused; the call is then closed already.
        """
        ...

    def send(self, message: str) -> None:
        """Queue one message; raises TransportLost when the call is gone."""
        ...

    def messages(self) -> AsyncIterator[str]:
        """Yield what the peer says, until the call breaks: then TransportLost is raised."""
        ...

    def send_audio(self, frame: bytes) -> None:
        """Send one frame."""
        ...

    def receive_audio(self) -> bytes | None:
        """Return the next frame of the peer's sound, or None while it sends none."""
        ...

    async def quality(self) -> Quality:
        """Return how well the call travels."""
        ...

    def contact_age_s(self) -> float:
        """Return how long ago the peer was last heard, in seconds."""
        ...

    async def close(self) -> None:
        """Hang up and leave nothing behind; may be called at any time, more than once."""
        ...


class AudioSource(Protocol):
    """Gives sound, paced in real time."""

    @property
    def label(self) -> str:
        """What the user calls it."""
        ...

    def frames(self) -> AsyncIterator[bytes]:
        """Yield one frame each 20 ms until the source ends; raises SourceError when it breaks."""
        ...

    async def close(self) -> None:
        """Let go of it; may be called more than once."""
        ...


class AudioSink(Protocol):
    """Plays sound."""

    @property
    def label(self) -> str:
        """What the user calls it."""
        ...

    def write(self, frame: bytes) -> None:
        """Queue one frame; never blocks."""
        ...

    def flush(self) -> None:
        """Forget what is queued and be silent at once."""
        ...

    async def close(self) -> None:
        """Let go of it; may be called more than once."""
        ...


class Link(Protocol):
    """The engine, as a front end holds it."""

    def changes(self) -> AsyncIterator[Change]:
        """Start the engine and yield what happens in it, until the link is closed.

        An engine that dies is started again: EngineLost, and then EngineStarted, say so.
        """
        ...

    def send(self, action: Action) -> None:
        """Queue one action; never blocks, and an engine that starts again gets it later or not at all."""
        ...

    async def close(self) -> None:
        """Hang up and end the engine; may be called at any time, more than once."""
        ...
