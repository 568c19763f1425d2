"""The provider, as the broker asks it for client secrets.

Source: https://platform.openai.com/docs/api-reference/realtime-sessions, `POST /v1/realtime/client_secrets`.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import msgspec

from sentra_tui.broker.reply_reader import BrokenReply
from sentra_tui.broker.upstream_http import UpstreamHttp, proxy_for
from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import auth_headers
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.minted import minted
from sentra_tui.services.openai.reply import Reply

CONNECTIONS = 16
DEADLINE_S = 4.0
"""Less than a client waits, so that it learns who is to blame."""
LIFETIME_SLACK_S = 5.0


class MintedSession(msgspec.Struct, frozen=True):
    """What a provider gave for a session."""

    secret: Secret
    expires_at: int
    """Seconds since 1970."""
    session_id: str


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

    async def mint(self, session: dict[str, Any]) -> MintedSession:
        """Return a secret that opens `session`, and nobody else's; raises TransportRefused or TransportLost.

        One that would live longer than was asked for is refused, too.
        """
        wanted = {"expires_after": {"anchor": "created_at", "seconds": self._ttl_s}, "session": session}
        reply = await self._post(msgspec.json.encode(wanted))
        credential = minted(reply, self._endpoint)
        body = reply.json()
        expires_at = body.get("expires_at")
        if credential.secret.reveal() == self._key.reveal():
            raise TransportRefused(f"{self._endpoint.label} makes no secrets: it gave the key back.")
        lives_s = credential.lifetime_s or 0
        if not 0 < lives_s <= self._ttl_s + LIFETIME_SLACK_S or not isinstance(expires_at, int):
            raise TransportRefused(
                f"{self._endpoint.label} makes secrets that live too long, or does not say how long."
            )
        made = body.get("session")
        session_id = made.get("id") if isinstance(made, dict) else None
        return MintedSession(credential.secret, expires_at, session_id if isinstance(session_id, str) else "")

    async def _post(self, body: bytes) -> Reply:
        headers = {
            "Content-Type": "application/json",
            **self._endpoint.headers,
            **auth_headers(self._key, self._endpoint.auth),
        }
        try:
            async with asyncio.timeout(DEADLINE_S):
                return (await self._http.post(headers, body)).without(self._key)
        except TimeoutError:
            failure = TransportLost(f"{self._host} took too long to answer.")
        except BrokenReply as error:
            failure = TransportLost(f"{self._host} gave no whole reply: {error}.")
        except OSError as error:
            failure = TransportLost(f"{self._host} cannot be reached ({type(error).__name__}).")
        # Outside of the handler, so that no traceback leads to frames that hold the headers.
        raise failure
