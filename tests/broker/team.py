"""A broker under test, its members, and clients that write to its socket what they like."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentra_tui.broker.audit import strangers_path
from sentra_tui.broker.members import MembersFile
from sentra_tui.domain import config_file
from sentra_tui.domain.config import Config
from sentra_tui.provider.server import ProviderStarted

KEY_ENV = "BROKER_TEST_KEY"
SESSION = "/api/realtime/session"
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Answer:
    """What came back: `status` is 0 where nothing did."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Team:
    url: str
    members: MembersFile
    audit_path: Path
    provider: ProviderStarted

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def join(self, name: str, days: float = 1) -> str:
        return self.members.add(name, days, time.time()).reveal()

    def audit(self) -> list[dict[str, Any]]:
        """Return what was written down: of members, then of strangers."""
        paths = (self.audit_path, strangers_path(self.audit_path))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]

    async def ask(self, token: str, body: Any = None, **headers: str) -> Answer:
        """Ask for a session as our own client does."""
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        return await self.raw(request_bytes(self.port, token, raw, **headers))

    async def raw(self, *pieces: bytes) -> Answer:
        return await exchange("127.0.0.1", self.port, *pieces)


def config(base_url: str, settings: str = "") -> Config:
    """Return a configuration whose broker has the key of the provider at `base_url`."""
    text = (
        f'[providers.team]\nlike = "local"\nbase_url = "{base_url}"\nkey_env = "{KEY_ENV}"\n'
        f'[broker]\nprovider = "team"\n{settings}\n'
    )
    return config_file.parse(text.encode(), "config.toml")


def request_bytes(port: int, token: str, body: bytes, host: str = "127.0.0.1", **headers: str) -> bytes:
    """Return a whole request for a session."""
    fields = {
        "Host": f"{host}:{port}",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return head("POST", SESSION, *(f"{name}: {value}" for name, value in fields.items() if value)) + body


def head(method: str, target: str, *lines: str, version: str = "HTTP/1.1") -> bytes:
    return "\r\n".join([f"{method} {target} {version}", *lines, "", ""]).encode("latin-1")


async def exchange(host: str, port: int, *pieces: bytes, tls: ssl.SSLContext | None = None) -> Answer:
    """Write the pieces to a fresh socket and return the answer, read to the end of the connection."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            raw = await reader.read()
        except ConnectionError:
            raw = b""
        finally:
            writer.close()
    return answer(raw)


def answer(raw: bytes) -> Answer:
    top, _, body = raw.partition(b"\r\n\r\n")
    status_line, *lines = top.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(int(status_line.split()[1]) if raw else 0, headers, body)
