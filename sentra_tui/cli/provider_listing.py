"""What `sentra-tui providers` prints: the profiles that are known, or what a server was found to speak."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from sentra_tui.domain.config import LOCAL, Config
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.text import clean_line

if TYPE_CHECKING:
    from sentra_tui.services.openai.probe.findings import ProviderFindings

_MODELS_SHOWN = 12
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


def print_findings(url: str, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Ask a server what it speaks, print that, and return the exit status: 2 where it cannot be asked."""
    import asyncio

    from sentra_tui.domain.errors import SentraError
    from sentra_tui.domain.secret import Secret
    from sentra_tui.services.key_origins import key_env_for
    from sentra_tui.services.openai.endpoint import checked_url
    from sentra_tui.services.openai.probe.probe import probe

    try:
        variable = key_env_for(checked_url(url, "The URL"))
        findings = asyncio.run(probe(url, Secret(environ.get(variable, "").strip())))
    except SentraError as error:
        click.echo(f"sentra-tui: {error}", err=True)
        return 2
    click.echo(_findings_json(findings) if as_json else "\n".join(_findings_lines(findings, variable)))
    return 0


def _findings_json(findings: ProviderFindings) -> str:
    import msgspec

    from sentra_tui.services.openai.probe.guess import profile_of

    profile = profile_of(findings)
    defaults = msgspec.to_builtins(ProviderProfile())
    told = {name: value for name, value in msgspec.to_builtins(profile).items() if value != defaults[name]}
    document = {
        "base_url": findings.base_url,
        "dialect": findings.dialect,
        "models": findings.models,
        "offered": {name: {"offered": each.offered.value, "evidence": each.evidence} for name, each in findings.rows()},
        "profile": told,
    }
    return json.dumps(document, indent=2)


def _findings_lines(findings: ProviderFindings, variable: str) -> list[str]:
    rows = [(name, each.offered.value, clean_line(each.evidence, 100)) for name, each in findings.rows()]
    lines = [clean_line(findings.base_url, 200), *(f"  {line}" for line in _table(rows))]
    if findings.models:
        lines.append(f"Models: {clean_line(', '.join(findings.models[:_MODELS_SHOWN]), 400)}.")
    if findings.wants_key:
        lines.append(f"It wants a key: set {variable} and ask again.")
    else:
        lines.append(f"Its sessions speak the {findings.dialect} dialect. `sentra-tui --provider URL` talks to it.")
    return lines


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
        "session_max_minutes": profile.session_max_minutes,
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
