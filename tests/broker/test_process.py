"""The broker as it is started: by its command line, as a process."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sentra_tui.provider.server import ProviderStarted
from tests.broker.team import KEY_ENV, Answer, exchange, head, request_bytes
from tests.broker.test_tls import certificate
from tests.services.transport.authority import Authority

START_S = 20.0
CANARY = "sk-canary-2f6c1f0e8d"


@dataclass(frozen=True)
class Home:
    """Where a broker keeps what it has."""

    path: Path
    base_url: str = "http://127.0.0.1:9/v1"
    key: str = CANARY

    def write_config(self, settings: str = "") -> None:
        (self.path / "config.toml").write_text(
            f'[providers.team]\nlike = "local"\nbase_url = "{self.base_url}"\nkey_env = "{KEY_ENV}"\n'
            f'[broker]\nprovider = "team"\n{settings}\n'
        )

    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "SYSTEMROOT")}
        return kept | {"HOME": str(self.path), KEY_ENV: self.key}

    def where(self) -> list[str]:
        return [f"--members={self.path / 'team' / 'members.json'}"]

    def serve(self, *more: str) -> list[str]:
        files = [f"--config={self.path / 'config.toml'}", f"--audit={self.path / 'team' / 'audit.jsonl'}"]
        return [*self.where(), *files, *more]

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Return the exit status of a command, and what it said on both ways."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sentra_tui", "broker", *arguments,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=self.environ(),
        )  # fmt: skip
        async with asyncio.timeout(START_S):
            out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    @asynccontextmanager
    async def running(
        self, *more: str, said_in: Path | None = None
    ) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
        """Yield the port of a broker, and its process; what it says goes to a file."""
        log = os.open(said_in or self.path / "stderr.txt", os.O_WRONLY | os.O_CREAT)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sentra_tui", "broker", "--port=0", *self.serve(*more),
            stdout=asyncio.subprocess.PIPE, stderr=log, env=self.environ(),
        )  # fmt: skip
        os.close(log)
        try:
            assert process.stdout is not None
            async with asyncio.timeout(START_S):
                started: dict[str, Any] = json.loads(await process.stdout.readline())
            yield int(started["url"].rpartition(":")[2]), process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path)
    found.write_config()
    return found


async def ask(port: int, token: str, body: bytes = b"{}") -> Answer:
    return await exchange("127.0.0.1", port, request_bytes(port, token, body))


async def test_a_broker_that_others_could_reach_in_the_clear_does_not_start(home: Home) -> None:
    status, out, err = await home.run("serve", *home.serve("--host=0.0.0.0", "--port=0"))
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "--cert" in err


async def test_with_a_certificate_and_no_member_it_does_not_start_either(home: Home) -> None:
    pem = certificate(Authority(home.path), home.path)
    tls = (f"--cert={pem}", f"--key-file={pem}", "--host=0.0.0.0", "--port=0", "--name=localhost")
    status, _, err = await home.run("serve", *home.serve(*tls))
    assert status == 2
    assert "add-member" in err


@pytest.mark.parametrize(
    ("settings", "arguments", "why"),
    [
        ("", ["--host=example.org"], "not an address"),
        ("", ["--name=a b"], "not the name of a host"),
        ("ttl_s = 600", [], "broker.ttl_s"),
        ("tools = []", [], "unknown key broker.tools"),
        ('provider = "nobody"', [], "nobody"),
    ],
)
async def test_what_does_not_fit_is_one_line(home: Home, settings: str, arguments: list[str], why: str) -> None:
    home.write_config(settings if "provider" not in settings else "")
    if "provider" in settings:
        (home.path / "config.toml").write_text(f"[broker]\n{settings}\n")
    status, _, err = await home.run("serve", *home.serve("--port=0", *arguments))
    assert status == 2
    assert why in err
    assert len(err.splitlines()) == 1


async def test_without_a_key_it_does_not_start(tmp_path: Path) -> None:
    home = Home(tmp_path, key="")
    home.write_config()
    status, _, err = await home.run(*home.serve("--port=0"))
    assert status == 2
    assert f"{KEY_ENV} is not set: the broker has no key of the team. Set it" in err
    assert "local provider" not in err


async def test_a_port_that_is_taken_is_one_line(home: Home) -> None:
    async with home.running() as (port, _):
        status, _, err = await home.run(*home.serve(f"--port={port}"))
    assert status == 2
    assert str(port) in err


async def test_a_token_is_shown_once_and_members_are_listed_without(home: Home) -> None:
    status, token, advice = await home.run("add-member", "ada", "--days=7", *home.where())
    assert status == 0
    assert token.startswith("smt_")
    assert "never again" in advice
    assert token.strip() not in advice
    listed = json.loads((await home.run("members", "--json", *home.where()))[1])["members"]
    assert [(member["name"], member["state"]) for member in listed] == [("ada", "active")]
    assert set(listed[0]) == {"name", "state", "created_at", "expires_at"}
    assert listed[0]["expires_at"] - listed[0]["created_at"] == 7 * 86_400
    assert (await home.run("revoke", "ada", *home.where()))[0] == 0
    assert "revoked" in (await home.run("members", *home.where()))[1]
    assert (await home.run("revoke", "bob", *home.where()))[0] == 2


async def test_a_member_is_served_until_another_process_revokes_the_token(
    provider: ProviderStarted, tmp_path: Path
) -> None:
    home = Home(tmp_path, provider.base_url, provider.api_key)
    home.write_config()
    async with home.running() as (port, process):
        token = (await home.run("add-member", "ada", *home.where()))[1].strip()
        served = await ask(port, token)
        await home.run("revoke", "ada", *home.where())
        refused = await ask(port, token)
        process.terminate()
        async with asyncio.timeout(START_S):
            assert await process.wait() == 0
    assert (served.status, refused.status) == (200, 401)
    seen = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "config.toml")
    for private in (token, served.json()["ephemeral_key"], provider.api_key):
        assert private.encode() not in seen
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "team").iterdir()} == {
        "members.json": 0o600,
        "members.json.lock": 0o600,
        "audit.jsonl": 0o600,
        "audit.strangers.jsonl": 0o600,
    }
    assert stat.S_IMODE((tmp_path / "team").stat().st_mode) == 0o700


async def test_the_key_is_in_nothing_that_is_said_or_written_whatever_goes_wrong(home: Home) -> None:
    async with home.running() as (port, _):
        token = (await home.run("add-member", "ada", *home.where()))[1].strip()
        ours = f"Host: 127.0.0.1:{port}"
        said = [
            await ask(port, token),
            await ask(port, token, b"{"),
            await ask(port, token, b'{"tools": []}'),
            await ask(port, CANARY),
            await exchange("127.0.0.1", port, head("GET", f"/{CANARY}", ours)),
            await exchange("127.0.0.1", port, head("POST", "/health", "Host: evil.example", f"X: {CANARY}")),
            await exchange("127.0.0.1", port, CANARY.encode() + b"\r\n\r\n"),
        ]
    assert [each.status for each in said] == [503, 400, 400, 401, 404, 421, 400]
    everything = b"".join(each.body + repr(each.headers).encode() for each in said)
    everything += b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())
    assert CANARY.encode() not in everything
    assert token.encode() not in everything


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) and /proc are Linux's")
async def test_the_process_leaves_no_core_and_cannot_be_looked_into(home: Home) -> None:
    async with home.running() as (_, process):
        limits = Path(f"/proc/{process.pid}/limits").read_text()
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4:6] == ["0", "0"]
    dumpable = (
        "import ctypes; from sentra_tui.broker.hardening import harden; harden(); print(ctypes.CDLL(None).prctl(3))"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", dumpable, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    assert out.strip() == b"0"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
async def test_nothing_but_loopback_is_listened_on(home: Home) -> None:
    async with home.running() as (port, _):
        rows = [
            line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        ]
    listening = [row[1] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port]
    assert listening == [f"0100007F:{port:04X}"]


async def test_no_option_takes_a_secret(home: Home) -> None:
    for command in ("serve", "add-member", "revoke", "members"):
        status, out, _ = await home.run(command, "--help")
        assert status == 0
        options = {word.strip(",") for word in out.split() if word.startswith("--")}
        assert not options & {"--key", "--token", "--api-key", "--secret", "--password"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
async def test_an_audit_that_cannot_be_written_stops_the_giving_out(provider: ProviderStarted, tmp_path: Path) -> None:
    home = Home(tmp_path, provider.base_url, provider.api_key)
    home.write_config()
    token = (await home.run("add-member", "ada", *home.where()))[1].strip()
    async with home.running("--audit=-", said_in=Path("/dev/full")) as (port, _):
        refused = await ask(port, token)
    assert (refused.status, refused.json()["error"]["code"]) == (503, "unaudited")
