"""The bearer token of a request."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from sentra_tui.domain.secret import Secret


class BearerAuth(httpx.Auth):
    """Puts a secret on a request at the last moment, so that no caller holds the header; an empty one adds none."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        if self._secret:
            request.headers["Authorization"] = f"Bearer {self._secret.reveal()}"
        yield request
