"""What opens a call: client secrets, made just before each dial so that they need not live long.

Source: https://platform.openai.com/docs/api-reference/realtime-sessions, `POST /v1/realtime/client_secrets`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.provider_config import OfferForm
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import redact, refusal

SECRET_LIFETIME_S = 60
"""Long enough for one dial. A secret opens calls until it expires, so a leaked one should not last."""
_NOT_OFFERED = (404, 405)


class ApiKeyTokens:
    """A TokenSource that has the API key; `key` is asked for it at each dial, and may raise CredentialRefused.

    `offer` says what the provider takes: `sdp` a client secret, `multipart` the key itself along with the session,
    `auto` a client secret where it makes them, else multipart.
    """

    def __init__(self, client: ApiClient, key: Callable[[], Secret], *, offer: OfferForm = "auto") -> None:
        self._client = client
        self._key = key
        self._offer = offer

    async def mint(self, session: dict[str, Any]) -> Credential:
        """Return what opens one call; raises CredentialRefused, TransportRefused or TransportLost."""
        key = self._key()
        if self._offer == "multipart":
            return Credential(key, session)
        wanted = {"expires_after": {"anchor": "created_at", "seconds": SECRET_LIFETIME_S}, "session": session}
        reply = await self._client.post("/realtime/client_secrets", key, json=wanted)
        if reply.status in _NOT_OFFERED and self._offer == "auto":
            return Credential(key, session)
        return _credential(reply, self._client.endpoint)


class BrokerTokens:
    """A TokenSource that asks a service of yours, which has the API key, at the address of `client`.

    `bearer` gives what that service itself wants to see, if anything.
    """

    def __init__(self, client: ApiClient, bearer: Callable[[], Secret] = lambda: Secret("")) -> None:
        self._client = client
        self._bearer = bearer

    async def mint(self, session: dict[str, Any]) -> Credential:
        """Return what opens one call; raises CredentialRefused, TransportRefused or TransportLost."""
        reply = await self._client.post("", self._bearer(), json={"session": session})
        return _credential(reply, self._client.endpoint)


def _credential(reply: Reply, endpoint: Endpoint) -> Credential:
    if reply.status >= 300:
        raise refusal(reply, endpoint)
    body = reply.json()
    secret = _secret(body)
    if secret is None:
        raise TransportRefused(
            f"{endpoint.label} gave no client secret: {_seen(reply, body)}.", hint="Check the address it is asked at."
        )
    return Credential(secret)


def _secret(body: Any) -> Secret | None:
    """Return the secret of a reply: OpenAI's `value`, a broker's `ephemeral_key`, or the beta's `client_secret`."""
    if not isinstance(body, dict):
        return None
    beta = body.get("client_secret")
    values = (body.get("value"), body.get("ephemeral_key"), beta.get("value") if isinstance(beta, dict) else beta)
    for value in values:
        if isinstance(value, str) and value and all("!" <= character <= "~" for character in value):
            return Secret(value)
    return None


def _seen(reply: Reply, body: Any) -> str:
    """Say what came instead, without any value of it."""
    if isinstance(body, dict):
        fields = redact(clean_line(", ".join(map(str, body)), 60))
        return f"its reply has the fields {fields}" if fields else "its reply is empty"
    kind = clean_line(reply.media_type, 40) or "no type"
    return f"its reply is not a JSON object ({reply.status}, {kind})"
