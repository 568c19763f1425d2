from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sentra_tui.broker.limits import Limits, TokenBucket
from sentra_tui.broker.refusal import Refusal
from sentra_tui.domain.broker_config import BrokerConfig
from sentra_tui.provider.faults import Plan, RequestFault
from sentra_tui.provider.server import ProviderOptions, ProviderStarted
from sentra_tui.provider.server import serving as provider_serving
from tests.broker.conftest import running_team
from tests.broker.team import SESSION, Answer, Team, answer, head, request_bytes

DROPPED_S = 9.0
"""Five seconds, and some for a busy machine."""


@asynccontextmanager
async def knocking(team: Team, said: bytes = b"") -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", team.port)
    writer.write(said)
    try:
        yield reader, writer
    finally:
        writer.close()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what comes before the connection ends; fail where it does not."""
    async with asyncio.timeout(DROPPED_S):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def test_the_sixth_request_at_once_is_told_when_to_come_back(team: Team) -> None:
    token, other = team.join("ada"), team.join("bob")
    answers = [await team.ask(token) for _ in range(6)]
    assert [each.status for each in answers] == [200] * 5 + [429]
    assert answers[5].json()["error"]["code"] == "rate_limited"
    assert 1 <= int(answers[5].headers["retry-after"]) <= 6
    assert (await team.ask(other)).status == 200


async def test_requests_that_do_not_fit_count_too(team: Team) -> None:
    token = team.join("ada")
    assert [(await team.ask(token, {"tools": []})).status for _ in range(6)] == [400] * 5 + [429]


async def test_all_members_together_have_a_limit(provider: ProviderStarted, tmp_path: Path) -> None:
    async with running_team(provider, tmp_path, "all_burst = 3\nall_per_minute = 1") as team:
        answers = [await team.ask(team.join(f"member-{number}")) for number in range(4)]
    assert [each.status for each in answers] == [200, 200, 200, 429]
    assert int(answers[3].headers["retry-after"]) > 10


async def test_only_so_many_requests_are_worked_on_at_once(tmp_path: Path) -> None:
    slow = Plan(client_secrets=[RequestFault(delay_s=1.0)])
    async with (
        provider_serving(ProviderOptions(plan=slow)) as provider,
        running_team(provider, tmp_path, "concurrency = 2") as team,
    ):
        tokens = [team.join(f"member-{number}") for number in range(5)]
        answers = await asyncio.gather(*(team.ask(token) for token in tokens))
    refused = [each for each in answers if each.status == 429]
    assert sorted(each.status for each in answers) == [200, 200, 429, 429, 429]
    assert {each.headers["retry-after"] for each in refused} == {"1"}


def test_a_bucket_fills_at_its_rate_and_no_higher() -> None:
    bucket = TokenBucket(per_minute=10, burst=5, now_s=0.0)
    for _ in range(5):
        assert bucket.wait_s(0.0) == 0
        bucket.take()
    assert bucket.wait_s(0.0) == pytest.approx(6.0)
    assert bucket.wait_s(5.9) == pytest.approx(0.1)
    assert bucket.wait_s(6.1) == 0
    for _ in range(5):
        assert bucket.wait_s(10_000.0) == 0
        bucket.take()
    assert bucket.wait_s(10_000.0) > 0


def test_a_request_that_comes_too_soon_costs_the_team_nothing() -> None:
    limits = Limits(BrokerConfig(member_burst=1, all_burst=2, all_per_minute=1), lambda: 0.0)
    limits.take("ada")
    for _ in range(5):
        with pytest.raises(Refusal):
            limits.take("ada")
    limits.take("bob")
    with pytest.raises(Refusal):
        limits.take("eve")


@pytest.mark.parametrize("size", [8193, 100_000, 10_000_000])
async def test_a_body_that_says_it_is_too_large_is_refused_unread(team: Team, size: int) -> None:
    lines = (
        f"Host: 127.0.0.1:{team.port}",
        f"Authorization: Bearer {team.join('ada')}",
        "Content-Type: application/json",
        f"Content-Length: {size}",
    )
    assert (await team.raw(head("POST", SESSION, *lines))).status == 413


async def test_a_body_of_unsaid_length_is_refused_unread(team: Team) -> None:
    lines = (
        f"Host: 127.0.0.1:{team.port}",
        f"Authorization: Bearer {team.join('ada')}",
        "Content-Type: application/json",
        "Transfer-Encoding: chunked",
    )
    assert (await team.raw(head("POST", SESSION, *lines), b"2\r\n{}\r\n0\r\n\r\n")).status == 411


async def test_a_refusal_is_heard_by_a_client_that_goes_on_writing(team: Team) -> None:
    lines = (f"Host: 127.0.0.1:{team.port}", "Content-Length: 2000000")
    async with knocking(team, head("POST", SESSION, *lines)) as (reader, writer):
        for _ in range(20):
            writer.write(b"x" * 50_000)
            await asyncio.sleep(0.005)
        assert answer(await ended(reader)).status == 413


@pytest.mark.parametrize("raw", [b"GET /" + b"x" * 9000, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 2000])
async def test_a_head_that_does_not_end_is_refused_at_8_kib(team: Team, raw: bytes) -> None:
    assert (await team.raw(raw)).status == 431


async def test_a_body_of_8_kib_is_read(team: Team) -> None:
    body = b'{"type": "realtime"' + b" " * (8192 - 20) + b"}"
    assert len(body) == 8192
    assert (await team.ask(team.join("ada"), body)).status == 200


async def test_slow_clients_are_dropped_whether_nothing_the_head_or_the_body_is_slow(team: Team) -> None:
    token = team.join("ada")
    whole = request_bytes(team.port, token, b" " * 500)
    silent, slow_head, slow_body = await asyncio.gather(
        _dripped(team, b"", b""), _dripped(team, b"", whole), _dripped(team, whole[:-500], whole[-500:])
    )
    assert (silent, slow_head, slow_body) == (b"", b"", b"")
    await audited(team, "unfinished")


async def test_a_client_that_leaves_gets_nothing_minted_in_its_name(tmp_path: Path) -> None:
    slow = Plan(client_secrets=[RequestFault(delay_s=2.0)])
    async with (
        provider_serving(ProviderOptions(plan=slow)) as provider,
        running_team(provider, tmp_path) as team,
    ):
        async with knocking(team, request_bytes(team.port, team.join("ada"), b"{}")):
            await asyncio.sleep(0.3)
        await audited(team, "client_gone")


async def audited(team: Team, outcome: str) -> None:
    async with asyncio.timeout(DROPPED_S):
        while [line["outcome"] for line in team.audit()] != [outcome]:
            await asyncio.sleep(0.05)


async def _dripped(team: Team, at_once: bytes, slowly: bytes) -> bytes:
    """Say `slowly` byte by byte; return what comes back before the connection ends."""
    async with knocking(team, at_once) as (reader, writer):
        dripping = asyncio.create_task(_drip(writer, slowly))
        try:
            return await ended(reader)
        finally:
            dripping.cancel()
            await asyncio.gather(dripping, return_exceptions=True)


async def _drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.1)


async def test_a_connection_is_for_one_request(team: Team) -> None:
    one = head("GET", "/health", f"Host: 127.0.0.1:{team.port}", "Connection: keep-alive")
    async with knocking(team, one * 3) as (reader, _):
        said = await ended(reader)
    assert said.count(b"HTTP/1.1") == 1
    assert answer(said).status == 200


async def test_a_thousand_idle_sockets_do_not_stop_a_good_client(team: Team) -> None:
    token = team.join("ada")
    async with asyncio.timeout(30):
        idle = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", team.port) for _ in range(1000)))
        try:
            served: Answer = await team.ask(token)
            began_s = time.monotonic()
            assert (await team.raw(head("GET", "/health", f"Host: 127.0.0.1:{team.port}"))).status == 200
            assert time.monotonic() - began_s < 5
        finally:
            for _, writer in idle:
                writer.close()
    assert served.status == 200
