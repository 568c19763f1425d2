"""The key of a request."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import httpx

from sentra_tui.domain.secret import ClientSecret, Secret

AuthStyle: TypeAlias = Literal["bearer", "api-key"]
"""How a key is shown: `Authorization: Bearer`, or the header `api-key`."""
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def auth_headers(secret: Secret, style: AuthStyle = "bearer") -> dict[str, str]:
    """Return the header that shows `secret`, for the one line that puts it on the wire; an empty one needs none.

    What a provider minted is a bearer token in every style.
    """
    if not secret:
        return {}
    if style == "api-key" and not isinstance(secret, ClientSecret):
        return {"api-key": secret.reveal()}
    return {"Authorization": f"Bearer {secret.reveal()}"}


class BearerAuth(httpx.Auth):
    """Puts a secret, and what else a provider wants, on a request at the last moment: no caller holds the headers."""

    def __init__(self, secret: Secret, style: AuthStyle = "bearer", headers: Mapping[str, str] = _NO_HEADERS) -> None:
        self._secret = secret
        self._style = style
        self._headers = headers

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers."""
        request.headers.update(self._headers)
        request.headers.update(auth_headers(self._secret, self._style))
        yield request
