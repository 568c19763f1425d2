"""Between the frames of the wire and typed events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec

from sentra_tui.domain.errors import ProtocolError
from sentra_tui.protocol.client_events import ClientEvent
from sentra_tui.protocol.dialects import Dialect, beta_event, canonical
from sentra_tui.protocol.server_events import KnownServerEvent, ServerEvent, Unknown
from sentra_tui.protocol.vllm_words import vllm_event
from sentra_tui.protocol.xai_words import xai_event

RAW_CHARS_KEPT = 2_000


def decode(message: str | bytes) -> ServerEvent:
    """Return the event in one frame, whatever the dialect; what cannot be read is `Unknown`, never an error.

    The standard library reads it, because a server may cut a surrogate pair in two over two deltas, and those words
    must not be lost.
    """
    try:
        data = _tidy(json.loads(message, parse_constant=_no_number))
    except (ValueError, RecursionError):
        return Unknown("", _beginning(message))
    if not isinstance(data, dict):
        return Unknown("", _beginning(message))
    for readable in (canonical(data), _without_lists(canonical(data))):
        try:
            event: ServerEvent = msgspec.convert(readable, KnownServerEvent, strict=False)
        except (msgspec.ValidationError, OverflowError):
            continue
        return event
    name = data.get("type")
    return Unknown(name[:RAW_CHARS_KEPT] if isinstance(name, str) else "", _beginning(message))


def encode(event: ClientEvent, dialect: Dialect = Dialect.GA) -> str:
    """Return `event` as one frame; raises ProtocolError where the dialect has no word for it."""
    if dialect is Dialect.GA:
        return msgspec.json.encode(event).decode()
    message = _WRITERS[dialect](msgspec.to_builtins(event))
    if message is None:
        raise ProtocolError(f"The server takes no {event.__struct_config__.tag}.")
    return json.dumps(message)


_WRITERS: dict[Dialect, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    Dialect.BETA: beta_event,
    Dialect.VLLM: vllm_event,
    Dialect.XAI: xai_event,
}


def _no_number(_constant: str) -> None:
    """Read NaN and the infinities, which are no JSON, as nothing."""


def _tidy(value: Any) -> Any:
    """Return `value` with null read as not given, and half characters as U+FFFD, so that all of it can be sent on."""
    if isinstance(value, dict):
        return {_tidy(key): _tidy(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_tidy(item) for item in value if item is not None]
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _without_lists(value: Any) -> Any:
    """Return `value` without the lists in it: what they tell, content and output, other events told before.

    What the client wrote itself, metadata, goes too.
    """
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if key != "metadata" and not isinstance(item, list)}
    return {key: _without_lists(item) for key, item in kept.items()}


def _beginning(message: str | bytes) -> str:
    beginning = message[:RAW_CHARS_KEPT]
    return beginning.decode(errors="replace") if isinstance(beginning, bytes) else beginning
