"""Requests to a provider: one at a time, bounded, and without a trace of the key."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx
from msgspec import Struct

from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import BearerAuth
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.network import network_error

TIMEOUT_S = 10.0
KEEP_ALIVE_S = 75.0
"""Long enough that the second stream and the next dial find the connection open."""
MAX_REPLY_BYTES = 1 << 20
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


class Reply(Struct, frozen=True):
    """What a provider answered."""

    status: int
    headers: httpx.Headers
    body: bytes

    def __repr__(self) -> str:
        """Leave the body out: it may hold a client secret."""
        return f"Reply({self.status})"

    @property
    def media_type(self) -> str:
        """The type of the body, without parameters."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 in it is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON, or None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class ApiClient:
    """Posts to one provider, over connections that it keeps.

    Certificates are checked, redirects never followed, and loopback takes no proxy. Whoever makes it closes it.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        for name in ("httpx", "httpcore"):  # below WARNING they log addresses and headers
            logging.getLogger(name).setLevel(logging.WARNING)
        self._http = httpx.AsyncClient(
            timeout=TIMEOUT_S,
            limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_S),
            follow_redirects=False,
            mounts=dict.fromkeys(_LOOPBACK),
        )

    async def post(self, path: str, secret: Secret, **content: Any) -> Reply:
        """Post `content` (as httpx takes it) and return the whole reply, whatever its status.

        Raises TransportLost when there is none, TransportRefused when it is too large.
        """
        try:
            return await self._exchange(self.endpoint.base_url + path, secret, **content)
        except httpx.HTTPError as error:
            failure = network_error(error, self.endpoint.host)
        # Outside of the handler, so that no traceback leads to the library's frames, which hold the headers.
        raise failure

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _exchange(self, url: str, secret: Secret, **content: Any) -> Reply:
        async with self._http.stream("POST", url, auth=BearerAuth(secret), **content) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_REPLY_BYTES:
                    raise TransportRefused(f"The reply of {self.endpoint.host} is too large.", hint="Check base_url.")
            return Reply(response.status_code, response.headers, bytes(body))
