"""Reading the configuration: TOML in, a `Config` or one clear line out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from sentra_tui.domain.config import Config, Route
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import shipped_providers
from sentra_tui.domain.text import clean_line
from sentra_tui.domain.toml_file import parse_toml, read_file

_STREAM_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def load(path: Path) -> Config:
    """Return the configuration in `path`; where there is no such file, the defaults.

    Raises ConfigError naming the file, the key and the nearest known one.
    """
    raw = read_file(path)
    return Config() if raw is None else parse(raw, str(path))


def parse(raw: bytes, name: str) -> Config:
    """Return the configuration in `raw`, TOML as UTF-8; `name` stands in the error."""
    config = parse_toml(raw, name, Config, partial(_with_shipped, name))
    _check_routes(config.main.routes, name)
    _check_streams(config.streams, name)
    return config


def _with_shipped(file: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return `data` with what a provider's table leaves out taken from the shipped one of its name, or that it is like.

    Raises ConfigError where there is none that it is like.
    """
    tables = data.get("providers")
    if not isinstance(tables, dict):
        return data
    filled = {
        name: _complete(file, name, table) if isinstance(table, dict) else table for name, table in tables.items()
    }
    return {**data, "providers": filled}


def _complete(file: str, name: str, table: dict[str, Any]) -> dict[str, Any]:
    shipped = shipped_providers()
    like = table.get("like") or name
    base = shipped.get(like) if isinstance(like, str) else None
    if base is None and like != name:
        what = f"{file}: providers.{name} is like {clean_line(str(like), 60)}, which is unknown."
        raise ConfigError(what, hint=f"Known: {', '.join(shipped)}.")
    return table if base is None else _over(msgspec.to_builtins(base), table)


def _over(base: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `table` in it; tables within are laid over each other, too."""
    merged = dict(base)
    for key, value in table.items():
        below = merged.get(key)
        nested = isinstance(below, dict) and isinstance(value, dict) and key != "headers"
        merged[key] = _over(dict(below or {}), value) if nested else value
    return merged


def _check_routes(routes: list[Route], name: str) -> None:
    for index, route in enumerate(routes):
        for key, pattern in (("pattern", route.pattern), ("unless", route.unless)):
            try:
                re.compile(pattern)
            except re.error as error:
                what = f"{name}: main.routes[{index}].{key} is not a regular expression: {clean_line(str(error))}."
                raise ConfigError(what, hint="Mend that value.") from error


def _check_streams(streams: Iterable[str], name: str) -> None:
    for stream in streams:
        if not _STREAM_NAME.fullmatch(stream):
            what = f"{name}: streams.{clean_line(stream, 60)} is not a name."
            raise ConfigError(what, hint="Names are small letters, digits, - and _, with a letter first: at most 32.")
