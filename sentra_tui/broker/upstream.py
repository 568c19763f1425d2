"""The provider, as the broker asks it for client secrets.

Source: https://platform.openai.com/docs/api-reference/realtime-sessions, `POST /v1/realtime/client_secrets`.
"""

from __future__ import annotations

import ssl
from typing import Any

import msgspec

from sentra_tui.broker.proxy import proxy_for
from sentra_tui.broker.reply_reader import BrokenReply
from sentra_tui.broker.upstream_http import UpstreamHttp
from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import auth_headers
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.minted import minted
from sentra_tui.services.openai.reply import Reply

CONNECTIONS = 24
"""Enough for 200 members at once within the deadline where the provider takes 0.4 s for each; more are slow to open."""
LIFETIME_SLACK_S = 5.0


class MintedSession(msgspec.Struct, frozen=True):
    """What a provider gave for a session."""

    secret: Secret
    expires_at: int
    """Seconds since 1970."""
    session_id: str


class _Made(msgspec.Struct, frozen=True):
    expires_at: Any = None
    session: Any = None


class Upstream:
    """Asks one provider with the team's key. Whoever makes it closes it."""

    def __init__(self, endpoint: Endpoint, key: Secret, ttl_s: int, tls: ssl.SSLContext) -> None:
        self._endpoint = endpoint
        self._key = key
        self._ttl_s = ttl_s
        self._host = endpoint.host
        url = f"{endpoint.base_url}/realtime/client_secrets"
        self._http = UpstreamHttp(url, tls, CONNECTIONS, proxy_for(url))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    async def mint(self, session: dict[str, Any] | msgspec.Raw) -> MintedSession:
        """Return a secret that opens `session`, and nobody else's; raises TransportRefused or TransportLost.

        One that would live longer than was asked for is refused, too.
        """
        wanted = {"expires_after": {"anchor": "created_at", "seconds": self._ttl_s}, "session": session}
        reply = await self._post(msgspec.json.encode(wanted))
        credential = minted(reply, self._endpoint)
        if credential.secret.reveal() == self._key.reveal():
            raise TransportRefused(f"{self._endpoint.label} makes no secrets: it gave the key back.")
        made = _read_made(reply.body)
        lives_s = credential.lifetime_s or 0
        if not 0 < lives_s <= self._ttl_s + LIFETIME_SLACK_S or not isinstance(made.expires_at, int):
            raise TransportRefused(
                f"{self._endpoint.label} makes secrets that live too long, or does not say how long."
            )
        session_id = made.session.get("id") if isinstance(made.session, dict) else None
        return MintedSession(credential.secret, made.expires_at, session_id if isinstance(session_id, str) else "")

    async def _post(self, body: bytes) -> Reply:
        headers = {
            "Content-Type": "application/json",
            **self._endpoint.headers,
            **auth_headers(self._key, self._endpoint.auth),
        }
        try:
            return (await self._http.post(headers, body)).without(self._key)
        except TimeoutError:
            failure = TransportLost(f"{self._host} took too long to answer.")
        except BrokenReply as error:
            failure = TransportLost(f"{self._host} gave no whole reply: {error}.")
        except OSError as error:
            failure = TransportLost(f"{self._host} cannot be reached ({type(error).__name__}).")
        # Outside of the handler, so that no traceback leads to frames that hold the headers.
        raise failure


def _read_made(body: bytes) -> _Made:
    """Return what else a reply says that has a secret; nothing where it is JSON to the lenient only."""
    try:
        return msgspec.json.decode(body, type=_Made)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Made()
