"""A network of the tests' own: a namespace with nothing but loopback in it, where UDP can be blocked.

Packets that are blocked vanish on arrival: whoever sends them is told nothing, as with a firewall far away.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

_TABLE = "inet sentra"
_CLONE_NEWNET = 0x40000000
_COMMAND_S = 20


class Namespace:
    """A running network namespace."""

    def __init__(self, name: str) -> None:
        self.name = name

    def command(self, *arguments: str) -> list[str]:
        """Return the command that runs another one inside."""
        return ["ip", "netns", "exec", self.name, *arguments]

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a short command inside, and return what it wrote."""
        return _run(*self.command(*arguments), stdin=stdin)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Have sockets that this thread opens, and threads and processes that it starts, be inside."""
        libc = ctypes.CDLL(None, use_errno=True)

        def enter(descriptor: int) -> None:
            if libc.setns(descriptor, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")

        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            inside = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
            try:
                enter(inside)
            finally:
                os.close(inside)
            try:
                yield
            finally:
                enter(outside)
        finally:
            os.close(outside)

    def add_address(self, address: str) -> None:
        """Give the namespace an address that is not loopback's, such as 10.77.0.1."""
        self.run("ip", "address", "add", f"{address}/32", "dev", "lo")

    def block_udp(self, *but_ports: str) -> None:
        """Drop UDP from now on, except to and from these ports (`3478`, or `62000-62099`)."""
        ports = ", ".join(but_ports)
        drop = f"udp sport != {{ {ports} }} udp dport != {{ {ports} }} drop" if ports else "meta l4proto udp drop"
        self._filter(f"table {_TABLE} {{\nchain arriving {{\ntype filter hook input priority 0\n{drop}\n}}\n}}\n")

    def allow_udp(self) -> None:
        """Let UDP through again."""
        self._filter("")

    def _filter(self, rules: str) -> None:
        """Put these rules in the place of those that there are, at once."""
        self.run("nft", "-f", "-", stdin=f"table {_TABLE} {{}}\ndelete table {_TABLE}\n{rules}")


@contextmanager
def network_namespace() -> Iterator[Namespace]:
    """Make a namespace with loopback up, and remove it at the end; skip, by name, where that cannot be done."""
    for program in ("ip", "nft"):
        if shutil.which(program) is None:
            pytest.skip(f"no network namespaces: {program} is not installed")
    if os.geteuid() != 0:
        pytest.skip("no network namespaces: this needs root")
    name = f"sentra-{os.getpid()}-{uuid4().hex[:8]}"
    try:
        _run("ip", "netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces: {error.stderr.strip()}")
    try:
        namespace = Namespace(name)
        namespace.run("ip", "link", "set", "lo", "up")
        _try_rules(namespace)
        yield namespace
    finally:
        _run("ip", "netns", "delete", name)
        assert not Path(f"/run/netns/{name}").exists()


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """A namespace for one test: import this name into the test's module, or its conftest."""
    with network_namespace() as made:
        yield made


def _try_rules(namespace: Namespace) -> None:
    try:
        namespace.block_udp()
        namespace.allow_udp()
    except subprocess.CalledProcessError as error:
        if "Could not process rule" not in error.stderr and "Operation not permitted" not in error.stderr:
            raise
        pytest.skip(f"UDP cannot be blocked here: {error.stderr.strip()}")


def _run(*arguments: str, stdin: str | None = None) -> str:
    done = subprocess.run(arguments, input=stdin, capture_output=True, text=True, timeout=_COMMAND_S, check=True)
    return done.stdout
