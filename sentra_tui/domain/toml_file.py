"""Reading a TOML file of the user's: a checked value out, or one clear line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.text import clean_line

FILE_BYTES_MAX = 1 << 20

Kind = TypeVar("Kind", bound=msgspec.Struct)


def read_file(path: Path) -> bytes | None:
    """Return what is in `path`, None where there is no such file; raises ConfigError."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.", hint="Check the path and its rights.") from error
    if len(raw) > FILE_BYTES_MAX:
        raise ConfigError(f"{path} is larger than 1 MiB.", hint="This does not look like a file of settings.")
    return raw


def parse_toml(
    raw: bytes, name: str, kind: type[Kind], complete: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> Kind:
    """Return what `raw`, TOML as UTF-8, says; `name` stands in the error. `complete` adds what it leaves out.

    Raises ConfigError naming the file, the key and the nearest one that `kind` has.
    """
    try:
        data = tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not TOML: {clean_line(str(error))}.", hint="Mend that line.") from error
    unknown = _unknown_key(data, kind)
    if unknown is not None:
        key, nearest = unknown
        hint = f"Did you mean {nearest}?" if nearest else "Remove it."
        raise ConfigError(f"{name}: unknown key {clean_line(key)}.", hint=hint)
    if complete is not None:
        data = complete(data)
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        what = _plain(str(error), _table_at_fault(data, kind))
        raise ConfigError(f"{name}: {what}.", hint="Mend that value.") from error


def _unknown_key(data: dict[str, Any], kind: Any, prefix: str = "") -> tuple[str, str] | None:
    """Return the first key that `kind` does not have, with the nearest one that it does."""
    hints = get_type_hints(kind)
    for key, value in data.items():
        path = f"{prefix}{key}"
        if key not in hints:
            return path, _nearest(path, prefix, hints)
        found = _unknown_below(value, hints[key], path)
        if found is not None:
            return found
    return None


def _unknown_below(value: Any, kind: Any, path: str) -> tuple[str, str] | None:
    item_kind = get_args(kind)[-1] if get_args(kind) else None
    if get_origin(kind) is dict and isinstance(value, dict) and _is_section(item_kind):
        tables = [(f"{path}.{name}", item) for name, item in value.items()]
        kind = item_kind
    elif get_origin(kind) is list and isinstance(value, list) and _is_section(item_kind):
        tables = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
        kind = item_kind
    else:
        tables = [(path, value)] if _is_section(kind) else []
    for place, table in tables:
        found = _unknown_key(table, kind, f"{place}.") if isinstance(table, dict) else None
        if found is not None:
            return found
    return None


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _nearest(path: str, prefix: str, hints: dict[str, Any]) -> str:
    key = path.removeprefix(prefix)
    close = difflib.get_close_matches(key, hints, n=1, cutoff=0.5)
    return f"{prefix}{close[0]}" if close else ""


def _table_at_fault(data: dict[str, Any], kind: Any) -> str:
    """Return the name of the first table, of those that the user names, that does not fit; empty where all do."""
    for key, hint in get_type_hints(kind).items():
        tables = data.get(key)
        if get_origin(hint) is not dict or not isinstance(tables, dict):
            continue
        for name, table in tables.items():
            try:
                msgspec.convert(table, get_args(hint)[1])
            except msgspec.ValidationError:
                return str(name)
    return ""


def _plain(message: str, table: str) -> str:
    """Turn "Expected `int`, got `str` - at `$.aux.silence_ms`" into "aux.silence_ms: expected int, got str"."""
    found = re.fullmatch(r"(?P<what>.*) - at `\$\.?(?P<where>.*)`", message, re.DOTALL)
    what = (found["what"] if found else message).replace("`", "")
    where = (found["where"] if found else "").replace("[...]", f".{table}" if table else "", 1)
    text = what[:1].lower() + what[1:]
    return clean_line(f"{where}: {text}" if where else text)
