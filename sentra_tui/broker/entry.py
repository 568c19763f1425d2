"""The rules that a request must keep before anybody asks what it wants.

They hold for every route, those that do not exist among them, and for every method.
"""

from __future__ import annotations

import re
from collections.abc import Container

from aiohttp import HttpVersion11, web

from sentra_tui.broker.refusal import Refusal

MAX_BODY_BYTES = 8192

_BEARER = re.compile(rb"[Bb]earer +([!-~]+)")


def check_entry(request: web.BaseRequest, ours: Container[bytes]) -> None:
    """Raise Refusal unless the request is for us and no browser sent it. No browser is a client, whatever its Origin.

    Nothing is read from a URL: a target that names a host of its own is refused, so the Host is the only one there is.
    """
    hosts = header_values(request, b"host")
    if len(hosts) != 1:
        raise Refusal(400, "bad_host", "One Host is wanted.")
    if not request.raw_path.startswith("/"):
        raise Refusal(400, "bad_target", "A path is wanted, not a URL.")
    if hosts[0] not in ours:
        raise Refusal(421, "misdirected", "This is not the host that was asked for.")
    if header_values(request, b"origin"):
        raise Refusal(403, "origin_refused", "Requests of web pages are refused.")
    if request.version != HttpVersion11:
        raise Refusal(505, "bad_version", "HTTP/1.1 is wanted.")
    if header_values(request, b"upgrade") or header_values(request, b"expect"):
        raise Refusal(400, "bad_request", "Neither Upgrade nor Expect is known here.")


def check_body_head(request: web.BaseRequest) -> None:
    """Raise Refusal unless what the head says of the body fits: plain JSON of at most 8 KiB."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    types = header_values(request, b"content-type")
    media_type = types[0].partition(b";")[0].strip().lower() if len(types) == 1 else b""
    if media_type != b"application/json" or header_values(request, b"content-encoding"):
        raise Refusal(415, "bad_content_type", "The body is application/json, not encoded.")


async def read_body(request: web.BaseRequest) -> bytes:
    """Return the body; raises Refusal where it is larger than 8 KiB or broken."""
    body = bytearray()
    try:
        while piece := await request.content.readany():
            body += piece
            if len(body) > MAX_BODY_BYTES:
                raise _too_large()
    except (web.RequestPayloadError, ValueError):
        raise Refusal(400, "bad_request", "The body cannot be read.") from None
    return bytes(body)


def bearer_token(request: web.BaseRequest) -> bytes:
    """Return the bearer token of a request; empty where there is none, or more than one."""
    values = header_values(request, b"authorization")
    found = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    return found[1] if found else b""


def header_values(request: web.BaseRequest, name: bytes) -> list[bytes]:
    """Return every value that a request has for a header, as it was sent."""
    return [value for each, value in request.raw_headers if each.lower() == name]


def _too_large() -> Refusal:
    return Refusal(413, "too_large", "The body is larger than 8 KiB.")
