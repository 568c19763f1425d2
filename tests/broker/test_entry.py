from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from sentra_tui.broker.authorities import authorities
from sentra_tui.broker.server import BrokerOptions, serving
from sentra_tui.domain.errors import ConfigError
from sentra_tui.provider.server import ProviderStarted
from tests.broker.team import KEY_ENV, SESSION, Team, config, exchange, head

OTHER_HOSTS = [
    "127.0.0.1.nip.io:{port}",
    "127-0-0-1.nip.io:{port}",
    "localhost.evil:{port}",
    "evil.localhost:{port}",
    "localtest.me:{port}",
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "localhost",
    "127.0.0.1:{other}",
    "localhost:{other}",
    "127.0.0.1:0{port}",
    "127.0.0.1:",
    "127.0.0.1:{port}:{port}",
    "127.0.0.2:{port}",
    "127.1:{port}",
    "0.0.0.0:{port}",
    "2130706433:{port}",
    "0x7f000001:{port}",
    "017700000001:{port}",
    "[::1]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "::1:{port}",
    "localhost.:{port}",
    "127.0.0.1.:{port}",
    "LOCALHOST:{port}",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "evil.example#127.0.0.1:{port}",
    "127.0.0.1:{port}/",
    "http://127.0.0.1:{port}",
    "127.0.0.1:{port},evil.example",
    "127.0.0.1:{port} evil.example",
    "127.0.0.1\t:{port}",
    "null",
    "",
]
ORIGINS = [
    "null", "", "http://127.0.0.1:{port}", "http://localhost:{port}", "https://127.0.0.1:{port}", "https://evil.example",
    "file://", "chrome-extension://abc", "*", "http://127.0.0.1:{port}.evil.example", "http://[::1]:{port}",
]  # fmt: skip


def _filled(text: str, team: Team) -> str:
    return text.format(port=team.port, other=team.port + 1)


@pytest.mark.parametrize("target", ["/health", SESSION, "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_every_other_host_is_refused_on_every_route(team: Team, method: str, target: str) -> None:
    token = team.join("ada")

    async def status(host: str) -> int:
        fields = (f"Host: {_filled(host, team)}", f"Authorization: Bearer {token}", "Content-Length: 0")
        return (await team.raw(head(method, target, *fields))).status

    statuses = dict(zip(OTHER_HOSTS, await asyncio.gather(*map(status, OTHER_HOSTS)), strict=True))
    assert {host: code for host, code in statuses.items() if code not in (400, 421)} == {}
    assert len(statuses) > 30


@pytest.mark.parametrize("target", ["/health", SESSION, "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_every_origin_is_refused_on_every_route(team: Team, method: str, target: str) -> None:
    async def status(origin: str, name: str) -> int:
        fields = (f"Host: 127.0.0.1:{team.port}", f"{name}: {_filled(origin, team)}", "Content-Length: 0")
        return (await team.raw(head(method, target, *fields))).status

    asked = [(origin, name) for origin in ORIGINS for name in ("Origin", "oRiGiN")]
    assert set(await asyncio.gather(*(status(*each) for each in asked))) == {403}


@pytest.mark.parametrize(
    ("request_line", "lines"),
    [
        ("GET /health", []),
        ("GET /health", ["Host: 127.0.0.1:{port}", "Host: 127.0.0.1:{port}"]),
        ("GET /health", ["Host: 127.0.0.1:{port}", "Host: evil.example"]),
        ("GET /health", ["Host: evil.example", "Host: 127.0.0.1:{port}"]),
        ("GET /health", ["Host : 127.0.0.1:{port}"]),
        ("GET /health", [" Host: 127.0.0.1:{port}"]),
        ("GET /health", ["X: y", " folded: z", "Host: evil.example"]),
        ("GET http://127.0.0.1:{port}/health", ["Host: 127.0.0.1:{port}"]),
        ("GET http://evil.example/health", ["Host: 127.0.0.1:{port}"]),
        ("GET http://127.0.0.1:{port}/health", ["Host: evil.example"]),
        ("GET https://127.0.0.1/health", ["Host: 127.0.0.1:{port}"]),
        ("GET health", ["Host: 127.0.0.1:{port}"]),
        ("GET //evil.example/health", ["Host: 127.0.0.1:{port}"]),
        ("GET /health?x=1", ["Host: 127.0.0.1:{port}"]),
        ("GET /HEALTH", ["Host: 127.0.0.1:{port}"]),
        ("GET /a/../health", ["Host: 127.0.0.1:{port}"]),
        ("GET /%68ealth", ["Host: 127.0.0.1:{port}"]),
        ("OPTIONS *", ["Host: 127.0.0.1:{port}"]),
        ("CONNECT 127.0.0.1:{port}", ["Host: 127.0.0.1:{port}"]),
        ("CONNECT evil.example:443", ["Host: evil.example:443"]),
        ("TRACE /health", ["Host: 127.0.0.1:{port}"]),
        ("GET /health", ["Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]),
        ("GET /health", ["Host: 127.0.0.1:{port}", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings"]),
        ("GET /health", ["Host: 127.0.0.1:{port}", "Expect: 100-continue"]),
        ("GET /health", ["Host: 127.0.0.1:{port}", "Content-Length: 1", "Transfer-Encoding: chunked"]),
        ("GET /health", ["Host: 127.0.0.1:{port}", "Content-Length: 1", "Content-Length: 2"]),
        ("GET /health", ["Host: 127.0.0.1:{port}", "X: " + "x" * 9000]),
    ],
)
async def test_a_request_that_may_mean_two_things_is_refused(team: Team, request_line: str, lines: list[str]) -> None:
    method, _, target = _filled(request_line, team).partition(" ")
    refused = await team.raw(head(method, target, *(_filled(line, team) for line in lines)))
    assert 400 <= refused.status < 500
    assert set(refused.json()["error"]) == {"message", "type", "code"}


@pytest.mark.parametrize(
    "raw",
    [
        b"\0" * 40 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 4,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"smt_secret\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_answered_in_our_words_and_not_repeated(
    team: Team, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    refused = await team.raw(raw)
    assert refused.status == 400
    assert refused.json()["error"]["code"] in ("bad_request", "bad_host")
    assert b"smt_secret" not in refused.body
    assert "smt_secret" not in caplog.text


async def test_an_older_version_is_refused(team: Team) -> None:
    assert (await team.raw(head("GET", "/health", f"Host: 127.0.0.1:{team.port}", version="HTTP/1.0"))).status == 505


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_our_own_names_are_let_in(team: Team, host: str) -> None:
    alive = await team.raw(head("GET", "/health", f"Host: {host}:{team.port}"))
    assert (alive.status, alive.json()) == (200, {"status": "ok"})


async def test_a_broker_on_ipv6_is_asked_by_its_bracketed_address(provider: ProviderStarted, tmp_path: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6 here")
    options = BrokerOptions(members=tmp_path / "members.json", audit=tmp_path / "team" / "audit.jsonl", host="::1")
    async with serving(options, config(provider.base_url), {KEY_ENV: provider.api_key}) as started:
        port = int(started.url.rpartition(":")[2])
        hosts = [
            "[::1]",
            "localhost",
            "::1",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::1%lo]",
            "127.0.0.1",
            "[::ffff:127.0.0.1]",
        ]
        answers = [await exchange("::1", port, head("GET", "/health", f"Host: {host}:{port}")) for host in hosts]
    assert [each.status for each in answers[:2]] == [200, 200]
    assert {each.status for each in answers[2:]} <= {400, 421}


@pytest.mark.parametrize(
    ("target", "method", "status"),
    [
        ("/", "GET", 404),
        ("/nowhere", "POST", 404),
        (SESSION, "GET", 405),
        (SESSION, "OPTIONS", 405),
        ("/health", "POST", 405),
    ],
)
async def test_what_is_not_here_is_said_in_the_same_shape(team: Team, target: str, method: str, status: int) -> None:
    refused = await team.raw(head(method, target, f"Host: 127.0.0.1:{team.port}"))
    assert refused.status == status
    assert refused.json()["error"]["type"] == "invalid_request_error"


async def test_no_response_is_stored_and_none_names_a_version(team: Team) -> None:
    token = team.join("ada")
    ours = f"Host: 127.0.0.1:{team.port}"
    asked = [
        team.ask(token),
        team.ask("smt_wrong"),
        team.ask(token, Origin="null"),
        team.raw(head("GET", "/health", ours)),
        team.raw(head("GET", "/nowhere", ours)),
        team.raw(b"nonsense\r\n\r\n"),
    ]
    for each in await asyncio.gather(*asked):
        assert each.headers["cache-control"] == "no-store"
        assert each.headers["content-type"].startswith("application/json")
        assert each.headers["connection"] == "close"
        assert "server" not in each.headers


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", ""],
)
async def test_a_body_that_a_web_form_can_send_is_refused(team: Team, content_type: str) -> None:
    assert (await team.ask(team.join("ada"), Content_Type=content_type)).status == 415


async def test_a_compressed_body_is_refused(team: Team) -> None:
    assert (await team.ask(team.join("ada"), Content_Encoding="gzip")).status == 415


async def test_the_hosts_of_a_public_broker_are_its_address_and_its_names() -> None:
    ours = authorities("192.0.2.1", 443, ["Broker.Example.org", "outside.example.org:8443"], tls=True)
    assert ours == {
        b"192.0.2.1:443", b"192.0.2.1", b"broker.example.org:443", b"broker.example.org", b"outside.example.org:8443",
    }  # fmt: skip
    assert b"localhost:443" not in ours


@pytest.mark.parametrize(
    "name", ["", "a b", "http://a", "a/b", "a:0", "a:99999", "a:b", "-a", "a..b", "[::g]", "ü.example"]
)
def test_what_is_no_name_of_a_host_is_said(name: str) -> None:
    with pytest.raises(ConfigError):
        authorities("127.0.0.1", 8790, [name], tls=False)


def test_a_broker_on_every_address_needs_a_name() -> None:
    with pytest.raises(ConfigError, match="--name"):
        authorities("0.0.0.0", 8790, [], tls=True)
