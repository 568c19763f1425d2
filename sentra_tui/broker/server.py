"""The broker as a process: it says where it is, serves, and ends when it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from sentra_tui.broker.audit import Audit
from sentra_tui.broker.authorities import authorities
from sentra_tui.broker.connection import Connection
from sentra_tui.broker.connections import Connections
from sentra_tui.broker.hardening import harden, raise_descriptors
from sentra_tui.broker.limits import Limits
from sentra_tui.broker.listening import check_exposure, checked_host, server_tls
from sentra_tui.broker.members import MembersFile
from sentra_tui.broker.roster import Roster
from sentra_tui.broker.service import BrokerService
from sentra_tui.broker.template import SessionTemplate
from sentra_tui.broker.upstream import Upstream
from sentra_tui.domain.config import Config
from sentra_tui.domain.errors import ConfigError, CredentialRefused
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.services.keys import api_key
from sentra_tui.services.openai.endpoint import endpoint
from sentra_tui.services.tls import load_tls_context

BACKLOG = 1024
"""A team asks at once; with fewer places some would wait a second for their second try."""
HANDSHAKE_S = 5.0
GOODBYE_S = 2.0
_OTHER_FILES = 128
"""What is open besides connections."""


class BrokerOptions(Struct, frozen=True, kw_only=True):
    """How to run a broker."""

    members: Path
    audit: Path | None
    """None is standard error."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    cert: Path | None = None
    key_file: Path | None = None
    names: tuple[str, ...] = ()
    """More names by which it is reached, besides those of the configuration."""


class BrokerStarted(Struct, frozen=True, tag_field="type", tag="broker_started"):
    """The line on standard output that says where a broker is."""

    url: str
    pid: int


@contextlib.asynccontextmanager
async def serving(options: BrokerOptions, config: Config, environ: Mapping[str, str]) -> AsyncIterator[BrokerStarted]:
    """Serve while the block runs, in this loop.

    Raises ConfigError or CredentialRefused where that cannot be, or should not.
    """
    host = checked_host(options.host)
    tls = server_tls(options.cert, options.key_file)
    members = MembersFile(options.members)
    members.read()
    check_exposure(host, members, tls=tls is not None)
    profile = config.require_profile(config.broker.provider)
    place = endpoint(profile)
    key = _team_key(profile, environ)
    trusted = await load_tls_context(place.ca_file)
    with (
        contextlib.closing(Upstream(place, key, config.broker.ttl_s, trusted)) as upstream,
        contextlib.closing(Audit(options.audit)) as audit,
        _bound(host, options.port) as taken,
    ):
        port = taken.getsockname()[1]
        service = BrokerService(
            ours=authorities(host, port, (*config.broker.names, *options.names), tls=tls is not None),
            roster=Roster(members),
            limits=Limits(config.broker, time.monotonic),
            template=SessionTemplate(config, profile),
            upstream=upstream,
            audit=audit,
            epoch_s=time.time,
        )
        async with _listening(taken, tls, service):
            shown = f"[{host}]" if ":" in host else host
            yield BrokerStarted(f"{'https' if tls else 'http'}://{shown}:{port}", os.getpid())


def _team_key(profile: ProviderProfile, environ: Mapping[str, str]) -> Secret:
    if profile.key_env and not environ.get(profile.key_env, "").strip():
        what = f"{profile.key_env} is not set: the broker has no key of the team."
        raise CredentialRefused(what, hint="Set it in the environment that the broker is started in.")
    return api_key(profile, environ)


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that has its port and does not listen yet; raises ConfigError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        what = f"The broker cannot listen on {host}, port {port}: {error.strerror}."
        raise ConfigError(what, hint="Take another --port.") from error
    return taken


@contextlib.asynccontextmanager
async def _listening(taken: socket.socket, tls: ssl.SSLContext | None, service: BrokerService) -> AsyncIterator[None]:
    connections = Connections(raise_descriptors() - _OTHER_FILES)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(service, connections),
        sock=taken,
        ssl=tls,
        backlog=BACKLOG,
        ssl_handshake_timeout=HANDSHAKE_S if tls else None,
        ssl_shutdown_timeout=GOODBYE_S if tls else None,
    )
    try:
        yield
    finally:
        server.close()
        await connections.close(GOODBYE_S)


def run(options: BrokerOptions, config: Config, environ: Mapping[str, str]) -> int:
    """Serve until a signal, and return the exit status; raises ConfigError or CredentialRefused."""
    harden()
    return asyncio.run(_serve(options, config, environ))


async def _serve(options: BrokerOptions, config: Config, environ: Mapping[str, str]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with serving(options, config, environ) as started:
        gc.freeze()  # what was loaded stays: looking through it in the middle of a burst makes everybody wait
        sys.stdout.write(msgspec.json.encode(started).decode() + "\n")
        sys.stdout.flush()
        await stop.wait()
    return 0
