"""Bad input and bad luck on the way: one clear line, soon, and the next road where that makes sense."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from sentra_tui.domain import changes as c
from sentra_tui.domain.state import Connection, Stream
from sentra_tui.provider.faults import Plan, parse_plan
from sentra_tui.services.key_origins import key_env_for
from tests.engine.process import EngineProcess
from tests.engine.roads.conversation import providing
from tests.services.transport.authority import Authority

ALONE = ("--mic=none", "--speaker=none")
SOON_S = 10.0
"""Five seconds for the line itself, and as long again for a busy machine to start."""


def plan(**parts: Any) -> Plan:
    return parse_plan(json.dumps(parts))


def told(stream: Stream) -> bool:
    return bool(stream.cause) or stream.connection is Connection.LIVE


async def mic(engine: EngineProcess) -> Stream:
    """Return the microphone's stream once it stands or it is told why it does not."""
    state = await engine.until(lambda state: state.stream("mic") and told(state.streams[0]), 20)
    return state.streams[0]


PAGE = {"web_page": True}
DETOURS = {
    "no WebRTC at the server": ({"without": ["webrtc"]}, "websocket", "webrtc: the server does not offer it"),
    "offers fail": ({"calls": [{"status": 500}]}, "websocket", "webrtc: server error"),
    "offers are too large": ({"calls": [{"status": 413}]}, "websocket", "webrtc:"),
    "offers do not fit": ({"calls": [{"status": 422}]}, "websocket", "webrtc:"),
    "no realtime at the server": ({"without": ["webrtc", "websocket", "client_secrets"]}, "http", "webrtc:"),
    "sockets fail as well": (
        {"calls": [{"status": 503}], "sockets": [{"status": 502}]}, "http", "webrtc: server error",
    ),
    "the realtime model is refused": (
        {"calls": [{"status": 404, "code": "model_not_found", "message": "No such model."}]},
        "http", "webrtc: the model was refused",
    ),
    "a socket that opens and never speaks": (
        {"without": ["webrtc"], "sessions": [{"carrier": "websocket", "freeze_after_s": 0}]}, "http", "webrtc:",
    ),
    "a socket that says something else": (
        {"without": ["webrtc"], "sessions": [{"carrier": "websocket", "greeting": {"text": "{\"type\": \"err"}}]},
        "http", "webrtc:",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("faults", "road", "why"), DETOURS.values(), ids=DETOURS)
async def test_the_next_road_is_taken_and_the_cause_is_told(
    faults: dict[str, Any], road: str, why: str, tmp_path: Path
) -> None:
    async with providing(tmp_path, plan(**faults)) as provider:
        engine = await provider.engine(*ALONE, config="[deadlines]\ngreeting_s = 1.0")
        stream = await mic(engine)
        assert (stream.connection, stream.transport, stream.cause) == (Connection.LIVE, road, "")
        assert stream.detour.startswith(why)
        assert await engine.stop() == 0


ENDS = {
    "a captive portal": ({"client_secrets": [PAGE], "calls": [PAGE]}, "web page", Connection.RECONNECTING),
    "too many requests": (
        {"client_secrets": [{"status": 429, "retry_after_s": 30}]}, "fewer requests", Connection.RECONNECTING,
    ),
    "no credit": (
        {"client_secrets": [{"status": 429, "code": "insufficient_quota"}]}, "no credit", Connection.FAILED,
    ),
    "the key may not do this": ({"client_secrets": [{"status": 403}]}, "does not allow", Connection.FAILED),
}  # fmt: skip


@pytest.mark.row(28)
@pytest.mark.parametrize(("faults", "said", "connection"), ENDS.values(), ids=ENDS)
async def test_what_stands_in_the_way_of_every_road_ends_the_dial_in_one_line(
    faults: dict[str, Any], said: str, connection: Connection, tmp_path: Path
) -> None:
    async with providing(tmp_path, plan(**faults)) as provider:
        engine = await provider.engine(*ALONE)
        stream = await mic(engine)
        assert stream.connection is connection
        assert said in stream.cause
        assert "\n" not in stream.cause
        tried = [row.text for row in engine.state.log if row.text.startswith("dials by")]
        assert tried == ["dials by webrtc"]
        assert await engine.stop() == 0


async def engine_at(tmp_path: Path, base_url: str, profile: str = "") -> EngineProcess:
    path = tmp_path / "config.toml"
    path.write_text(f'[providers.remote]\nbase_url = "{base_url}"\nkey_env = "REMOTE_KEY"\n{profile}')
    return await EngineProcess.start(
        tmp_path,
        f"--config={path}",
        "--provider=remote",
        *ALONE,
        env={"REMOTE_KEY": "sk-canary-of-bad-roads"},
        transport=None,
    )


@asynccontextmanager
async def answering(handler: Any, tls: Any = None) -> AsyncIterator[int]:
    """Serve every path with `handler`; give the port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_nobody_listens_there(tmp_path: Path) -> None:
    engine = await engine_at(tmp_path, "http://127.0.0.1:1/v1")
    stream = await mic(engine)
    assert stream.cause == "127.0.0.1 refused the connection."
    assert stream.connection is Connection.RECONNECTING
    await engine.stop()


@pytest.mark.row(28)
async def test_a_host_that_does_not_exist(tmp_path: Path) -> None:
    engine = await engine_at(tmp_path, "https://nowhere.invalid/v1")
    stream = await mic(engine)
    assert "nowhere.invalid" in stream.cause
    assert stream.hint
    await engine.stop()


@pytest.mark.row(28)
async def test_a_certificate_that_is_not_trusted_is_told_and_a_private_authority_helps(tmp_path: Path) -> None:
    async def no_such_path(request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "no"}}, status=404)

    authority = Authority(tmp_path)
    async with answering(no_such_path, authority.server_context("localhost")) as port:
        engine = await engine_at(tmp_path, f"https://localhost:{port}/v1")
        stream = await mic(engine)
        assert "is not trusted" in stream.cause
        assert "ca_file" in stream.hint
        await engine.stop()
        engine = await engine_at(tmp_path, f"https://localhost:{port}/v1", f'ca_file = "{authority.ca_file}"')
        stream = await mic(engine)
        assert "trusted" not in stream.cause
        assert "does not offer" in stream.cause
        await engine.stop()


async def test_a_server_that_takes_every_request_and_answers_none_is_told_in_seconds(tmp_path: Path) -> None:
    enough = asyncio.Event()

    async def silence(request: web.Request) -> web.Response:
        await enough.wait()
        return web.Response()

    async with answering(silence) as port:
        began = time.monotonic()
        engine = await engine_at(tmp_path, f"http://127.0.0.1:{port}/v1", 'transport = "webrtc"')
        stream = await mic(engine)
        assert time.monotonic() - began < SOON_S
        assert stream.connection is Connection.RECONNECTING
        assert "127.0.0.1" in stream.cause
        await engine.stop()
        enough.set()


@pytest.mark.row(28)
async def test_dials_that_fail_at_once_do_not_become_a_storm(tmp_path: Path) -> None:
    requests: list[str] = []

    async def broken(request: web.Request) -> web.Response:
        requests.append(request.path)
        return web.Response(status=500, text="no")

    async with answering(broken) as port:
        engine = await engine_at(tmp_path, f"http://127.0.0.1:{port}/v1")
        await engine.until(lambda state: state.stream("mic") and state.streams[0].attempt >= 4, 40)
        await engine.stop()
    assert len(requests) <= 4 * 4, requests
    assert "sk-canary-of-bad-roads" not in engine.log.read_text()


async def test_the_provider_may_be_a_url_that_is_asked_what_it_speaks(tmp_path: Path) -> None:
    async with providing(tmp_path, Plan(dialects=["beta"])) as provider:
        url = provider.started.base_url
        keys = {key_env_for(url): provider.started.api_key}
        engine = await EngineProcess.start(tmp_path, f"--provider={url}", *ALONE, env=keys, transport=None)
        state = await engine.until_live("mic")
        assert "beta dialect" in state.engine.provider_note
        assert await engine.stop() == 0
        engine = await EngineProcess.start(tmp_path, f"--provider={url}", *ALONE)
        assert await asyncio.wait_for(engine.process.wait(), 20) == 2
        await engine.stop()
        assert key_env_for(url) in engine.told(c.EngineLost)[0].cause
