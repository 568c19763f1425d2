"""What a plan does to answers over HTTP: refusals that say when to come again, and bodies that cannot be read."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from sentra_tui.provider.faults import Plan, RequestFault, parse_plan
from sentra_tui.provider.server import ProviderStarted
from tests.provider.client import REALTIME, TRANSCRIPTION, mint, providing

SECRETS = "realtime/client_secrets"
CHAT = {"model": "sentra-local-text", "messages": [{"role": "user", "content": "Hello."}]}
PATHS: dict[str, dict[str, Any]] = {SECRETS: {"session": REALTIME}, "chat/completions": CHAT}


@asynccontextmanager
async def posting(started: ProviderStarted, path: str, key: str = "") -> AsyncIterator[aiohttp.ClientResponse]:
    headers = {"Authorization": f"Bearer {key or started.api_key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.post(f"{started.base_url}/{path}", json=PATHS.get(path, {})) as response,
    ):
        yield response


def planned(fault: dict[str, Any]) -> Plan:
    return parse_plan(json.dumps({"client_secrets": [fault], "text": [{"api": "chat", **fault}]}))


@pytest.mark.parametrize("path", PATHS)
async def test_half_a_body_is_no_json(path: str) -> None:
    async with providing(planned({"half_body": True})) as started, posting(started, path) as response:
        body = await response.read()
        assert len(body) == int(response.headers["Content-Length"])
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_may_not_be_utf8_also_that_of_a_refusal(path: str) -> None:
    async with providing(planned({"invalid_utf8": True, "status": 500})) as started, posting(started, path) as response:
        assert response.status == 500
        with pytest.raises(UnicodeDecodeError):
            (await response.read()).decode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", ["reset", "no_reply", "broken_off"])
async def test_a_connection_may_end_in_place_of_an_answer(path: str, fault: str) -> None:
    expected = {
        "reset": (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError),
        "no_reply": (aiohttp.ServerDisconnectedError,),
        "broken_off": (aiohttp.ClientPayloadError,),
    }
    async with providing(planned({fault: True, "numbers": [1]})) as started:
        with pytest.raises(expected[fault]):
            async with posting(started, path) as response:
                await response.read()
        async with posting(started, path) as response:
            assert response.status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_may_trickle(path: str) -> None:
    async with providing(planned({"slow_body_s": 0.4})) as started:
        began = time.monotonic()
        async with posting(started, path) as response:
            assert await response.json()
        assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    ("fault", "header", "value"),
    [
        ({"retry_after_s": 2.4}, "Retry-After", "3"),
        ({"retry_after_float_s": 1.5}, "Retry-After", "1.5"),
        ({"retry_after_ms": 700}, "retry-after-ms", "700"),
    ],
)
@pytest.mark.parametrize("path", [*PATHS, "realtime?model=sentra-local", "realtime/calls"])
async def test_when_to_come_again_is_told_in_every_form(
    path: str, fault: dict[str, Any], header: str, value: str
) -> None:
    refusal = {"status": 429, **fault}
    plan = {**{kind: [refusal] for kind in ("client_secrets", "calls", "sockets")}, "text": [refusal]}
    async with providing(parse_plan(json.dumps(plan))) as started:
        if path == "realtime?model=sentra-local":
            async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {started.api_key}"}) as http:
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await http.ws_connect(f"{started.base_url}/{path}")
                assert refused.value.headers is not None
                assert (refused.value.status, refused.value.headers[header]) == (429, value)
        elif path == "realtime/calls":
            headers = {"Authorization": f"Bearer {started.api_key}"}
            form = {"sdp": "v=0", "session": json.dumps(REALTIME)}
            with aiohttp.MultipartWriter("form-data") as parts:
                for name, content in form.items():
                    parts.append(content).set_content_disposition("form-data", name=name)
            async with (
                aiohttp.ClientSession(headers=headers) as http,
                http.post(f"{started.base_url}/{path}", data=parts) as response,
            ):
                assert (response.status, response.headers[header]) == (429, value)
        else:
            async with posting(started, path) as response:
                assert (response.status, response.headers[header]) == (429, value)


async def test_dates_and_expiry_are_told_by_a_clock_that_is_wrong() -> None:
    skew_s = 600.0
    plan = Plan(clock_skew_s=skew_s, client_secrets=[RequestFault(numbers=[2], status=429, retry_after_date=60)])
    async with providing(plan) as started:
        async with posting(started, SECRETS) as response:
            date_s = parsedate_to_datetime(response.headers["Date"]).timestamp()
            assert (await response.json())["expires_at"] == pytest.approx(date_s + 600, abs=2)
        assert date_s == pytest.approx(time.time() + skew_s, abs=5)
        async with posting(started, SECRETS) as response:
            again_s = parsedate_to_datetime(response.headers["Retry-After"]).timestamp()
            assert again_s == pytest.approx(time.time() + skew_s + 60, abs=5)


async def test_a_secret_may_live_shorter_than_was_asked_for_and_say_so_or_not() -> None:
    faults = [RequestFault(numbers=[1], ttl_s=1), RequestFault(numbers=[1], session="transcription", dies_after_s=0)]
    async with providing(Plan(client_secrets=faults)) as started:
        async with posting(started, SECRETS) as response:
            told = await response.json()
        assert told["expires_at"] <= time.time() + 1
        while time.time() < told["expires_at"]:
            await asyncio.sleep(0.05)
        dead = await mint(started, TRANSCRIPTION)
        for key in (told["value"], dead):
            async with posting(started, "realtime/calls", key) as response:
                assert (response.status, (await response.json())["error"]["code"]) == (401, "token_expired")
