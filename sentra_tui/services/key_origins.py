"""Which key goes where: one environment variable serves one origin, so that no key is ever shown to another.

An origin is scheme, host and port (RFC 6454).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

import httpx

from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import ProviderProfile, shipped_providers
from sentra_tui.domain.text import clean_line

_PREFIX = "SENTRA_KEY_"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_AZURE = re.compile(r"https://[a-z0-9-]+\.(openai\.azure|services\.ai\.azure|cognitiveservices\.azure)\.com")
"""Each customer of Azure has a host of its own."""
_SPELLED = str.maketrans({".": "_", ":": "_", "-": "__", "_": "___"})


def origin(url: str) -> str:
    """Return the origin of `url`, like `https://api.openai.com`; the port only where it is not the usual one."""
    parsed = httpx.URL(url)
    host = parsed.raw_host.decode("ascii").rstrip(".").lower()
    shown = f"[{host}]" if ":" in host else host
    port = "" if parsed.port in (None, _DEFAULT_PORTS.get(parsed.scheme)) else f":{parsed.port}"
    return f"{parsed.scheme}://{shown}{port}"


def key_env_for(url: str) -> str:
    """Return the variable that holds the key for a server that no profile names.

    A known provider's own, else SENTRA_KEY_ and the host in capitals, with `_` for a dot or a colon, `__` for a hyphen
    and `___` for an underscore, so that no two hosts share one; the port follows where it is not the usual one.
    """
    place = origin(url)
    for variable, places in _shipped_places().items():
        if place in places:
            return variable
    host = place.partition("://")[2].replace("[", "").replace("]", "")
    return _PREFIX + host.translate(_SPELLED).upper()


def check_shipped_key(variable: str, url: str) -> None:
    """Raise ConfigError where `variable` is a known provider's, or is called after a host, and `url` is elsewhere."""
    places = _shipped_places().get(variable)
    place = origin(url)
    if variable.startswith(_PREFIX) and variable != key_env_for(url):
        raise ConfigError(
            f"The key in {clean_line(variable, 80)} is for another host and is not sent to {clean_line(place, 80)}.",
            hint=f"Give this provider a variable of its own, key_env = {key_env_for(url)!r}.",
        )
    if places is None or place in places or (variable == _azure_key() and _AZURE.fullmatch(place)):
        return
    whose = " and ".join(sorted(places)) or "Azure"
    raise ConfigError(
        f"The key in {variable} belongs to {whose} and is not sent to {clean_line(place, 80)}.",
        hint=f"Give this provider a variable of its own, key_env = {key_env_for(url)!r}.",
    )


def check_keys(name: str, profiles: Mapping[str, ProviderProfile]) -> None:
    """Raise ConfigError where a key of the profile `name` would serve another origin, too.

    `profiles` are the user's own, by name; a shipped one that they do not replace is looked up.
    """
    chosen = profiles.get(name) or shipped_providers().get(name)
    if chosen is None:
        return
    claims = {variable: (what, place) for what, variable, place in _claims(name, chosen)}
    for what, variable, url in [*_claims(name, chosen), *_all_claims(profiles)]:
        ours = claims.get(variable)
        if ours is not None and origin(ours[1]) != origin(url):
            raise ConfigError(
                f"{variable} would go to two places: {what} ({origin(url)}) and {ours[0]} ({origin(ours[1])}).",
                hint="Give one of them a key_env of its own.",
            )
    for _, variable, url in _claims(name, chosen):
        check_shipped_key(variable, url)
    for server in chosen.ice_servers:
        if server.credential_env in _shipped_places():
            raise ConfigError(
                f"The key in {server.credential_env} is no credential of a TURN server.",
                hint="Give the server a credential_env of its own.",
            )


def _claims(name: str, profile: ProviderProfile) -> Iterator[tuple[str, str, str]]:
    """Yield which variable a profile sends where: what to call it, the variable, the address."""
    shown = f"providers.{clean_line(name, 40)}"
    for what, variable, url in (
        (shown, profile.key_env, profile.base_url),
        (f"the broker of {shown}", profile.broker_key_env, profile.broker_url),
    ):
        if variable and _is_url(url):
            yield what, variable, url.strip()


def _all_claims(profiles: Mapping[str, ProviderProfile]) -> Iterator[tuple[str, str, str]]:
    for name, profile in profiles.items():
        yield from _claims(name, profile)


def _is_url(url: str) -> bool:
    try:
        return bool(httpx.URL(url.strip()).host)
    except httpx.InvalidURL:
        return False


@cache
def _shipped_places() -> dict[str, frozenset[str]]:
    """Return the origins of each variable of the shipped profiles; none are listed for hosts that differ by user."""
    places: dict[str, set[str]] = {}
    for profile in shipped_providers().values():
        if profile.key_env:
            urls = [profile.base_url] if profile.base_url else []
            places.setdefault(profile.key_env, set()).update(map(origin, urls))
    return {variable: frozenset(urls) for variable, urls in places.items()}


def _azure_key() -> str:
    return shipped_providers()["azure"].key_env
