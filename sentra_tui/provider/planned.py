"""Does to requests, and to the answers to them, what a plan of faults says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.fault_rules import ReplyFault
from sentra_tui.provider.reset import reset

WEB_PAGE = "<!doctype html><title>Welcome</title><p>Log in to use this network."
"""What a captive portal answers in place of the server."""

_FAULT = web.RequestKey("fault", ReplyFault)
_PIECES = 20
_NO_UTF8 = b"\xff\xc3\x28\xfe"


async def suffer(request: web.Request, fault: ReplyFault, now_s: float) -> web.Response | None:
    """Wait as planned; return the web page that comes in place of an answer, raise ApiError where it is refused.

    What is answered will be spoilt on its way out, where that is planned.
    """
    request[_FAULT] = fault
    await asyncio.sleep(fault.delay_s)
    headers = fault.retry_headers(now_s)
    if fault.web_page:
        return web.Response(status=fault.status or 200, text=WEB_PAGE, content_type="text/html", headers=headers)
    if fault.status is not None:
        raise ApiError(fault.status, fault.message, code=fault.code, param=fault.param, headers=headers)
    return None


@web.middleware
async def spoil_answers(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Do to an answer what was planned for its request; streams have faults of their own."""
    response = await handler(request)
    fault = request.get(_FAULT)
    if fault is None:
        return response
    if fault.reset or fault.no_reply:
        _hang_up(request, hard=fault.reset)
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    middle = len(response.body) // 2
    if fault.half_body:
        response.body = response.body[:middle]
    elif fault.invalid_utf8:
        response.body = response.body[:middle] + _NO_UTF8 + response.body[middle:]
    if not (fault.slow_body_s or fault.broken_off):
        return response
    return await _trickle(request, response, response.body, fault)


async def _trickle(request: web.Request, whole: web.Response, body: bytes, fault: ReplyFault) -> web.StreamResponse:
    """Send a body piece by piece, up to its middle where it is broken off."""
    headers = {**whole.headers, "Content-Length": str(len(body))}
    response = web.StreamResponse(status=whole.status, headers=headers)
    await response.prepare(request)
    sent = body[: len(body) // 2] if fault.broken_off else body
    size = max(1, -(-len(sent) // _PIECES))
    for start in range(0, len(sent), size):
        await response.write(sent[start : start + size])
        await asyncio.sleep(fault.slow_body_s / _PIECES)
    if fault.broken_off:
        _hang_up(request, hard=False)
    return response


def _hang_up(request: web.Request, *, hard: bool) -> None:
    if request.transport is None:
        return
    if hard:
        reset(request.transport)
    else:
        request.transport.close()
