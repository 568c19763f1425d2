"""Does to requests what a plan of faults says."""

from __future__ import annotations

import asyncio
import math

from aiohttp import web

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.faults import RequestFault

WEB_PAGE = "<!doctype html><title>Welcome</title><p>Log in to use this network."
"""What a captive portal answers in place of the server."""


async def suffer(fault: RequestFault) -> web.Response | None:
    """Wait as planned; return the web page that comes in place of an answer, raise ApiError where it is refused."""
    await asyncio.sleep(fault.delay_s)
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(math.ceil(fault.retry_after_s))}
    if fault.web_page:
        return web.Response(status=fault.status or 200, text=WEB_PAGE, content_type="text/html", headers=headers)
    if fault.status is not None:
        raise ApiError(fault.status, fault.message, code=fault.code, headers=headers)
    return None
