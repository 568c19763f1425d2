"""Where a provider is, and whether a key may be sent there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
from msgspec import Struct, field

from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.text import clean_line
from sentra_tui.services.bearer import AuthStyle, auth_headers
from sentra_tui.services.hosts import is_host, is_loopback, is_metadata
from sentra_tui.services.key_origins import check_shipped_key
from sentra_tui.services.tls import check_ca_file

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?")
_KEY_HEADER = re.compile(
    r"(.*[-_])?(authorization|auth|(api[-_]?)?key|token|secret|password|(set-)?cookie)", re.IGNORECASE
)
_KEY_VALUE = re.compile(r"\b(sk|ek)[-_]|\b(bearer|basic) ", re.IGNORECASE)
_OUR_HEADER = re.compile(
    r"host|content-.*|transfer-encoding|te|trailer|connection|keep-alive|upgrade|expect|accept-encoding|sec-websocket-.*",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(?<=//)[^/]*@")


class Endpoint(Struct, frozen=True):
    """A provider as requests see it."""

    base_url: str
    """Checked by `checked_url`; ends before the slash."""
    label: str = "The provider"
    """What messages call it."""
    key_env: str = ""
    """The variable in which the user can set another key."""
    auth: AuthStyle = "bearer"
    headers: dict[str, str] = field(default_factory=dict)
    """More headers for every request, checked."""
    ca_file: str = ""
    """A file of certificates of a private authority."""
    setting: str = "base_url"
    """Which setting of the profile says where it is."""

    @property
    def host(self) -> str:
        """The host's name."""
        return httpx.URL(self.base_url).host

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(self.host)

    def authorize(self, secret: Secret) -> dict[str, str]:
        """Return the headers of a request that shows `secret`, for the one line that puts them on the wire."""
        return {**self.headers, **auth_headers(secret, self.auth)}


def endpoint(profile: ProviderProfile, base_url: str = "") -> Endpoint:
    """Return where `profile` is; `base_url` replaces its own (the local provider finds its port at run time).

    Raises ConfigError for an address to which no key, or not this one, may go, for headers that carry keys, and for a
    `ca_file` that holds no certificates.
    """
    label = clean_line(profile.label) or "The provider"
    if not (base_url or profile.base_url).strip():
        example = "RESOURCE.openai.azure.com/openai/v1" if profile.auth == "api-key" else "example.com/v1"
        raise ConfigError(
            f"{label} has no address.", hint=f'Write base_url = "https://{example}" into its profile, with your own.'
        )
    url = checked_url(base_url or profile.base_url, "base_url")
    check_shipped_key(profile.key_env, url)
    _check_headers(profile.headers)
    if profile.ca_file:
        check_ca_file(profile.ca_file)
    return Endpoint(url, label, profile.key_env, profile.auth, profile.headers, profile.ca_file)


def broker(profile: ProviderProfile) -> Endpoint:
    """Return where the token broker of `profile` is; raises ConfigError like `endpoint`.

    The provider's headers are not for it.
    """
    url = checked_url(profile.broker_url, "broker_url")
    check_shipped_key(profile.broker_key_env, url)
    if profile.ca_file:
        check_ca_file(profile.ca_file)
    return Endpoint(url, "The token broker", profile.broker_key_env, ca_file=profile.ca_file, setting="broker_url")


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        shown = clean_line(name, 40)
        if _OUR_HEADER.fullmatch(name):
            raise ConfigError(f"headers.{shown} cannot be sent.", hint="It is not a profile's to choose.")
        if _KEY_HEADER.fullmatch(name) or _KEY_VALUE.search(value):
            raise ConfigError(f"headers may not have {shown}.", hint="A key goes into the variable of key_env.")
        fits = _HEADER_NAME.fullmatch(name) and (not value or _HEADER_VALUE.fullmatch(value))
        if not fits:
            raise ConfigError(f"headers.{shown} cannot be sent.", hint="Names and values are plain ASCII.")


def checked_url(url: str, what: str) -> str:
    """Return `url` without a slash at its end; raises ConfigError, which calls it `what`.

    https to anywhere but link-local and cloud metadata addresses, which answer for the machine and not for a
    provider; plain http to this machine only; no name or password inside.
    """
    shown = clean_line(_USERINFO.sub("…@", url), 80)
    try:
        parsed = httpx.URL(url.strip())
        host = parsed.host
    except (httpx.InvalidURL, UnicodeError):  # what is wrong with an international name shows when it is read
        raise ConfigError(f"{what} is not a URL: {shown}.", hint="Write it like https://example.com/v1.") from None
    if parsed.userinfo:
        raise ConfigError(f"{what} has a name or password in it.", hint="Use the key's environment variable.")
    if not _is_plain(parsed) or parsed.query or parsed.fragment:
        raise ConfigError(f"{what} does not fit: {shown}.", hint="Write it like https://example.com/v1.")
    if is_metadata(host):
        raise ConfigError(f"{what} is a link-local or metadata address: {shown}.", hint="No key is sent there.")
    if parsed.scheme == "http" and not is_loopback(host):
        raise ConfigError(f"{what} is plain http: {shown}.", hint="Use https; plain http is for this machine only.")
    return str(parsed).rstrip("/")


def _is_plain(url: httpx.URL) -> bool:
    """Return whether every reader of URLs sees the same host in it: no tricks with backslashes or escapes."""
    port_fits = url.port is None or 0 < url.port < 1 << 16
    if url.scheme not in ("http", "https") or not port_fits or "\\" in str(url):
        return False
    host = url.raw_host.decode("ascii").lower()
    return urlsplit(str(url)).hostname == host and is_host(host)
