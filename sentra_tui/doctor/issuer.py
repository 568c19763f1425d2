"""Who signed a certificate that is not trusted.

`ssl` says nothing of a certificate that it refused. OpenSSL shows it to a callback before it ends the handshake: here
no authority is believed at all, so every handshake ends there, and nothing is sent behind it.
"""

from __future__ import annotations

import contextlib
import socket

from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from sentra_tui.domain.text import clean_line
from sentra_tui.services.hosts import address_of

_CONNECT_S = 1.0
_NAMES = (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)


def issuer_of(address: str, port: int, server_name: str) -> str:
    """Return who signed what the server at `address` shows, empty where that cannot be had. Blocks, and may hang."""
    seen: list[str] = []

    def refuse(_connection: SSL.Connection, certificate: crypto.X509, _error: int, _depth: int, _ok: int) -> bool:
        issuer = certificate.to_cryptography().issuer
        names = [each.value for oid in _NAMES for each in issuer.get_attributes_for_oid(oid)]
        seen.append(clean_line(str(names[0]), 80) if names else "")
        return False

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_PEER, refuse)
    with (
        contextlib.suppress(OSError, SSL.Error, UnicodeError),
        socket.create_connection((address, port), _CONNECT_S) as stream,
    ):
        stream.settimeout(None)  # OpenSSL reads by itself, and takes a blocking socket
        connection = SSL.Connection(context, stream)
        if address_of(server_name) is None:
            connection.set_tlsext_host_name(server_name.encode("idna"))
        connection.set_connect_state()
        connection.do_handshake()
    return next((name for name in seen if name), "")
