"""Where a broker may listen: on this machine, or elsewhere with a certificate and with members."""

from __future__ import annotations

import ipaddress
import os
import ssl
import stat
import time
from pathlib import Path

from sentra_tui.broker.members import MembersFile
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.text import clean_line


def checked_host(host: str) -> str:
    """Return the address that `host` is; raises ConfigError for a name other than `localhost`, which may move."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        address = None
    if address is None or "%" in host:
        raise ConfigError(f"--host {clean_line(host, 80)} is not an address.", hint="Names go into --name.")
    return str(address)


def check_exposure(host: str, members: MembersFile, *, tls: bool) -> None:
    """Raise ConfigError where other machines could ask without a certificate, or where no member could."""
    if ipaddress.ip_address(host).is_loopback:
        return
    if not tls:
        raise ConfigError(
            f"Other machines can reach {host}, so tokens would be sent in the clear.",
            hint="Give --cert and --key-file, or listen on 127.0.0.1.",
        )
    now_s = time.time()
    if not any(member.state(now_s) == "active" for member in members.read()):
        raise ConfigError(
            f"Other machines can reach {host}, and there is no member.",
            hint="First: sentra-tui broker add-member NAME.",
        )


def server_tls(cert: Path | None, key_file: Path | None) -> ssl.SSLContext | None:
    """Return what a server's connections are encrypted with, None where neither file is given; raises ConfigError.

    TLS 1.2 at least, HTTP/1.1 only.
    """
    if cert is None and key_file is None:
        return None
    if cert is None or key_file is None:
        raise ConfigError("A certificate and its key belong together.", hint="Give both --cert and --key-file.")
    _check_key_file(key_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert, key_file, password=_no_password)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        raise ConfigError(
            f"{cert} and {key_file} cannot be used as a certificate and its key.",
            hint="PEM files, the key without a password, and of that certificate.",
        ) from error
    return context


def _check_key_file(key_file: Path) -> None:
    try:
        mode = key_file.stat().st_mode
    except OSError as error:
        raise ConfigError(f"{key_file} cannot be read: {error.strerror}.", hint="Check --key-file.") from error
    if os.name != "nt" and mode & stat.S_IRWXO:
        raise ConfigError(f"Everybody may use {key_file}.", hint=f"chmod 600 {key_file}")


def _no_password() -> str:
    raise ValueError
