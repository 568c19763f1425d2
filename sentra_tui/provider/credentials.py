"""Who may come in: the API key of this run, and the client secrets minted with it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sentra_tui.domain.secret import Secret
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.realtime.settings import SessionSettings
from sentra_tui.provider.session_faults import RequestFault

DEFAULT_LIFETIME_S = 600
LIFETIME_RANGE_S = (10, 7200)
REMEMBERED_S = 600
"""How long a secret that expired is still told apart from one that never was."""


@dataclass(frozen=True)
class ClientSecret:
    """A short-lived secret and the session that it opens, as many times as wanted until it expires."""

    secret: Secret
    expires_at: int
    """What is said of it, in seconds of the Unix epoch."""
    dies_at: float
    """When it is refused: then too, unless a plan of faults wants otherwise."""
    settings: SessionSettings
    session_id: str
    """The name of that session, for requests that carry it in their path."""


class Credentials:
    """Checks what a request carries, in constant time. `epoch_s` is the wall clock: expiry is told in its seconds.

    Without an `api_key` a new one is made.
    """

    def __init__(self, epoch_s: Callable[[], float], api_key: Secret | None = None) -> None:
        self._epoch_s = epoch_s
        self._api_key = api_key or Secret(secrets.token_urlsafe(32))
        self._client_secrets: list[ClientSecret] = []

    @property
    def api_key(self) -> Secret:
        """The key of this run."""
        return self._api_key

    def mint(
        self,
        settings: SessionSettings,
        lifetime_s: int = DEFAULT_LIFETIME_S,
        fault: RequestFault | None = None,
    ) -> ClientSecret:
        """Return a new secret for this session; raises ApiError when the lifetime is out of range."""
        fault = fault or RequestFault()
        low, high = LIFETIME_RANGE_S
        if not low <= lifetime_s <= high:
            raise ApiError(400, f"The lifetime must be {low} to {high} seconds.", param="expires_after.seconds")
        now = self._epoch_s()
        self._client_secrets = [known for known in self._client_secrets if known.dies_at > now - REMEMBERED_S]
        expires_at = int(now + (lifetime_s if fault.ttl_s is None else fault.ttl_s))
        dies_at = expires_at if fault.dies_after_s is None else now + fault.dies_after_s
        minted = ClientSecret(Secret(f"ek_{secrets.token_urlsafe(24)}"), expires_at, dies_at, settings, new_id("sess"))
        self._client_secrets.append(minted)
        return minted

    def require_api_key(self, authorization: str) -> None:
        """Accept the API key only; raises ApiError (401)."""
        if not _matches(self._api_key, _bearer(authorization)):
            raise _unauthorized(authorization)

    def open(self, authorization: str) -> SessionSettings | None:
        """Return the session that a client secret opens, or None for the API key; raises ApiError (401)."""
        if _matches(self._api_key, _bearer(authorization)):
            return None
        return self.require_client_secret(authorization).settings

    def require_client_secret(self, authorization: str) -> ClientSecret:
        """Return the client secret that is shown, accepting nothing else; raises ApiError (401)."""
        token = _bearer(authorization)
        matching = [known for known in self._client_secrets if _matches(known.secret, token)]
        if not matching:
            raise _unauthorized(authorization)
        if matching[0].dies_at <= self._epoch_s():
            raise ApiError(401, "The client secret has expired: mint a new one.", code="token_expired")
        return matching[0]


def shown_key(headers: Mapping[str, str]) -> str:
    """Return the authorization of a request, which may also come in the header `api-key`, as Azure has it."""
    key = headers.get("api-key")
    return headers.get("Authorization", "") if key is None else f"Bearer {key}"


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _matches(secret: Secret, token: str) -> bool:
    return hmac.compare_digest(secret.reveal().encode(), token.encode("utf-8", "surrogateescape"))


def _unauthorized(authorization: str) -> ApiError:
    if not _bearer(authorization):
        return ApiError(401, "No API key was given: send it as a bearer token.", code="invalid_api_key")
    return ApiError(401, "The API key is not the one of this run.", code="invalid_api_key")
