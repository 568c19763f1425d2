"""What the broker answers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from sentra_tui.broker.refusal import Refusal

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Response(msgspec.Struct, frozen=True):
    """A status, a body of JSON, and headers besides those that every response has."""

    status: int
    body: bytes
    headers: Mapping[str, str] = _NO_HEADERS


def given(body: dict[str, Any]) -> Response:
    """Return the response to a request that was granted."""
    return Response(200, msgspec.json.encode(body))


def refused(refusal: Refusal) -> Response:
    """Return the response to one that was refused."""
    return Response(refusal.status, msgspec.json.encode(refusal.body()), refusal.headers)
