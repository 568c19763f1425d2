"""Requests to a provider: bounded, and without a trace of the key."""

from __future__ import annotations

import logging
from typing import Any

import httpx

from sentra_tui.domain.errors import OutcomeUnknown, TransportLost
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import BearerAuth
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.network import network_error
from sentra_tui.services.openai.reply import Reply, ReplyStream

TIMEOUT_S = 10.0
SILENCE_S = 60.0
"""How long a stream may say nothing before it is taken for broken."""
KEEP_ALIVE_S = 75.0
"""Long enough that the second stream and the next dial find the connection open."""
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")
_SAFE_METHODS = ("GET", "DELETE")
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class ApiClient:
    """Asks one provider, over connections that it keeps.

    Certificates are checked, redirects never followed, and loopback takes no proxy. Bodies come as they are: none is
    unpacked, so none grows. Whoever makes it closes it.

    Every request raises TransportLost when nothing of it was sent: there was no connection. One that was sent and got
    no whole reply raises OutcomeUnknown where it may have changed something (POST), else TransportLost as well, since
    asking once more is harmless. `content` is as httpx takes it.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        for name in ("httpx", "httpcore"):  # below WARNING they log addresses and headers
            logging.getLogger(name).setLevel(logging.WARNING)
        self._http = httpx.AsyncClient(
            headers={"Accept-Encoding": "identity"},
            timeout=TIMEOUT_S,
            limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_S),
            follow_redirects=False,
            mounts=dict.fromkeys(_LOOPBACK),
        )

    async def get(self, path: str, secret: Secret, **content: Any) -> Reply:
        """Return the whole reply, whatever its status; raises TransportRefused too when it is too large."""
        return await (await self._send("GET", path, secret, **content)).read()

    async def post(self, path: str, secret: Secret, **content: Any) -> Reply:
        """Like `get`."""
        return await (await self._send("POST", path, secret, **content)).read()

    async def delete(self, path: str, secret: Secret, **content: Any) -> Reply:
        """Like `get`."""
        return await (await self._send("DELETE", path, secret, **content)).read()

    async def stream(
        self, method: str, path: str, secret: Secret, *, silence_s: float = SILENCE_S, **content: Any
    ) -> ReplyStream:
        """Return a reply, whatever its status, as soon as its head is here; the caller closes it.

        It breaks when nothing comes for `silence_s`.
        """
        return await self._send(method, path, secret, timeout=httpx.Timeout(TIMEOUT_S, read=silence_s), **content)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(self, method: str, path: str, secret: Secret, **content: Any) -> ReplyStream:
        def lost(error: httpx.HTTPError) -> TransportLost:
            failure = network_error(error, self.endpoint.host)
            if method in _SAFE_METHODS or isinstance(error, _NOTHING_SENT):
                return failure
            return OutcomeUnknown(failure.message, hint=failure.hint)

        request = self._http.build_request(method, self.endpoint.base_url + path, **content)
        try:
            response = await self._http.send(request, auth=BearerAuth(secret), stream=True)
        except httpx.HTTPError as error:
            failure = lost(error)
        else:
            return ReplyStream(response, self.endpoint.host, lost)
        # Outside of the handler, so that no traceback leads to the library's frames, which hold the headers.
        raise failure
