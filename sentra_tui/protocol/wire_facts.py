"""What may be told of an event on the wire: ids, kinds, times and sizes; never words, sound or what is instructed."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import fields

from sentra_tui.domain.text import clean_line
from sentra_tui.protocol.client_events import ClientEvent
from sentra_tui.protocol.server_events import ServerEvent, Unknown

NAME_CHARS = 64
NAMES = frozenset({"id", "type", "role", "status", "code", "reason", "model"})
"""Fields that hold names of the protocol; those that end in `_id` do, too. All other text is only counted."""
PARTS_COUNTED = 8
"""Of a longer list the rest is not looked into: a server may send one without end."""
_RAW_CHARS = 4 * NAME_CHARS

Fact: TypeAlias = tuple[str, str | int | float, str]
"""A field, its value, and the unit of what is counted."""


def event_type(event: ServerEvent | ClientEvent) -> str:
    """Return the name of the event as the wire has it."""
    if isinstance(event, Unknown):
        return clean_line(event.type, NAME_CHARS) or "unreadable"
    return str(event.__struct_config__.tag)


def facts_of(event: ServerEvent | ClientEvent) -> tuple[Fact, ...]:
    """Return what may be told, as cheap as it can be kept: nothing is written out, and no text is held but names."""
    return tuple(_facts(event))


def in_words(facts: tuple[Fact, ...]) -> str:
    """Return the facts on one line."""
    return ", ".join(f"{name} {_value(value)}{unit}" for name, value, unit in facts)


def _value(value: str | float) -> str:
    return clean_line(value, NAME_CHARS) if isinstance(value, str) else f"{value:g}" if value < 1e6 else f"{value:.0f}"


def _facts(struct: Struct) -> list[Fact]:
    facts: list[Fact] = []
    for name, is_name in _fields(type(struct)):
        value = getattr(struct, name)
        if not value:
            continue
        if isinstance(value, str):
            facts.append((name, value[:_RAW_CHARS], "") if is_name else (name, len(value), " chars"))
        elif isinstance(value, (int, float)):
            facts.append((name, value, ""))
        elif isinstance(value, Struct):
            facts += _facts(value)
        elif isinstance(value, (tuple, dict)):
            facts.append((name, len(value), _size(value)))
    return facts


@cache
def _fields(kind: type[Struct]) -> tuple[tuple[str, bool], ...]:
    """Return the fields of a struct, and of each whether it holds a name."""
    return tuple((field, field in NAMES or field.endswith("_id")) for field in kind.__struct_fields__)


def _size(value: tuple[Any, ...] | dict[str, Any]) -> str:
    """Return the unit of a list: how many characters its first parts hold, where they hold any."""
    if isinstance(value, dict):
        return " entries"
    chars = sum(_chars(part) for part in value[:PARTS_COUNTED] if isinstance(part, Struct))
    return f" parts of {chars} chars" if chars else " parts"


def _chars(part: Struct) -> int:
    return sum(len(getattr(part, field)) for field in _texts(type(part)))


@cache
def _texts(kind: type[Struct]) -> tuple[str, ...]:
    """Return the fields of a struct that hold words."""
    texts = {field.name for field in fields(kind) if field.type is str}
    return tuple(field for field, is_name in _fields(kind) if field in texts and not is_name)
