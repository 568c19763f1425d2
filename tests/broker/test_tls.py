from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sentra_tui.broker.listening import check_exposure, checked_host, server_tls
from sentra_tui.broker.members import MembersFile
from sentra_tui.broker.server import BrokerOptions, serving
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.provider.server import ProviderStarted
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import broker
from sentra_tui.services.openai.tokens import BrokerTokens
from tests.broker.team import KEY_ENV, SESSION, Answer, config, exchange, head, request_bytes
from tests.services.transport.authority import Authority

MIC = {"type": "realtime", "model": "mine", "audio": {"output": {"voice": "marin"}}}
HANDSHAKE_S = 9.0


@dataclass(frozen=True)
class Public:
    """A broker that other machines could reach."""

    port: int
    token: str
    authority: Authority

    async def say(self, *pieces: bytes) -> Answer:
        return await exchange("localhost", self.port, *pieces, tls=self.authority.client_context())


@asynccontextmanager
async def running_public(provider: ProviderStarted, directory: Path) -> AsyncIterator[Public]:
    authority = Authority(directory)
    pem = certificate(authority, directory)
    members = MembersFile(directory / "team" / "members.json")
    token = members.add("ada", 1, 2e9).reveal()
    options = BrokerOptions(
        members=members.path,
        audit=directory / "team" / "audit.jsonl",
        host="0.0.0.0",
        cert=pem,
        key_file=pem,
        names=("localhost",),
    )
    async with serving(options, config(provider.base_url), {KEY_ENV: provider.api_key}) as started:
        yield Public(int(started.url.rpartition(":")[2]), token, authority)


def certificate(authority: Authority, directory: Path) -> Path:
    authority.server_context("localhost")
    pem = directory / "localhost.pem"
    pem.chmod(0o600)
    return pem


async def test_a_member_elsewhere_asks_over_tls_with_our_own_client(provider: ProviderStarted, tmp_path: Path) -> None:
    async with running_public(provider, tmp_path) as public:
        profile = ProviderProfile(
            broker_url=f"https://localhost:{public.port}{SESSION}",
            broker_key_env="MEMBER_TOKEN",
            ca_file=str(public.authority.ca_file),
        )
        client = ApiClient(broker(profile))
        try:
            credential = await BrokerTokens(client, lambda: Secret(public.token)).mint(MIC)
        finally:
            await client.close()
    assert credential.secret.reveal().startswith("ek_")
    assert credential.agreed is not None
    assert credential.agreed["model"] == "sentra-local", "the broker's, not the one that was asked for"
    assert 0 < (credential.lifetime_s or 0) <= 60


async def test_only_its_name_is_asked_for(provider: ProviderStarted, tmp_path: Path) -> None:
    async with running_public(provider, tmp_path) as public:
        hosts = ["127.0.0.1", "0.0.0.0", "evil.example", "localhost"]
        answers = [await public.say(request_bytes(public.port, public.token, b"{}", host=host)) for host in hosts]
    assert [each.status for each in answers] == [421, 421, 421, 200]


async def test_plain_http_gets_nothing(provider: ProviderStarted, tmp_path: Path) -> None:
    async with running_public(provider, tmp_path) as public:
        plain = await exchange("127.0.0.1", public.port, request_bytes(public.port, public.token, b"{}"))
    assert plain.status == 0


async def test_a_client_that_trusts_only_well_known_authorities_sends_no_token(
    provider: ProviderStarted, tmp_path: Path
) -> None:
    async with running_public(provider, tmp_path) as public:
        with pytest.raises(ssl.SSLCertVerificationError):
            await exchange("localhost", public.port, b"", tls=ssl.create_default_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            await exchange("127.0.0.1", public.port, b"", tls=public.authority.client_context())


async def test_neither_an_old_tls_nor_another_http_is_spoken(provider: ProviderStarted, tmp_path: Path) -> None:
    async with running_public(provider, tmp_path) as public:
        old = public.authority.client_context()
        with pytest.warns(DeprecationWarning):
            old.minimum_version = ssl.TLSVersion.TLSv1_1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await exchange("localhost", public.port, b"", tls=old)
        both = public.authority.client_context()
        both.set_alpn_protocols(["h2", "http/1.1"])
        _, writer = await asyncio.open_connection("localhost", public.port, ssl=both)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
        writer.close()


async def test_a_handshake_that_does_not_end_is_dropped(provider: ProviderStarted, tmp_path: Path) -> None:
    async with running_public(provider, tmp_path) as public:
        reader, writer = await asyncio.open_connection("127.0.0.1", public.port)
        async with asyncio.timeout(HANDSHAKE_S):
            assert await reader.read() == b""
        writer.close()
        fields = (f"Host: localhost:{public.port}",)
        assert (await public.say(head("GET", "/health", *fields))).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "169.254.1.1", "::ffff:192.0.2.1"])
def test_other_addresses_want_a_certificate_and_then_a_member(host: str, tmp_path: Path) -> None:
    members = MembersFile(tmp_path / "team" / "members.json")
    with pytest.raises(ConfigError, match="--cert"):
        check_exposure(host, members, tls=False)
    with pytest.raises(ConfigError, match="no member"):
        check_exposure(host, members, tls=True)
    members.add("ada", 1, 1_000.0)
    with pytest.raises(ConfigError, match="no member"):
        check_exposure(host, members, tls=True)
    members.add("bob", 1, 2e9)
    check_exposure(host, members, tls=True)
    members.revoke("bob", 2e9)
    with pytest.raises(ConfigError, match="no member"):
        check_exposure(host, members, tls=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::1", "localhost", "[::1]"])
def test_loopback_wants_neither(host: str, tmp_path: Path) -> None:
    check_exposure(checked_host(host), MembersFile(tmp_path / "members.json"), tls=False)


@pytest.mark.parametrize(
    "host", ["", "localhost.evil", "example.org", "127.1", "0x7f000001", "fe80::1%eth0", "a\x1b[2J"]
)
def test_a_name_is_no_address(host: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        checked_host(host)
    assert "\x1b" not in str(refusal.value)


def test_a_certificate_and_its_key_are_checked_before_anything_else(tmp_path: Path) -> None:
    pem = certificate(Authority(tmp_path), tmp_path)
    for cert, key_file, why in (
        (pem, None, "belong together"),
        (None, pem, "belong together"),
        (pem, tmp_path / "absent.pem", "cannot be read"),
        (tmp_path / "ca.pem", pem, "cannot be used"),
    ):
        with pytest.raises(ConfigError, match=why):
            server_tls(cert, key_file)
    if os.name == "posix":
        pem.chmod(0o644)
        with pytest.raises(ConfigError, match="chmod 600"):
            server_tls(pem, pem)
    assert server_tls(None, None) is None
