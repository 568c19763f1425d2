from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from tests.netns import Namespace, namespace, network_namespace

__all__ = ["namespace"]


def arrives(ports: tuple[int, int] = (0, 0)) -> bool:
    """Send one datagram over loopback, from port to port."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        sender.bind(("127.0.0.1", ports[0]))
        receiver.bind(("127.0.0.1", ports[1]))
        receiver.settimeout(0.2)
        sender.sendto(b"x", receiver.getsockname())
        try:
            return receiver.recv(1) == b"x"
        except TimeoutError:
            return False


def test_blocked_udp_vanishes_and_comes_back(namespace: Namespace) -> None:
    with namespace.entered():
        assert arrives()
        namespace.block_udp()
        assert not arrives()
        namespace.allow_udp()
        assert arrives()


def test_some_ports_may_stay_open(namespace: Namespace) -> None:
    with namespace.entered():
        namespace.block_udp("3478", "62000-62009")
        assert not arrives()
        assert arrives((3478, 0))
        assert arrives((0, 62009))


def test_tcp_is_not_blocked(namespace: Namespace) -> None:
    namespace.block_udp()
    with namespace.entered(), socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_outside_nothing_is_blocked(namespace: Namespace) -> None:
    namespace.block_udp()
    with namespace.entered():
        pass
    assert arrives()


def test_a_process_runs_inside_and_has_the_addresses_given(namespace: Namespace) -> None:
    namespace.add_address("10.77.0.1")
    bind = "import socket; s = socket.socket(); s.bind(('10.77.0.1', 0)); print(s.getsockname()[0])"
    assert namespace.run(sys.executable, "-c", bind).strip() == "10.77.0.1"
    assert subprocess.run([sys.executable, "-c", bind], capture_output=True, timeout=20, check=False).returncode


def test_nothing_is_left_of_a_namespace() -> None:
    with network_namespace() as made, made.entered():
        made.block_udp()
    assert not Path(f"/run/netns/{made.name}").exists()
