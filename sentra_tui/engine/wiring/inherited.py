"""What the processes that an engine starts inherit: none of the user's keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping

from sentra_tui.domain.provider_config import ProviderProfile, shipped_providers

_KEY_PREFIX = "SENTRA_KEY_"
"""How the keys of servers are called that no profile names."""
_LANGUAGE_MODEL_KEY = "SENTRA_LLM_KEY"
"""For the local provider, which is such a process."""


def take_keys(environ: MutableMapping[str, str], profiles: Mapping[str, ProviderProfile]) -> dict[str, str]:
    """Return a copy of `environ`, out of which the keys of `profiles` and of the shipped ones are taken.

    Recorders, players, the far side of a remote microphone and the local provider have no use for them.
    """
    whole = dict(environ)
    for profile in (*profiles.values(), *shipped_providers().values()):
        for name in _key_variables(profile):
            environ.pop(name, None)
    for name in whole:
        if name.startswith(_KEY_PREFIX):
            environ.pop(name, None)
    return whole


def _key_variables(profile: ProviderProfile) -> Iterator[str]:
    variables = (profile.key_env, profile.broker_key_env, *(server.credential_env for server in profile.ice_servers))
    return (name for name in variables if name and name != _LANGUAGE_MODEL_KEY)
