"""What stands before every endpoint of the Assistants API: the header that asks for its second version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.text.door import TextDoor, TextHandler
from sentra_tui.provider.text_faults import TextFault

BETA = "assistants=v2"


def guard(door: TextDoor, handler: TextHandler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler as aiohttp takes it, behind the door, for requests with the header."""

    async def with_header(request: web.Request, fault: TextFault) -> web.StreamResponse:
        if BETA not in request.headers.get("OpenAI-Beta", "").replace(" ", "").split(","):
            raise ApiError(
                400,
                "You must provide the 'OpenAI-Beta' header to access the Assistants API. Please try again by setting "
                f"the header 'OpenAI-Beta: {BETA}'.",
                code="invalid_beta",
            )
        return await handler(request, fault)

    return door.guard("assistants", with_header)
