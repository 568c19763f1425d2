"""Reads the JSON body of a request into the shape that an endpoint takes."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from aiohttp import web

from sentra_tui.provider.api_error import ApiError

ShapeT = TypeVar("ShapeT")

_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_PLACE = re.compile(r" - at `\$\.?([^`]*)`")


async def read_body(request: web.Request, shape: type[ShapeT]) -> ShapeT:
    """Return the body of a request; raises ApiError (400) naming the parameter that does not fit."""
    return decode_body(await request.read(), shape)


def decode_body(body: bytes, shape: type[ShapeT], name: str = "") -> ShapeT:
    """Return a body, or the part of one with this name, an empty one as `{}`; raises ApiError (400)."""
    try:
        return msgspec.json.decode(body or b"{}", type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(str(error), name) from error


def _refusal(cause: str, name: str) -> ApiError:
    place = _PLACE.search(cause)
    outer = _join(name, place[1]) if place else name
    for pattern, code in ((_UNKNOWN, "unknown_parameter"), (_MISSING, "missing_required_parameter")):
        found = pattern.search(cause)
        if found:
            return ApiError(400, f"The body does not fit: {cause}.", code=code, param=_join(outer, found[1]))
    return ApiError(400, f"The body does not fit: {cause}.", code="invalid_value", param=outer or None)


def _join(outer: str, name: str) -> str:
    return f"{outer}.{name}" if outer and name else outer or name
