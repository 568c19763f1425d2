"""Reading the configuration: TOML in, a `Config` or one clear line out."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from sentra_tui.domain.config import Config, Route
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.text import clean_line

FILE_BYTES_MAX = 1 << 20


def load(path: Path) -> Config:
    """Return the configuration in `path`; where there is no such file, the defaults.

    Raises ConfigError naming the file, the key and the nearest known one.
    """
    try:
        raw = path.read_bytes()[: FILE_BYTES_MAX + 1]
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.", hint="Check the path and its rights.") from error
    if len(raw) > FILE_BYTES_MAX:
        raise ConfigError(f"{path} is larger than 1 MiB.", hint="This does not look like a configuration file.")
    return parse(raw, str(path))


def parse(raw: bytes, name: str) -> Config:
    """Return the configuration in `raw`, TOML as UTF-8; `name` stands in the error."""
    try:
        data = tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not TOML: {clean_line(str(error))}.", hint="Mend that line.") from error
    unknown = _unknown_key(data, Config)
    if unknown is not None:
        key, nearest = unknown
        hint = f"Did you mean {nearest}?" if nearest else "Remove it."
        raise ConfigError(f"{name}: unknown key {clean_line(key)}.", hint=hint)
    try:
        config = msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {_plain(str(error))}.", hint="Mend that value.") from error
    _check_routes(config.main.routes, name)
    return config


def _check_routes(routes: list[Route], name: str) -> None:
    for index, route in enumerate(routes):
        for key, pattern in (("pattern", route.pattern), ("unless", route.unless)):
            try:
                re.compile(pattern)
            except re.error as error:
                what = f"{name}: main.routes[{index}].{key} is not a regular expression: {clean_line(str(error))}."
                raise ConfigError(what, hint="Mend that value.") from error


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


def _plain(message: str) -> str:
    """Turn "Expected `int`, got `str` - at `$.aux.silence_ms`" into "aux.silence_ms: expected int, got str"."""
    found = re.fullmatch(r"(?P<what>.*) - at `\$\.?(?P<where>.*)`", message, re.DOTALL)
    what = (found["what"] if found else message).replace("`", "")
    where = found["where"] if found else ""
    text = what[:1].lower() + what[1:]
    return clean_line(f"{where}: {text}" if where else text)
