"""The realtime endpoint for WebSockets, `GET /v1/realtime`.

Shapes as of https://platform.openai.com/docs/guides/realtime-websocket.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.credentials import Credentials, shown_key
from sentra_tui.provider.dialect_choice import choose_dialect
from sentra_tui.provider.faults import Faults
from sentra_tui.provider.planned import suffer
from sentra_tui.provider.realtime.calls import Calls
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.realtime.edge import Edge
from sentra_tui.provider.realtime.socket_call import CLOSE_S, MAX_MESSAGE_BYTES
from sentra_tui.provider.session_choice import of_query

_BAD_KEY = 3000
_BAD_REQUEST = 4000


class SocketsApi:
    """Opens sockets, and has the sessions over them carried."""

    def __init__(self, credentials: Credentials, calls: Calls, faults: Faults, epoch_s: Callable[[], float]) -> None:
        self._credentials = credentials
        self._calls = calls
        self._faults = faults
        self._epoch_s = epoch_s

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        return [web.get("/v1/realtime", self._open)]

    async def close(self) -> None:
        """Nothing runs here that is not one of the calls."""

    async def _open(self, request: web.Request) -> web.StreamResponse:
        if self._faults.lacks("websocket"):
            raise ApiError(404, f"Unknown request URL: {request.method} {request.path}.", code="unknown_url")
        if not web.WebSocketResponse().can_prepare(request):
            raise ApiError(426, "This address is for WebSockets.", headers={"Upgrade": "websocket"})
        try:
            carried = self._credentials.open(shown_key(request.headers))
            dialect = choose_dialect(request, self._faults)
            settings = carried or of_query(request.query, dialect)
        except ApiError as error:
            if error.status == 401 and not self._faults.plan.late_refusals:
                raise
            return await _refuse(request, error)
        fault = self._faults.for_socket(settings.type)
        page = await suffer(request, fault, self._epoch_s())
        if page is not None:
            return page
        self._calls.require_room()
        socket = await _accept(request)
        if fault.close_code is not None:
            await socket.close(code=fault.close_code)
            return socket
        await self._calls.carry(socket, request.transport, settings, Edge(dialect))
        return socket


async def _accept(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES, compress=False, timeout=CLOSE_S)
    await socket.prepare(request)
    return socket


async def _refuse(request: web.Request, error: ApiError) -> web.WebSocketResponse:
    """Open a socket to say why there is no session on it."""
    socket = await _accept(request)
    details: dict[str, Any] = {**error.body()["error"], "event_id": None}
    await socket.send_str(json.dumps({"type": "error", "event_id": new_id("event"), "error": details}))
    code = _BAD_KEY if error.status == 401 else _BAD_REQUEST
    await socket.close(code=code, message=f"{error.kind}.{error.code}".encode())
    return socket
