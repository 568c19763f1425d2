"""What the engine needs of the world, as the bare nouns that others implement.

What it needs of sound is in `sentra_tui.domain.sound_ports`. Sound crosses every port as frames of
`sentra_tui.domain.audio`: 20 ms, 48 kHz mono, s16le, 1,920 bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from sentra_tui.domain.audio import FrameSpan
from sentra_tui.domain.changes import Change
from sentra_tui.domain.errors import JournalError
from sentra_tui.domain.main_run import MainRequest, RunEvent, RunRef
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.state import Quality


class Credential(Struct, frozen=True):
    """What opens one call: a short-lived client secret, or the API key itself with the session to open."""

    secret: Secret
    session: dict[str, Any] | None = None
    """The session config to send along; None when the client secret carries it."""
    agreed: dict[str, Any] | None = None
    """The session that the secret carries, where whoever minted it chose another than was asked for."""
    session_id: str = ""
    """The session that was made beforehand, where calls are made in one; it opens one call."""
    lifetime_s: float | None = None
    """How long the secret opens calls, counted from before it was asked for; None where nothing was minted."""


class SdpAnswer(Struct, frozen=True):
    """The provider's side of a session description, and the name of the call it made."""

    sdp: str
    call_id: str = ""


class IceCandidate(Struct, frozen=True):
    """An address at which we may be reached (RFC 8839)."""

    candidate: str
    """Begins with `candidate:`."""
    sdp_mid: str
    sdp_m_line_index: int


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


@runtime_checkable
class TricklingSignalling(Signalling, Protocol):
    """Signalling with a provider that wants to be told our candidates by themselves, once it has answered."""

    async def candidates(self, call_id: str, candidates: Sequence[IceCandidate], credential: Credential) -> None:
        """Post them; raises CredentialRefused, TransportRefused or TransportLost."""
        ...


class Opening(Protocol):
    """What is said on a socket before a call stands: no conversation yet, only agreement on the session."""

    def begin(self) -> Sequence[str]:
        """Return what to send as soon as the socket is open."""
        ...

    def hear(self, message: str) -> Sequence[str]:
        """Take what the server says; return what to send.

        Raises CredentialRefused, TransportRefused or TransportLost where it will not have the session.
        """
        ...

    @property
    def agreed(self) -> bool:
        """Whether the session is the one that was wanted: sound may flow."""
        ...


class Transport(Protocol):
    """One call: connected once, closed once, never used again.

    Messages are opaque text; sound is frames. The caller paces `send_audio` and `receive_audio`, one frame each 20 ms.
    """

    @property
    def name(self) -> str:
        """The word for the screen: one of `sentra_tui.domain.roads.Road`."""
        ...

    async def connect(self, credential: Awaitable[Credential]) -> None:
        """Set the call up, to the point where sound and messages flow.

        The credential is waited for when it is needed: it may be minted meanwhile. Raises what that raises,
        TransportLost or TransportRefused; the call is then closed already.
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

    async def audio_arrives(self) -> None:
        """Return when more of the peer's sound arrives."""
        ...

    def flush_audio(self) -> None:
        """Forget the peer's sound that was received and not yet taken."""
        ...

    @property
    def server_truncates(self) -> bool:
        """Whether the server knows by itself how much of an answer was heard, and cuts it there."""
        ...

    async def quality(self) -> Quality:
        """Return how well the call travels."""
        ...

    def contact_age_s(self) -> float:
        """Return how long ago the peer was last heard, in seconds."""
        ...

    def answer_age_s(self) -> float | None:
        """Return how long ago something was heard that shows that what we send arrives, in seconds.

        A check that was answered, a receiver report that moved on, a pong. None where nothing tells.
        """
        ...

    def take_losses(self) -> Sequence[FrameSpan]:
        """Return which frames the peer is now known to have missed, since last asked; empty where nothing tells."""
        ...

    async def close(self) -> None:
        """Hang up and leave nothing behind; may be called at any time, more than once."""
        ...


class MainAssistant(Protocol):
    """The asynchronous assistant: one conversation at a provider, in which one question runs at a time.

    The caller never asks while a run of this object is under way. Errors and endings of a run come as `RunEnded`;
    what is raised means that nothing runs, or that nobody knows.
    """

    @property
    def name(self) -> str:
        """The implementation's word, as in `RunRef.implementation`."""
        ...

    def ask(self, request: MainRequest) -> AsyncIterator[RunEvent]:
        """Yield what becomes of a question, `RunEnded` last.

        Waits and asks again by itself where the server asks for that (429, 5xx, a locked conversation). Raises
        NotSupported where the server does not have this API, CredentialRefused, TransportRefused, TransportLost when
        nothing was begun, OutcomeUnknown when it may have been. Closing the iterator leaves the run alone.
        """
        ...

    def resume(self, ref: RunRef) -> AsyncIterator[RunEvent]:
        """Yield the rest of a run that another process, or an iterator that broke, began; words begin anew.

        Raises like `ask`; OutcomeUnknown where the server cannot tell any more.
        """
        ...

    def adopt(self, ref: RunRef) -> None:
        """Go on in the conversation of this run, where it is one of ours."""
        ...

    async def cancel(self, ref: RunRef) -> None:
        """Stop a run; one that is over, or unknown, is no error. Raises TransportError."""
        ...

    async def close(self) -> None:
        """Close what is held."""
        ...


class StoredRun(Struct, frozen=True):
    """A run that the journal has seen begin and not end."""

    answer_id: str
    question_id: str
    at_ms: int
    ref: RunRef | None = None
    """None when the provider had not named it."""


class Talk(Struct, frozen=True):
    """A talk as the journal has it."""

    talk_id: int
    started_at: float
    """The wall clock at its beginning, seconds since 1970: `at_ms` of its changes count from there."""
    changes: tuple[Change, ...] = ()
    """What leads to its state: only settled lines and answers, questions, bills."""
    runs: tuple[StoredRun, ...] = ()
    """Main answers that were under way."""
    conversation: RunRef | None = None
    """The newest run, whose conversation may go on."""


class Journal(Protocol):
    """Writes a talk down as it happens, off the caller's loop."""

    async def open(self, on_failure: Callable[[JournalError], None]) -> None:
        """Open or create the record; raises JournalError.

        When writing fails later, `on_failure` is called once, in the caller's loop, and nothing is written any more.
        """
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the user should know of the record that was opened."""
        ...

    async def last_talk(self, not_before: float, started_at: float | None = None) -> Talk | None:
        """Return the newest talk and write on in it; None where it last changed before `not_before` (seconds since
        1970), or another process writes it. Raises JournalError.

        Empty talks do not count, unless `started_at` says which talk it is to be. Runs that are open in other talks
        that nobody writes are unknown from then on, here and after `begin_talk`.
        """
        ...

    async def begin_talk(self, started_at: float, provider: str) -> int:
        """Write a new talk from now on; return its id. Raises JournalError."""
        ...

    def record(self, change: Change) -> None:
        """Write this down soon, in order; never blocks, and passes over what is not worth keeping."""
        ...

    async def run_opened(self, run: StoredRun) -> None:
        """Return once it is on the disk that this run is about to begin; raises JournalError."""
        ...

    async def run_named(self, answer_id: str, ref: RunRef) -> None:
        """Return once it is on the disk what the provider calls the run; raises JournalError."""
        ...

    async def close(self) -> None:
        """Write what waits, and let go."""
        ...
