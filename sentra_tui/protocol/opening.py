"""The first words on a socket: the server greets, the client says which session it wants, the server agrees.

Over WebRTC the session goes along with the offer; a socket opens with one that nobody asked for. Until the right one is
agreed on, no sound may flow: it would be heard with other settings.
https://platform.openai.com/docs/guides/realtime-websocket
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.text import clean_line
from sentra_tui.protocol import codec
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.client_events import SessionUpdate
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.effects import CallBroken
from sentra_tui.protocol.objects import ErrorDetails
from sentra_tui.protocol.server_errors import REFUSALS, judge
from sentra_tui.protocol.vllm_words import BEGIN

GA_RATE_HZ = 24_000
"""The only rate of a GA session, which need not be said."""

_KEY_REFUSED = frozenset({"invalid_api_key", "token_expired", "unauthorized"})
_MODEL_REFUSED = frozenset({"model_not_found", "invalid_model"})


class SessionOpening:
    """Agrees on `session`, in GA form, with a server that speaks `dialect` and takes sound of `rate_hz`."""

    def __init__(self, session: dict[str, Any], dialect: Dialect = Dialect.GA, rate_hz: int = GA_RATE_HZ) -> None:
        self._update = codec.encode(SessionUpdate(session=_wanted(session, rate_hz)), dialect)
        self._acknowledges = dialect is not Dialect.VLLM
        self._greeted = False
        self.agreed = False
        """The session is the one that was wanted."""
        self.expires_at: float | None = None
        """When the server ends the session, in seconds since 1970, where it says so."""

    def begin(self) -> Sequence[str]:
        """Return what to send as soon as the socket is open: nothing, since the server speaks first."""
        return ()

    def hear(self, message: str) -> Sequence[str]:
        """Take what the server says; return what to send.

        Raises CredentialRefused, TransportRefused or TransportLost where it will not have the session.
        """
        match codec.decode(message):
            case s.ServerError(error=error):
                raise refusal(error)
            case s.SessionCreated(session=session) if not self._greeted:
                self._greeted = True
                self.expires_at = session.expires_at
                self.agreed = not self._acknowledges
                return (self._update,) if self._acknowledges else (self._update, BEGIN)
            case s.SessionUpdated(session=session):
                self.agreed = True
                self.expires_at = session.expires_at or self.expires_at
        return ()


def refusal(error: ErrorDetails) -> TransportError:
    """Return what an error means that comes before there is a session."""
    code = error.name
    message = clean_line(error.message) or clean_line(code) or "no reason given"
    text = f"The provider refused: {message}"
    hint = REFUSALS.get(code, "")
    if code in _KEY_REFUSED:
        return CredentialRefused(text, hint=hint)
    if code in _MODEL_REFUSED or error.param.endswith("model"):
        return TransportRefused(text, hint=hint, param="model", reason=Reason.MODEL_REFUSED)
    if code == "server_error" or any(isinstance(each, CallBroken) and not each.refused for each in judge(error)):
        return TransportLost(text, reason=Reason.SERVER_ERROR)
    return TransportRefused(text, hint=hint, param=error.param, reason=Reason.NOT_OFFERED)


def _wanted(session: dict[str, Any], rate_hz: int) -> dict[str, Any]:
    """Return the session as an update says it: without the model, which the address names, and with the form of sound
    where that is not the usual one.
    """
    wanted = {key: value for key, value in session.items() if key != "model"}
    if rate_hz == GA_RATE_HZ:
        return wanted
    audio = dict(wanted.get("audio", {}))
    for way in ("input", "output") if session["type"] == "realtime" else ("input",):
        audio[way] = {**audio.get(way, {}), "format": {"type": "audio/pcm", "rate": rate_hz}}
    return {**wanted, "audio": audio}
