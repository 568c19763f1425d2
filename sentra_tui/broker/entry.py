"""The rules that a request must keep before anybody asks who sent it.

Those of `check_entry` hold for every route, those that do not exist among them, and for every method.
"""

from __future__ import annotations

import re
from collections.abc import Container

from sentra_tui.broker.refusal import Refusal
from sentra_tui.broker.request_reader import Head

_BEARER = re.compile(rb"[Bb]earer +([!-~]+)")


def check_entry(head: Head, ours: Container[bytes]) -> None:
    """Raise Refusal unless the request is for us and no browser sent it. No browser is a client, whatever its Origin.

    Nothing is read from a URL: a target that names a host of its own is refused, so the Host is the only one there is.
    """
    hosts = head.values(b"host")
    if len(hosts) != 1:
        raise Refusal(400, "bad_host", "One Host is wanted.")
    if not head.target.startswith("/"):
        raise Refusal(400, "bad_target", "A path is wanted, not a URL.")
    if hosts[0] not in ours:
        raise Refusal(421, "misdirected", "This is not the host that was asked for.")
    if head.values(b"origin"):
        raise Refusal(403, "origin_refused", "Requests of web pages are refused.")
    if head.version != "1.1":
        raise Refusal(505, "bad_version", "HTTP/1.1 is wanted.")
    if head.values(b"upgrade") or head.values(b"expect"):
        raise Refusal(400, "bad_request", "Neither Upgrade nor Expect is known here.")


def check_content(head: Head) -> None:
    """Raise Refusal unless the body says that it is plain JSON: a form of a web page cannot say so."""
    types = head.values(b"content-type")
    media_type = types[0].partition(b";")[0].strip().lower() if len(types) == 1 else b""
    if media_type != b"application/json" or head.values(b"content-encoding"):
        raise Refusal(415, "bad_content_type", "The body is application/json, not encoded.")


def bearer_token(head: Head) -> bytes:
    """Return the bearer token of a request; empty where there is none, or more than one."""
    values = head.values(b"authorization")
    found = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    return found[1] if found else b""
