"""Signalling: every form in which clients post an SDP offer, and the end of a call.

GA has `POST /v1/realtime/calls`, raw or multipart (https://platform.openai.com/docs/api-reference/realtime-calls);
LocalAI posts JSON there. The beta posts to `/v1/realtime` with the model in the query. Servers with sessions of their
own take the offer, and candidates after it, below the session that was made before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from aiohttp import BodyPartReader, web

from sentra_tui.protocol.dialects import Dialect
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.credentials import ClientSecret, Credentials, shown_key
from sentra_tui.provider.dialect_choice import choose_dialect
from sentra_tui.provider.faults import Faults
from sentra_tui.provider.planned import suffer
from sentra_tui.provider.realtime.calls import Calls
from sentra_tui.provider.realtime.edge import Edge
from sentra_tui.provider.realtime.settings import SessionSettings
from sentra_tui.provider.session_choice import of_model, of_query
from sentra_tui.provider.text.request_body import decode_body, read_body

_SDP = "application/sdp"
_JSON = "application/json"


class _JsonOffer(msgspec.Struct, frozen=True):
    sdp: str
    model: str = ""


class _SessionOffer(msgspec.Struct, frozen=True):
    sdp: str
    modalities: list[Literal["text", "audio"]] = msgspec.field(default_factory=lambda: ["audio", "text"])


class _Candidate(msgspec.Struct, frozen=True):
    candidate: str
    sdp_mid: str | None = msgspec.field(default=None, name="sdpMid")


class _CandidateRequest(msgspec.Struct, frozen=True):
    candidate: _Candidate | str | None = None


class OffersApi:
    """Has offers answered, and calls hung up."""

    def __init__(self, credentials: Credentials, calls: Calls, faults: Faults, epoch_s: Callable[[], float]) -> None:
        self._credentials = credentials
        self._calls = calls
        self._faults = faults
        self._epoch_s = epoch_s

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        return [
            web.post("/v1/realtime/calls", self._answer),
            web.post("/v1/realtime/calls/{call_id}/hangup", self._hang_up),
            web.delete("/v1/realtime/calls/{call_id}", self._hang_up),
            web.post("/v1/realtime", self._answer_beta),
            web.post("/v1/sessions/{session_id}/webrtc/sdp-offer", self._answer_session),
            web.post("/v1/sessions/{session_id}/webrtc/ice-candidate", self._add_candidate),
        ]

    async def close(self) -> None:
        """Nothing runs here that is not one of the calls."""

    async def _answer(self, request: web.Request) -> web.Response:
        settings = self._admit(request)
        if request.content_type == _JSON:
            return await self._answer_json(request, settings)
        if request.content_type == "multipart/form-data":
            offer, sent = await _read_parts(request)
            settings = sent or settings
        elif request.content_type == _SDP:
            offer = (await request.read()).decode("utf-8", "replace")
        else:
            message = f"An offer is sent as {_SDP} or as multipart/form-data."
            raise ApiError(400, message, code="unsupported_content_type")
        if settings is None and self._faults.lacks("client_secrets"):
            settings = SessionSettings({"type": "realtime"})
        if settings is None:
            raise ApiError(400, "No session was sent: send one, or a client secret.", param="session")
        answered = await self._open(request, offer, settings, choose_dialect(request, self._faults))
        if isinstance(answered, web.Response):
            return answered
        call_id, answer = answered
        headers = {"Location": f"/v1/realtime/calls/{call_id}"}
        return web.Response(status=201, body=answer.encode(), content_type=_SDP, headers=headers)

    async def _answer_json(self, request: web.Request, settings: SessionSettings | None) -> web.Response:
        offer = await read_body(request, _JsonOffer)
        settings = settings or of_model(offer.model, undecided=True)
        answered = await self._open(request, offer.sdp, settings, choose_dialect(request, self._faults))
        if isinstance(answered, web.Response):
            return answered
        call_id, answer = answered
        return web.json_response({"sdp": answer, "session_id": call_id}, status=201)

    async def _answer_beta(self, request: web.Request) -> web.Response:
        dialect = choose_dialect(request, self._faults, legacy=True)
        settings = self._admit(request) or of_query(request.query, dialect)
        offer = (await request.read()).decode("utf-8", "replace")
        answered = await self._open(request, offer, settings, dialect)
        return answered if isinstance(answered, web.Response) else web.Response(text=answered[1])

    async def _answer_session(self, request: web.Request) -> web.Response:
        secret = self._admit_to_session(request)
        offer = await read_body(request, _SessionOffer)
        dialect = choose_dialect(request, self._faults)
        answered = await self._open(request, offer.sdp, secret.settings, dialect, secret.session_id)
        return answered if isinstance(answered, web.Response) else web.json_response({"sdp": answered[1]})

    async def _add_candidate(self, request: web.Request) -> web.Response:
        secret = self._admit_to_session(request)
        sent = (await read_body(request, _CandidateRequest)).candidate
        candidate = _Candidate(sent) if isinstance(sent, str) else sent
        if candidate is not None and candidate.candidate:
            await self._calls.add_candidate(secret.session_id, candidate.candidate, candidate.sdp_mid)
        return web.json_response({})

    async def _open(
        self, request: web.Request, offer: str, settings: SessionSettings, dialect: Dialect, session_id: str = ""
    ) -> tuple[str, str] | web.Response:
        """Return the id of the call and the answer, or the web page that comes in their place; raises ApiError."""
        page = await suffer(request, self._faults.for_call(settings.type), self._epoch_s())
        edge = Edge(dialect, wrapped=self._faults.plan.wrapped_messages)
        return page or await self._calls.open(offer, settings, edge, session_id)

    async def _hang_up(self, request: web.Request) -> web.Response:
        self._credentials.open(shown_key(request.headers))
        await self._calls.hang_up(request.match_info["call_id"])
        return web.Response()

    def _admit(self, request: web.Request) -> SessionSettings | None:
        """Return the session that the client's secret opens, None for the API key; raises ApiError."""
        self._require_webrtc(request)
        return self._credentials.open(shown_key(request.headers))

    def _admit_to_session(self, request: web.Request) -> ClientSecret:
        """Return the secret that is shown; raises ApiError unless it is that of the session in the path."""
        self._require_webrtc(request)
        secret = self._credentials.require_client_secret(shown_key(request.headers))
        if secret.session_id != request.match_info["session_id"]:
            raise ApiError(404, "There is no session with this id.", code="session_not_found", param="session_id")
        return secret

    def _require_webrtc(self, request: web.Request) -> None:
        if self._faults.lacks("webrtc"):
            raise ApiError(404, f"Unknown request URL: {request.method} {request.path}.", code="unknown_url")


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
