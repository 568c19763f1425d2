"""The door of the text endpoints: who may come in, what the plan does to a request, and how it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from aiohttp import web

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.credentials import Credentials, shown_key
from sentra_tui.provider.faults import Faults
from sentra_tui.provider.planned import suffer
from sentra_tui.provider.text_faults import Lack, TextApi, TextFault

POLL_AFTER = "openai-poll-after-ms"

TextHandler = Callable[[web.Request, TextFault], Awaitable[web.StreamResponse]]
"""Answers a request that was let in; the fault is for the run that it starts and for the stream that it opens."""


class RouteGroup(Protocol):
    """One API: its routes, and the work that goes on behind them."""

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        ...

    async def close(self) -> None:
        """End all that runs."""
        ...


class TextDoor:
    """Guards the handlers of the text endpoints. `epoch_s` is the wall clock, for dates in headers."""

    def __init__(self, credentials: Credentials, faults: Faults, epoch_s: Callable[[], float]) -> None:
        self._credentials = credentials
        self._faults = faults
        self._epoch_s = epoch_s

    def lacks(self, part: Lack) -> bool:
        """Return whether the plan makes this a server without that part."""
        return self._faults.lacks(part)

    def guard(self, api: TextApi, handler: TextHandler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Return the handler with the door in front of it, as aiohttp takes it."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            self._credentials.require_api_key(shown_key(request.headers))
            if self.lacks(api):
                message = f"Unknown request URL: {request.method} {request.path}."
                raise ApiError(404, message, code="unknown_url")
            fault = self._faults.for_text(api, request.method, request.path)
            page = await suffer(request, fault, self._epoch_s())
            return page or await handler(request, fault)

        return guarded


def json_reply(body: Any, fault: TextFault) -> web.Response:
    """Return a JSON answer, with the wait before the next poll where the plan tells one."""
    headers = {} if fault.poll_after_ms is None else {POLL_AFTER: str(fault.poll_after_ms)}
    return web.json_response(body, headers=headers)
