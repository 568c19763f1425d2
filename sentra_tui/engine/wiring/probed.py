"""A server that is named by its URL: it is asked what it speaks, and gets a profile for this run."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from sentra_tui.domain.config import Config
from sentra_tui.domain.errors import ConfigError, TransportError
from sentra_tui.domain.provider_config import names_a_server
from sentra_tui.domain.secret import Secret
from sentra_tui.engine.options import EngineOptions
from sentra_tui.services.key_origins import key_env_for
from sentra_tui.services.openai.endpoint import checked_url
from sentra_tui.services.openai.probe.findings import ProviderFindings
from sentra_tui.services.openai.probe.guess import profile_of
from sentra_tui.services.openai.probe.probe import probe


async def with_probed(
    options: EngineOptions, config: Config, environ: Mapping[str, str]
) -> tuple[EngineOptions, Config]:
    """Return both with a profile in place of a provider's URL; as they are where a profile is named already.

    Raises ConfigError where the server cannot be reached, or wants a key that is not there.
    """
    url = options.provider or config.provider
    if not names_a_server(url):
        return options, config
    variable = key_env_for(checked_url(url, "The provider's URL"))
    try:
        findings = await probe(url, Secret(environ.get(variable, "").strip()))
    except TransportError as error:
        raise ConfigError(error.message, hint=error.hint or "Check the URL: it ends in /v1 as a rule.") from error
    if findings.wants_key:
        raise ConfigError(f"{findings.base_url} wants a key.", hint=f"Set {variable} and start again.")
    profile = profile_of(findings)
    if not any((findings.webrtc, findings.websocket, findings.transcription and findings.chat)):
        raise ConfigError(f"{findings.base_url} speaks nothing that a call can be made of.", hint=_advice(findings))
    name = profile.label
    known = {**config.providers, name: replace(profile, note=f"speaks {spoken(findings)}")}
    return replace(options, provider=name), replace(config, providers=known)


def spoken(findings: ProviderFindings) -> str:
    """Return what a server speaks, in a few words."""
    words = [name for name, finding in findings.rows()[2:] if finding]
    dialect = "" if findings.dialect == "ga" else f", {findings.dialect} dialect"
    return f"{', '.join(words)}{dialect}"


def _advice(findings: ProviderFindings) -> str:
    return f"`sentra-tui providers {findings.base_url}` shows what was asked."
