"""A team asks its broker at once: 200 members, each for a session, each over a connection of its own.

The broker is real, in a process of its own with its limits as they ship. The provider behind it answers at once. The
members are sockets of this process that write one request and read one answer.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from email.utils import formatdate
from functools import lru_cache
from pathlib import Path

import psutil

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, percentile, progress
from bench.processes import cpu_s
from sentra_tui.broker.members import MembersFile

MEMBERS = 200
ROUNDS = 5
_BURST_ROUNDS = 2
"""The limit on all members together takes so many rounds in a row as it ships, and another after each pause."""
_PAUSE_S = 10.5
_START_S = 15
_TTL_S = 60
_SECRET = "ek_bench"
_PIECE_BYTES = 64 << 10
_BODY = b'{"type":"realtime"}'


def measure(request: Request) -> Measurements:
    """Return how long an answer takes, p95."""
    with tempfile.TemporaryDirectory() as home:
        took_ms, used_ms = asyncio.run(_measure(Path(home)))
    note = (
        f"p95 of {ROUNDS} rounds of {MEMBERS} members each who ask in the same moment, from the connecting of a socket "
        f"to the end of the answer; the provider behind the broker answers at once; the slowest {max(took_ms):.0f} ms; "
        f"no request was refused; the broker uses {used_ms:.2f} ms of a core for each"
    )
    return {"broker_200_members_p95_ms": Measurement(value=percentile(took_ms, 95), trials=took_ms, note=note)}


async def _measure(home: Path) -> tuple[tuple[float, ...], float]:
    """Return how long each answer took, and the processor time of the broker for one, in milliseconds."""
    provider = await asyncio.get_running_loop().create_server(_Provider, "127.0.0.1", 0, backlog=1024)
    tokens = _join(home)
    broker = await _start(home, provider.sockets[0].getsockname()[1])
    try:
        port = await _port(broker)
        process = [psutil.Process(broker.pid)]
        before_s = cpu_s(process)
        took_ms = await _rounds(port, tokens)
        return tuple(took_ms), (cpu_s(process) - before_s) * 1000 / len(took_ms)
    finally:
        broker.terminate()
        await broker.wait()
        provider.close()


def _join(home: Path) -> list[str]:
    """Make everybody a member; return their tokens."""
    members = MembersFile(home / "members.json")
    return [members.add(f"member-{number}", 1, time.time()).reveal() for number in range(MEMBERS)]


async def _start(home: Path, provider_port: int) -> Process:
    (home / "config.toml").write_text(
        f'[providers.bench]\nbase_url = "http://127.0.0.1:{provider_port}/v1"\nkey_env = ""\n'
        '[broker]\nprovider = "bench"\n',
        encoding="utf-8",
    )
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sentra_tui", "broker", "--port=0",
        f"--config={home / 'config.toml'}", f"--members={home / 'members.json'}", f"--audit={home / 'audit.jsonl'}",
        stdout=PIPE, env={**os.environ, "HOME": str(home)},
    )  # fmt: skip


async def _port(broker: Process) -> int:
    assert broker.stdout is not None
    started = json.loads(await asyncio.wait_for(broker.stdout.readline(), _START_S) or b"{}")
    if "url" not in started:
        raise CannotMeasure("the broker did not start")
    return int(started["url"].rpartition(":")[2])


async def _rounds(port: int, tokens: list[str]) -> list[float]:
    took_ms: list[float] = []
    for number in range(ROUNDS):
        if number >= _BURST_ROUNDS:
            await asyncio.sleep(_PAUSE_S)
        asked = await asyncio.gather(*(_ask(port, token) for token in tokens))
        for _, answer in asked:
            _check(answer)
        took_ms += [spent_ms for spent_ms, _ in asked]
        progress(f"broker: round {number + 1}, p95 {percentile([spent_ms for spent_ms, _ in asked], 95):.0f} ms")
    return took_ms


async def _ask(port: int, token: str) -> tuple[float, bytes]:
    """Ask for one session over a socket of its own; return the time it took, in milliseconds, and the answer."""
    loop = asyncio.get_running_loop()
    head = (
        f"POST /api/realtime/session HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n"
    )
    answer = bytearray()
    with socket.socket() as link:
        began_s = time.perf_counter()
        link.connect(("127.0.0.1", port))  # the system takes it, whatever the broker does
        link.setblocking(False)
        await loop.sock_sendall(link, head.encode() + _BODY)
        while piece := await loop.sock_recv(link, _PIECE_BYTES):
            answer += piece
        took_ms = (time.perf_counter() - began_s) * 1000
    return took_ms, bytes(answer)


def _check(answer: bytes) -> None:
    """Raise CannotMeasure unless it is a session with the provider's secret."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 ") or json.loads(body)["ephemeral_key"] != _SECRET:
        raise CannotMeasure(f"a member was refused: {head[:40]!r}")


class _Provider(asyncio.Protocol):
    """Mints a client secret for each request, whatever it says, and takes next to no time for it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, end, body = self._heard.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            self._heard = b""
            assert self._transport is not None
            self._transport.write(_minted(int(time.time())))


@lru_cache(maxsize=1)
def _minted(now_s: int) -> bytes:
    body = json.dumps({"value": _SECRET, "expires_at": now_s + _TTL_S, "session": {"id": "sess_1"}})
    head = (
        f"HTTP/1.1 200 OK\r\nDate: {formatdate(now_s, usegmt=True)}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()
