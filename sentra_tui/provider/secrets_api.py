"""Minting: client secrets, and the sessions of the beta that carry one.

Shapes as of https://platform.openai.com/docs/api-reference/realtime-sessions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.credentials import DEFAULT_LIFETIME_S, Credentials, shown_key
from sentra_tui.provider.dialect_choice import choose_dialect
from sentra_tui.provider.faults import Faults, SessionType
from sentra_tui.provider.planned import suffer
from sentra_tui.provider.realtime.beta import ga_session, shown_session
from sentra_tui.provider.realtime.settings import SessionSettings
from sentra_tui.provider.text.request_body import read_body

BETA_LIFETIME_S = 60


class _ExpiresAfter(msgspec.Struct, frozen=True):
    anchor: str = "created_at"
    seconds: int = DEFAULT_LIFETIME_S


class _SecretRequest(msgspec.Struct, frozen=True):
    expires_after: _ExpiresAfter = _ExpiresAfter()
    session: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "realtime"})


class SecretsApi:
    """Gives whoever has the API key short-lived secrets for calls."""

    def __init__(self, credentials: Credentials, faults: Faults, epoch_s: Callable[[], float]) -> None:
        self._credentials = credentials
        self._faults = faults
        self._epoch_s = epoch_s

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        return [
            web.post("/v1/realtime/client_secrets", self._mint),
            web.post("/v1/realtime/sessions", self._mint_session),
            web.post("/v1/realtime/transcription_sessions", self._mint_transcription_session),
        ]

    async def close(self) -> None:
        """Nothing runs here."""

    async def _mint(self, request: web.Request) -> web.Response:
        self._admit(request)
        wanted = await read_body(request, _SecretRequest)
        settings = SessionSettings(wanted.session)
        fault = self._faults.for_client_secret(settings.type)
        page = await suffer(request, fault, self._epoch_s())
        if page is not None:
            return page
        minted = self._credentials.mint(settings, wanted.expires_after.seconds, fault)
        session = settings.describe(minted.session_id, 0)
        return web.json_response({"value": minted.secret.reveal(), "expires_at": minted.expires_at, "session": session})

    async def _mint_session(self, request: web.Request) -> web.Response:
        return await self._mint_beta(request, "realtime")

    async def _mint_transcription_session(self, request: web.Request) -> web.Response:
        return await self._mint_beta(request, "transcription")

    async def _mint_beta(self, request: web.Request, kind: SessionType) -> web.Response:
        self._admit(request)
        choose_dialect(request, self._faults, legacy=True)
        settings = SessionSettings(ga_session(await read_body(request, dict[str, Any]), kind))
        fault = self._faults.for_client_secret(kind)
        page = await suffer(request, fault, self._epoch_s())
        if page is not None:
            return page
        minted = self._credentials.mint(settings, BETA_LIFETIME_S, fault)
        secret = {"value": minted.secret.reveal(), "expires_at": minted.expires_at}
        session = shown_session(settings.describe(minted.session_id, 0))
        return web.json_response({**session, "client_secret": secret})

    def _admit(self, request: web.Request) -> None:
        if self._faults.lacks("client_secrets"):
            raise ApiError(404, f"Unknown request URL: {request.method} {request.path}.", code="unknown_url")
        self._credentials.require_api_key(shown_key(request.headers))
