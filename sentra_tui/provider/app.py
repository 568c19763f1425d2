"""The HTTP side: models, the demo talk and the provider's own state, with the endpoints of every API beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from email.utils import formatdate

from aiohttp import web

from sentra_tui.domain.config import (
    DEMO_TRANSCRIPTION_MODEL,
    LOCAL_MODEL,
    LOCAL_SPEECH_MODEL,
    LOCAL_TEXT_MODEL,
    LOCAL_TRANSCRIPTION_MODEL,
)
from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.credentials import Credentials, shown_key
from sentra_tui.provider.demo import Side, recordings
from sentra_tui.provider.faults import Faults
from sentra_tui.provider.loopback_only import loopback_only
from sentra_tui.provider.planned import spoil_answers
from sentra_tui.provider.realtime.calls import Calls
from sentra_tui.provider.text.door import RouteGroup
from sentra_tui.provider.voice import Voice

MODELS = (LOCAL_MODEL, LOCAL_TEXT_MODEL, LOCAL_TRANSCRIPTION_MODEL, DEMO_TRANSCRIPTION_MODEL, LOCAL_SPEECH_MODEL)

_MAX_BODY_BYTES = 2_097_152
"""A day of talk in both directions."""
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ProviderApp:
    """The routes and what they need; `application` is for aiohttp."""

    def __init__(
        self,
        credentials: Credentials,
        calls: Calls,
        voice: Voice,
        faults: Faults,
        epoch_s: Callable[[], float],
        groups: Sequence[RouteGroup] = (),
    ) -> None:
        self._credentials = credentials
        self._calls = calls
        self._voice = voice
        self._recordings: dict[Side, bytes] | None = None
        guard = loopback_only(lambda: faults.plan.relays.ports)
        middlewares = [spoil_answers, _shape_errors, guard]
        self._epoch_s = epoch_s
        self.application = web.Application(middlewares=middlewares, client_max_size=_MAX_BODY_BYTES)
        self.application.on_response_prepare.append(self._date)
        self.application.add_routes(
            [
                web.get("/v1/models", self._models),
                web.get("/v1/demo/{side:mic|speaker}.wav", self._demo),
                web.get("/v1/status", self._status),
            ]
        )
        for group in groups:
            self.application.add_routes(group.routes())

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(self._epoch_s(), usegmt=True)

    async def _models(self, request: web.Request) -> web.Response:
        self._credentials.require_api_key(shown_key(request.headers))
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "sentra-tui"} for name in MODELS]
        return web.json_response({"object": "list", "data": data})

    async def _demo(self, request: web.Request) -> web.Response:
        self._credentials.require_api_key(shown_key(request.headers))
        side: Side = "mic" if request.match_info["side"] == "mic" else "speaker"
        if self._recordings is None:
            try:
                self._recordings = await self._voice.run(recordings)
            except ProviderError as error:
                raise ApiError(503, str(error), code="voice_unavailable") from error
        return web.Response(body=self._recordings[side], content_type="audio/wav")

    async def _status(self, request: web.Request) -> web.Response:
        self._credentials.require_api_key(shown_key(request.headers))
        return web.json_response({"calls": self._calls.describe()})


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
