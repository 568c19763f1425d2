"""Who may knock: programs of this machine that mean this provider, and no web page.

A page in a browser can have requests sent to the loopback interface, under a name of its own that it lets point there
(DNS rebinding) or from its own origin. Both show in the headers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from aiohttp.typedefs import Middleware

from sentra_tui.provider.api_error import ApiError

_NAMES = ("127.0.0.1", "localhost", "[::1]")


def loopback_only(relay_ports: Callable[[], Iterable[int]]) -> Middleware:
    """Return what refuses (403) whatever comes from a web page, or was meant for another host; WebSockets too.

    `relay_ports` are those of relays in front of this server.
    """

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if "Origin" in request.headers:
            raise ApiError(403, "Web pages may not use this server.", code="forbidden_origin")
        transport = request.transport
        port = 0 if transport is None else transport.get_extra_info("sockname")[1]
        meant = [f"{name}:{each}" for each in (port, *relay_ports()) for name in _NAMES]
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or hosts[0].lower() not in meant:
            raise ApiError(403, "The request was meant for another host.", code="forbidden_host")
        return await handler(request)

    return guard
