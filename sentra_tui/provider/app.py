"""The HTTP side: client secrets, offers, hanging up, models and the demo talk, with the text endpoints beside them.

Shapes as of https://platform.openai.com/docs/api-reference/realtime-calls and …/realtime-sessions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from aiohttp import BodyPartReader, web

from sentra_tui.domain.config import (
    DEMO_TRANSCRIPTION_MODEL,
    LOCAL_MODEL,
    LOCAL_SPEECH_MODEL,
    LOCAL_TEXT_MODEL,
    LOCAL_TRANSCRIPTION_MODEL,
)
from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.credentials import DEFAULT_LIFETIME_S, Credentials
from sentra_tui.provider.demo import Side, recordings
from sentra_tui.provider.faults import Faults
from sentra_tui.provider.loopback_only import loopback_only
from sentra_tui.provider.planned import suffer
from sentra_tui.provider.realtime.calls import Calls
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.realtime.settings import SessionSettings
from sentra_tui.provider.text.door import RouteGroup
from sentra_tui.provider.text.request_body import decode_body, read_body
from sentra_tui.provider.voice import Voice

MODELS = (LOCAL_MODEL, LOCAL_TEXT_MODEL, LOCAL_TRANSCRIPTION_MODEL, DEMO_TRANSCRIPTION_MODEL, LOCAL_SPEECH_MODEL)

_MAX_BODY_BYTES = 2_097_152
"""A day of talk in both directions."""
_SDP = "application/sdp"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _ExpiresAfter(msgspec.Struct, frozen=True):
    anchor: str = "created_at"
    seconds: int = DEFAULT_LIFETIME_S


class _SecretRequest(msgspec.Struct, frozen=True):
    expires_after: _ExpiresAfter = _ExpiresAfter()
    session: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "realtime"})


class ProviderApp:
    """The routes and what they need; `application` is for aiohttp."""

    def __init__(
        self, credentials: Credentials, calls: Calls, faults: Faults, voice: Voice, groups: Sequence[RouteGroup] = ()
    ) -> None:
        self._credentials = credentials
        self._calls = calls
        self._faults = faults
        self._voice = voice
        self._recordings: dict[Side, bytes] | None = None
        self.application = web.Application(middlewares=[_shape_errors, loopback_only], client_max_size=_MAX_BODY_BYTES)
        self.application.add_routes(
            [
                web.post("/v1/realtime/client_secrets", self._mint),
                web.post("/v1/realtime/calls", self._answer),
                web.post("/v1/realtime/calls/{call_id}/hangup", self._hang_up),
                web.get("/v1/models", self._models),
                web.get("/v1/demo/{side:mic|speaker}.wav", self._demo),
                web.get("/v1/status", self._status),
            ]
        )
        for group in groups:
            self.application.add_routes(group.routes())

    async def _mint(self, request: web.Request) -> web.Response:
        self._credentials.require_api_key(_authorization(request))
        wanted = await read_body(request, _SecretRequest)
        settings = SessionSettings(wanted.session)
        page = await suffer(self._faults.for_client_secret(settings.type))
        if page is not None:
            return page
        minted = self._credentials.mint(settings, wanted.expires_after.seconds)
        session = settings.describe(new_id("sess"), 0)
        return web.json_response({"value": minted.secret.reveal(), "expires_at": minted.expires_at, "session": session})

    async def _answer(self, request: web.Request) -> web.Response:
        settings = self._credentials.open(_authorization(request))
        if request.content_type == "multipart/form-data":
            offer, sent = await _read_parts(request)
            settings = sent or settings
        elif request.content_type == _SDP:
            offer = (await request.read()).decode("utf-8", "replace")
        else:
            raise ApiError(
                400, f"An offer is sent as {_SDP} or as multipart/form-data.", code="unsupported_content_type"
            )
        if settings is None:
            raise ApiError(400, "No session was sent: send one, or a client secret.", param="session")
        page = await suffer(self._faults.for_call(settings.type))
        if page is not None:
            return page
        call_id, answer = await self._calls.open(offer, settings)
        headers = {"Location": f"/v1/realtime/calls/{call_id}"}
        return web.Response(status=201, body=answer.encode(), content_type=_SDP, headers=headers)

    async def _hang_up(self, request: web.Request) -> web.Response:
        self._credentials.open(_authorization(request))
        await self._calls.hang_up(request.match_info["call_id"])
        return web.Response()

    async def _models(self, request: web.Request) -> web.Response:
        self._credentials.require_api_key(_authorization(request))
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "sentra-tui"} for name in MODELS]
        return web.json_response({"object": "list", "data": data})

    async def _demo(self, request: web.Request) -> web.Response:
        self._credentials.require_api_key(_authorization(request))
        side: Side = "mic" if request.match_info["side"] == "mic" else "speaker"
        if self._recordings is None:
            try:
                self._recordings = await self._voice.run(recordings)
            except ProviderError as error:
                raise ApiError(503, str(error), code="voice_unavailable") from error
        return web.Response(body=self._recordings[side], content_type="audio/wav")

    async def _status(self, request: web.Request) -> web.Response:
        self._credentials.require_api_key(_authorization(request))
        return web.json_response({"calls": self._calls.describe()})


def _authorization(request: web.Request) -> str:
    return request.headers.get("Authorization", "")


async def _read_parts(request: web.Request) -> tuple[str, SessionSettings | None]:
    """Return the offer and the session of a multipart body; raises ApiError when there is no offer."""
    parts: dict[str, bytes] = {}
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name in ("sdp", "session"):
                parts[part.name] = bytes(await part.read())
    except (ValueError, AssertionError) as error:
        raise ApiError(400, "The multipart body cannot be read.") from error
    if "sdp" not in parts:
        raise ApiError(400, "The part 'sdp' is missing.", code="missing_required_parameter", param="sdp")
    if "session" not in parts:
        return parts["sdp"].decode("utf-8", "replace"), None
    session: dict[str, Any] = decode_body(parts["session"], dict[str, Any], "session")
    return parts["sdp"].decode("utf-8", "replace"), SessionSettings(session)


@web.middleware
async def _shape_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Give every refusal OpenAI's shape."""
    try:
        return await handler(request)
    except ApiError as error:
        refusal = error
    except web.HTTPException as error:
        if error.status < 400:
            raise
        refusal = ApiError(error.status, f"{error.reason}: {request.method} {request.path}.")
    return web.json_response(refusal.body(), status=refusal.status, headers=refusal.headers)
