"""Whom we believe to be who they say they are: the system's authorities, and a private one by file.

There is no way to believe everybody.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from pathlib import Path

import httpx

from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.text import clean_line

_contexts: dict[tuple[str, ...], ssl.SSLContext] = {}
_making = threading.Lock()
_OTHER_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def tls_context(ca_file: str = "") -> ssl.SSLContext:
    """Return what certificates are checked with: well-known authorities, the system's, and those in `ca_file` (PEM).

    SSL_CERT_FILE or SSL_CERT_DIR take the place of the well-known ones. Made once for each file, which takes some
    50 ms: from a loop, use `load_tls_context`. Raises ConfigError where a file cannot be read.
    """
    key = (ca_file, *(os.environ.get(name, "") for name in _OTHER_AUTHORITIES))
    with _making:
        if key not in _contexts:
            context = _authorities()
            if ca_file:
                _add(context, ca_file)
            _contexts[key] = context
        return _contexts[key]


async def load_tls_context(ca_file: str = "") -> ssl.SSLContext:
    """Return `tls_context(ca_file)`, made off the loop."""
    return await asyncio.to_thread(tls_context, ca_file)


def check_ca_file(ca_file: str) -> None:
    """Raise ConfigError unless `ca_file` holds certificates."""
    _add(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)


def _authorities() -> ssl.SSLContext:
    try:
        context = httpx.create_ssl_context()
    except (OSError, ssl.SSLError):
        name = next((name for name in _OTHER_AUTHORITIES if os.environ.get(name)), "the package certifi")
        raise ConfigError(
            f"The certificates in {name} cannot be read.",
            hint="A PEM file, or a directory of them, is to be there.",
        ) from None
    context.load_default_certs()
    return context


def _add(context: ssl.SSLContext, ca_file: str) -> None:
    shown = clean_line(ca_file, 120)
    hint = "ca_file names a PEM file with the certificates of your authority."
    try:
        context.load_verify_locations(Path(ca_file).expanduser())
    except ssl.SSLError:  # an OSError too
        raise ConfigError(f"ca_file holds no certificate: {shown}.", hint=hint) from None
    except (OSError, ValueError, RuntimeError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a path"
        raise ConfigError(f"ca_file cannot be read: {shown} ({why}).", hint=hint) from None
