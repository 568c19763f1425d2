"""The provider, as the broker asks it for client secrets.

Source: https://platform.openai.com/docs/api-reference/realtime-sessions, `POST /v1/realtime/client_secrets`.

A team asks in bursts, at the beginning of a meeting. So the requests go through a few connections that are kept open,
by aiohttp, which is here anyway and takes a fifth of the time that httpx does when hundreds wait.
"""

from __future__ import annotations

import ssl
import urllib.request
from types import TracebackType
from typing import Any

import aiohttp
import httpx
import msgspec
from yarl import URL

from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import auth_headers
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.minted import minted
from sentra_tui.services.openai.reply import Reply

CONNECTIONS = 16
CONNECT_S = 3.0
DEADLINE_S = 4.0
"""Less than a client waits, so that it learns who is to blame."""
KEEP_ALIVE_S = 60.0
LIFETIME_SLACK_S = 5.0
_MAX_REPLY_BYTES = 256 << 10


class MintedSession(msgspec.Struct, frozen=True):
    """What a provider gave for a session."""

    secret: Secret
    expires_at: int
    """Seconds since 1970."""
    session_id: str


class Upstream:
    """Asks one provider with the team's key. An async context manager: inside of it, its connections are open."""

    def __init__(self, endpoint: Endpoint, key: Secret, ttl_s: int, tls: ssl.SSLContext) -> None:
        self._endpoint = endpoint
        self._key = key
        self._ttl_s = ttl_s
        self._tls = tls
        self._url = URL(f"{endpoint.base_url}/realtime/client_secrets", encoded=True)
        self._host = endpoint.host
        self._proxy = _proxy_for(self._url)
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Upstream:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEEP_ALIVE_S, ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=DEADLINE_S, sock_connect=CONNECT_S),
            skip_auto_headers=("User-Agent",),
            headers={"Accept-Encoding": "identity", **self._endpoint.headers},
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def mint(self, session: dict[str, Any]) -> MintedSession:
        """Return a secret that opens `session`, and nobody else's; raises TransportRefused or TransportLost.

        One that would live longer than was asked for is refused, too.
        """
        wanted = {"expires_after": {"anchor": "created_at", "seconds": self._ttl_s}, "session": session}
        reply = await self._post(msgspec.json.encode(wanted))
        credential = minted(reply, self._endpoint)
        body = reply.json()
        expires_at = body.get("expires_at")
        lives_s = credential.lifetime_s or 0
        if not 0 < lives_s <= self._ttl_s + LIFETIME_SLACK_S or not isinstance(expires_at, int):
            raise TransportRefused(
                f"{self._endpoint.label} makes secrets that live too long, or does not say how long."
            )
        made = body.get("session")
        session_id = made.get("id") if isinstance(made, dict) else None
        return MintedSession(credential.secret, expires_at, session_id if isinstance(session_id, str) else "")

    async def _post(self, body: bytes) -> Reply:
        if self._http is None:
            raise TransportLost("The broker does not run.")
        headers = {"Content-Type": "application/json", **auth_headers(self._key, self._endpoint.auth)}
        try:
            async with self._http.post(
                self._url, data=body, headers=headers, allow_redirects=False, proxy=self._proxy
            ) as response:
                content = await _read(response)
                return Reply(response.status, httpx.Headers(list(response.headers.items())), content)
        except TimeoutError:
            failure = TransportLost(f"{self._host} took too long to answer.")
        except (aiohttp.ClientError, OSError) as error:
            failure = TransportLost(f"The request to {self._host} failed ({type(error).__name__}).")
        # Outside of the handler, so that no traceback leads to the library's frames, which hold the headers.
        raise failure


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > _MAX_REPLY_BYTES:
            raise aiohttp.ClientPayloadError
    return bytes(content)


def _proxy_for(url: URL) -> str | None:
    """Return the proxy that the environment names for `url`; loopback takes none."""
    host = url.host or ""
    if url.scheme == "http" or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(url.scheme)
