"""Who may knock: programs of this machine that mean this provider, and no web page.

A page in a browser can have requests sent to the loopback interface, under a name of its own that it lets point there
(DNS rebinding) or from its own origin. Both show in the headers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from sentra_tui.provider.api_error import ApiError

_NAMES = ("127.0.0.1", "localhost", "[::1]")


@web.middleware
async def loopback_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse (403) what comes from a web page, or was meant for another host; WebSockets too."""
    if "Origin" in request.headers:
        raise ApiError(403, "Web pages may not use this server.", code="forbidden_origin")
    transport = request.transport
    port = 0 if transport is None else transport.get_extra_info("sockname")[1]
    hosts = request.headers.getall("Host", [])
    if len(hosts) != 1 or hosts[0].lower() not in [f"{name}:{port}" for name in _NAMES]:
        raise ApiError(403, "The request was meant for another host.", code="forbidden_host")
    return await handler(request)
