"""A TURN server of the tests' own: Debian's coturn, with long-term credentials, over UDP, TCP and TLS."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.netns import Namespace

USERNAME = "sentra"
PASSWORD = "relay-for-tests"
RELAY_PORTS = (62_000, 62_099)
"""Above the ports that the system gives out, so that nobody else has them inside a namespace."""
_START_S = 20

_CONFIG = """listening-ip={host}
relay-ip={host}
listening-port={port}
tls-listening-port={tls_port}
min-port={first}
max-port={last}
lt-cred-mech
realm=sentra.test
user={username}:{password}
cert={directory}/cert.pem
pkey={directory}/key.pem
userdb={directory}/turndb
pidfile={directory}/coturn.pid
log-file=stdout
simple-log
no-cli
no-dtls
no-rfc5780
relay-threads=1
allow-loopback-peers
"""


@dataclass(frozen=True)
class Coturn:
    """A running TURN server."""

    host: str
    port: int
    """For UDP and TCP."""
    tls_port: int
    ca_file: Path
    """The certificate, which is its own authority."""
    log: Path
    username: str = USERNAME
    password: str = PASSWORD

    @property
    def udp(self) -> str:
        return f"turn:{self.host}:{self.port}?transport=udp"

    @property
    def tcp(self) -> str:
        return f"turn:{self.host}:{self.port}?transport=tcp"

    @property
    def tls(self) -> str:
        return f"turns:{self.host}:{self.tls_port}?transport=tcp"

    @property
    def udp_ports(self) -> tuple[str, str]:
        """The ports to leave open for it where UDP is blocked: its own, and those that it relays by."""
        return str(self.port), f"{RELAY_PORTS[0]}-{RELAY_PORTS[1]}"


@contextmanager
def running_coturn(directory: Path, namespace: Namespace | None = None, host: str = "127.0.0.1") -> Iterator[Coturn]:
    """Run a TURN server at `host`, with its files in `directory`; skip, by name, where it is not installed."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("no TURN server: turnserver (coturn) is not installed")
    with ExitStack() as stack:
        if namespace is not None:
            stack.enter_context(namespace.entered())
        port, tls_port = _free_ports(host)
        _write_certificate(directory, host)
        settings = {"host": host, "port": port, "tls_port": tls_port, "directory": directory}
        first, last = RELAY_PORTS
        config = _CONFIG.format(**settings, first=first, last=last, username=USERNAME, password=PASSWORD)
        (directory / "turnserver.conf").write_text(config)
        log = directory / "coturn.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program, "-c", str(directory / "turnserver.conf")], cwd=directory, stdout=output, stderr=output
            )
    try:
        coturn = Coturn(host, port, tls_port, directory / "cert.pem", log)
        _await_start(coturn, process, namespace)
        yield coturn
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_start(coturn: Coturn, process: subprocess.Popen[bytes], namespace: Namespace | None) -> None:
    until = time.monotonic() + _START_S
    while True:
        assert process.poll() is None, coturn.log.read_text()
        with ExitStack() as stack:
            if namespace is not None:
                stack.enter_context(namespace.entered())
            try:
                for port in (coturn.port, coturn.tls_port):
                    socket.create_connection((coturn.host, port), timeout=1).close()
            except OSError:
                assert time.monotonic() < until, coturn.log.read_text()
            else:
                return
        time.sleep(0.05)


def _free_ports(host: str) -> tuple[int, int]:
    with socket.create_server((host, 0)) as one, socket.create_server((host, 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _write_certificate(directory: Path, host: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sentra test relay")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
