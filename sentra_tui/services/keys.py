"""API keys, from where the user keeps them."""

from __future__ import annotations

from collections.abc import Mapping

from sentra_tui.domain.errors import CredentialRefused
from sentra_tui.domain.provider_config import IceServer, ProviderProfile
from sentra_tui.domain.secret import Secret


def api_key(profile: ProviderProfile, environ: Mapping[str, str]) -> Secret:
    """Return the API key for a provider; an empty secret for a provider that names no variable, so wants no key.

    Raises CredentialRefused when it is missing or cannot be a key.
    """
    if not profile.key_env:
        return Secret("")
    key = _value(profile.key_env, environ)
    if not key:
        raise CredentialRefused("No API key.", hint=f"Set {profile.key_env}, or choose the local provider.")
    return _checked(key, f"The API key in {profile.key_env}")


def member_token(profile: ProviderProfile, environ: Mapping[str, str]) -> Secret:
    """Return what the broker of `profile` wants to see; an empty secret where that is nothing.

    Raises CredentialRefused like `api_key`.
    """
    if not profile.broker_key_env:
        return Secret("")
    token = _value(profile.broker_key_env, environ)
    if not token:
        raise CredentialRefused("No member token for the broker.", hint=f"Set {profile.broker_key_env}.")
    return _checked(token, f"The member token in {profile.broker_key_env}")


def ice_credential(server: IceServer, environ: Mapping[str, str]) -> Secret | None:
    """Return the credential of a TURN server, or None for a server that wants none.

    Raises CredentialRefused when its variable is not set.
    """
    if not server.credential_env:
        return None
    credential = _value(server.credential_env, environ)
    if not credential:
        raise CredentialRefused("No credential for the TURN server.", hint=f"Set {server.credential_env}.")
    return credential


def _value(name: str, environ: Mapping[str, str]) -> Secret:
    return Secret(environ.get(name, "").strip())


def _checked(key: Secret, what: str) -> Secret:
    if all("!" <= character <= "~" for character in key.reveal()):
        return key
    raise CredentialRefused(
        f"{what} has a space, a control character or a letter outside ASCII.", hint="Copy it again."
    )
