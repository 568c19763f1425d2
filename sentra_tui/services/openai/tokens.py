"""What opens a call: client secrets that live for a minute, or the API key itself.

Sources: https://platform.openai.com/docs/api-reference/realtime-sessions, `POST /v1/realtime/client_secrets`, and in
the beta `POST /v1/realtime/sessions` and `/v1/realtime/transcription_sessions`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.provider_config import DialectName, OfferForm
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.minted import client_secret, minted
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import error_body

SECRET_LIFETIME_S = 60
"""Long enough for one dial. A secret opens calls until it expires, so a leaked one should not last."""
_NOT_OFFERED = (404, 405, 501)
_KEY_OFFERS: tuple[OfferForm, ...] = ("multipart", "json_sdp", "beta_query")
"""Forms of an offer that carry the key."""
_OTHER_BODY = (400, 422, 500)
"""How a service says that it does not understand what it was sent; some say so by failing."""


class ApiKeyTokens:
    """A TokenSource that has the API key; `key` is asked for it at each dial, and may raise CredentialRefused.

    `offer` says what the provider takes with an offer: `sdp` a client secret, `session` one of a session made for this
    call, `auto` a client secret where it makes them; else the key itself, as always without `client_secrets`. Sessions
    are in the words of the `dialect`: a flat one, which has no `type`, is for transcription where it has no model.
    """

    def __init__(
        self,
        client: ApiClient,
        key: Callable[[], Secret],
        *,
        offer: OfferForm = "auto",
        dialect: DialectName = "ga",
        client_secrets: bool = True,
    ) -> None:
        self._client = client
        self._key = key
        self._in_session = offer == "session"
        self._optional = offer == "auto"
        self._flat = dialect == "beta" or self._in_session
        self._mints = self._in_session or (client_secrets and offer not in _KEY_OFFERS)

    async def mint(self, session: dict[str, Any]) -> Credential:
        """Return what opens one call; raises CredentialRefused, TransportRefused or TransportLost."""
        key = self._key()
        if not self._mints:
            return Credential(key, session)
        reply = await (self._beta_session(key, session) if self._flat else self._secret(key, session))
        if reply.status in _NOT_OFFERED and self._optional:
            self._mints = False
            return Credential(key, session)
        return minted(reply, self._client.endpoint, session_id=_session_id(reply) if self._in_session else "")

    async def _secret(self, key: Secret, session: dict[str, Any]) -> Reply:
        wanted = {"expires_after": {"anchor": "created_at", "seconds": SECRET_LIFETIME_S}, "session": session}
        return await self._client.post("/realtime/client_secrets", key, json=wanted)

    async def _beta_session(self, key: Secret, session: dict[str, Any]) -> Reply:
        path = "/realtime/transcription_sessions" if session_type(session) == "transcription" else "/realtime/sessions"
        flat = {name: value for name, value in session.items() if name != "type"}
        return await self._client.post(path, key, json=flat, headers={"OpenAI-Beta": "realtime=v1"})


class BrokerTokens:
    """A TokenSource that asks a service of yours, which has the API key, at the address of `client`.

    `sentra-tui broker` has a session of its own and is told only what it is for; a service that does not understand
    that is sent the session instead, as from then on. `bearer` gives what the service wants to see, if anything.
    """

    def __init__(self, client: ApiClient, bearer: Callable[[], Secret] = lambda: Secret("")) -> None:
        self._client = client
        self._bearer = bearer
        self._ours: bool | None = None
        """Whether it is `sentra-tui broker`; None until it has answered."""
        self._refused_voices: set[str] = set()

    async def mint(self, session: dict[str, Any]) -> Credential:
        """Return what opens one call; raises CredentialRefused, TransportRefused or TransportLost."""
        if self._ours is not False:
            reply = await self._ask_ours(session)
            if self._ours or not _is_elsewhere(reply):
                credential = minted(reply, self._client.endpoint, agreed=_described(reply.json(), session))
                self._ours = True
                return credential
        reply = await self._ask({"session": session})
        credential = minted(reply, self._client.endpoint)
        self._ours = False
        return credential

    async def _ask_ours(self, session: dict[str, Any]) -> Reply:
        """Ask in the words of our broker; it chooses the voice where it does not allow this one."""
        purpose = _purpose(session)
        if purpose.get("voice") in self._refused_voices:
            del purpose["voice"]
        reply = await self._ask(purpose)
        if reply.status == 403 and "voice" in purpose and error_body(reply).code == "voice_not_allowed":
            self._refused_voices.add(purpose.pop("voice"))
            return await self._ask(purpose)
        return reply

    async def _ask(self, body: dict[str, Any]) -> Reply:
        """Ask; where nobody answers, say that it is the broker who does not: the provider may be well."""
        try:
            return await self._client.post("", self._bearer(), json=body)
        except TransportLost as error:
            label = self._client.endpoint.label
            lost = TransportLost(f"{label} cannot be asked: {error.message}", hint=error.hint, reason=error.reason)
        raise lost


def session_type(session: dict[str, Any]) -> str:
    """Return `realtime` or `transcription`; a flat session of the beta has no type, and one that answers a model."""
    return str(session.get("type") or ("realtime" if "model" in session else "transcription"))


def _session_id(reply: Reply) -> str:
    body = reply.json()
    name = body.get("id") if isinstance(body, dict) else None
    return clean_line(name, 256) if isinstance(name, str) else ""


def _purpose(session: dict[str, Any]) -> dict[str, str]:
    """Return what `sentra-tui broker` is asked for."""
    output = session.get("audio", {}).get("output", {})
    voice = output.get("voice") or session.get("voice")
    kind = session_type(session)
    return {"type": kind, "voice": voice} if isinstance(voice, str) and kind == "realtime" else {"type": kind}


def _is_elsewhere(reply: Reply) -> bool:
    """Return whether this is another service than ours: it did not understand, or speaks as OpenAI does."""
    if reply.status in _OTHER_BODY:
        return True
    body = reply.json()
    return client_secret(body) is not None and "ephemeral_key" not in body


def _described(body: Any, asked: dict[str, Any]) -> dict[str, Any] | None:
    """Return the session that our broker chose, as GA has it; None where the reply is no object."""
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("session"), dict):
        return dict(body["session"])
    kind = session_type(asked)
    heard: dict[str, Any] = {"turn_detection": body["turn_detection"]} if "turn_detection" in body else {}
    session: dict[str, Any] = {"type": kind}
    audio: dict[str, Any] = {}
    if kind == "transcription":
        if body.get("model"):
            heard["transcription"] = {"model": body["model"]}
    else:
        session |= {name: body[name] for name in ("model", "instructions") if body.get(name)}
        if body.get("voice"):
            audio["output"] = {"voice": body["voice"]}
    if heard:
        audio["input"] = heard
    return session | ({"audio": audio} if audio else {})
