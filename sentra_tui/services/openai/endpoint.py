"""Where a provider is, and whether a key may be sent there."""

from __future__ import annotations

import ipaddress
import socket

import httpx
from msgspec import Struct

from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.text import clean_line

_METADATA_HOSTS = frozenset({"metadata", "metadata.google.internal", "instance-data"})
_METADATA_ADDRESSES = frozenset(ipaddress.ip_address(each) for each in ("100.100.100.200", "fd00:ec2::254"))

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Endpoint(Struct, frozen=True):
    """A provider as requests see it."""

    base_url: str
    """Checked by `checked_url`; ends before the slash."""
    label: str = "The provider"
    """What messages call it."""
    key_env: str = ""
    """The variable in which the user can set another key."""

    @property
    def host(self) -> str:
        """The host's name."""
        return httpx.URL(self.base_url).host


def endpoint(profile: ProviderProfile, base_url: str = "") -> Endpoint:
    """Return where `profile` is; `base_url` replaces its own (the local provider finds its port at run time).

    Raises ConfigError for an address to which no key may go.
    """
    url = checked_url(base_url or profile.base_url, "base_url")
    return Endpoint(url, clean_line(profile.label) or "The provider", profile.key_env)


def broker(profile: ProviderProfile) -> Endpoint:
    """Return where the token broker of `profile` is; raises ConfigError like `endpoint`."""
    return Endpoint(checked_url(profile.broker_url, "broker_url"), "The token broker", profile.key_env)


def checked_url(url: str, what: str) -> str:
    """Return `url` without a slash at its end; raises ConfigError, which calls it `what`.

    https to anywhere but link-local and cloud metadata addresses, which answer for the machine and not for a
    provider; plain http to this machine only; no name or password inside.
    """
    shown = clean_line(url, 80)
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL:
        raise ConfigError(f"{what} is not a URL: {shown}.", hint="Write it like https://example.com/v1.") from None
    if parsed.userinfo:
        raise ConfigError(f"{what} has a name or password in it.", hint="Use the key's environment variable.")
    complete = parsed.scheme in ("http", "https") and parsed.host and (parsed.port or 0) < 1 << 16
    if not complete or parsed.query or parsed.fragment:
        raise ConfigError(f"{what} does not fit: {shown}.", hint="Write it like https://example.com/v1.")
    host = parsed.host.rstrip(".").casefold()
    address = _address(host)
    if host in _METADATA_HOSTS or (address and (address.is_link_local or address in _METADATA_ADDRESSES)):
        raise ConfigError(f"{what} is a link-local or metadata address: {shown}.", hint="No key is sent there.")
    if parsed.scheme == "http" and not (address.is_loopback if address else host == "localhost"):
        raise ConfigError(f"{what} is plain http: {shown}.", hint="Use https; plain http is for this machine only.")
    return str(parsed).rstrip("/")


def _address(host: str) -> IpAddress | None:
    """Return the address that `host` spells, in any of the forms that a resolver takes (2130706433, 0x7f.1)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            address = ipaddress.ip_address(socket.inet_aton(host))
        except OSError:
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
