"""Which dialect a realtime request is answered in: the one that it asks for, where the provider serves it."""

from __future__ import annotations

from aiohttp import web

from sentra_tui.protocol.dialects import Dialect
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.faults import Faults

_HEADER = "OpenAI-Beta"
_WORD = "realtime=v1"


def choose_dialect(request: web.Request, faults: Faults, *, legacy: bool = False) -> Dialect:
    """Return the dialect; `legacy` says that the route itself is the beta's.

    Raises ApiError (400) where the beta is asked for and not served, as OpenAI answers since it switched it off.
    """
    served = [Dialect(name) for name in faults.plan.dialects]
    words = [word.strip() for header in request.headers.getall(_HEADER, []) for word in header.split(",")]
    if not legacy and _WORD not in words:
        return Dialect.GA if Dialect.GA in served else served[0]
    if Dialect.BETA not in served:
        message = "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API."
        raise ApiError(400, message, code="beta_api_shape_disabled")
    return Dialect.BETA
