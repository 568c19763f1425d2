"""What `sentra-tui providers` prints: the profiles that are known, or what a server was found to speak."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from sentra_tui.domain.config import LOCAL, Config
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.text import clean_line

_HEADINGS = ("NAME", "ADDRESS", "KEY", "ROADS", "WORDS")
_LEGEND = (
    "Roads: those that a server has, best first; --transport NAME takes one. Words: the dialect of its sessions.\n"
    "`sentra-tui --provider NAME` talks to one; a profile of your own goes into the configuration (docs/providers.md)."
)


def print_profiles(config: Config, environ: Mapping[str, str], *, as_json: bool) -> None:
    """Print every profile of `config`, the shipped ones first."""
    profiles = {name: config.require_profile(name) for name in config.provider_names()}
    if as_json:
        click.echo(json.dumps([_document(name, profile, environ) for name, profile in profiles.items()], indent=2))
        return
    rows = [_row(name, profile, environ) for name, profile in profiles.items()]
    click.echo("\n".join([*_table([_HEADINGS, *rows]), "", _LEGEND]))


def _document(name: str, profile: ProviderProfile, environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "label": profile.label or name,
        "base_url": profile.base_url,
        "broker_url": profile.broker_url,
        "key_env": profile.key_env,
        "key_set": bool(environ.get(profile.key_env)) if profile.key_env else None,
        "transport": profile.transport,
        "transports": list(profile.transports),
        "dialect": profile.dialect,
        "offer": profile.offer,
        "model": profile.model,
        "note": profile.note,
    }


def _row(name: str, profile: ProviderProfile, environ: Mapping[str, str]) -> tuple[str, ...]:
    address = profile.base_url or ("this machine, started by itself" if name == LOCAL else "yours: set base_url")
    roads = profile.transports if profile.transport == "auto" else [profile.transport]
    return tuple(map(clean_line, (name, address, _key(profile, environ), " ".join(roads), profile.dialect)))


def _key(profile: ProviderProfile, environ: Mapping[str, str]) -> str:
    if profile.broker_url:
        return "from a broker"
    if not profile.key_env:
        return "none needed"
    return f"{profile.key_env} {'is set' if environ.get(profile.key_env) else 'is not set'}"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
