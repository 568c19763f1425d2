import asyncio
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import ConfigError, TransportLost
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.probe.findings import Offered, ProviderFindings
from sentra_tui.services.openai.probe.greeting import Greeting, read_greeting
from sentra_tui.services.openai.probe.probe import probe
from tests.services.openai.probe.servers import GA_SESSION, KEY, SERVERS, Behaviour, said, serving

NOBODY = Secret("")


async def found(behaviour: Behaviour, key: str = "") -> ProviderFindings:
    async with serving(behaviour) as base_url:
        return await probe(base_url, Secret(key), deadline_s=20)


def has(findings: ProviderFindings) -> set[str]:
    return {name for name, finding in findings.rows() if finding}


TEXT = {"transcription", "chat completions", "speech"}


@pytest.mark.parametrize(
    ("name", "has_this", "offer", "dialect"),
    [
        ("openai", {*TEXT, "list of models", "client secrets", "WebRTC", "WebSocket", "responses"}, "auto", "ga"),
        ("speech-to-speech", {"WebRTC", "WebSocket"}, "sdp", "ga"),
        ("localai", {*TEXT, "list of models", "WebRTC", "WebSocket"}, "json_sdp", "ga"),
        ("speaches", {*TEXT, "list of models", "WebRTC", "WebSocket"}, "beta_query", "beta"),
        ("vllm", {"list of models", "WebSocket", "transcription", "chat completions", "responses"}, "auto", "vllm"),
        ("xai", {"list of models", "client secrets", "WebSocket", "chat completions", "responses"}, "auto", "ga"),
        ("text only", {"list of models", "chat completions"}, "auto", "ga"),
    ],
)
async def test_a_known_server_is_found_out(name: str, has_this: set[str], offer: str, dialect: str) -> None:
    behaviour = SERVERS[name]
    findings = await found(behaviour, behaviour.key)
    assert has(findings) == has_this
    assert (findings.offer, findings.dialect) == (offer, dialect)
    assert findings.models == behaviour.models
    assert not findings.wants_key
    assert all(finding.evidence and len(finding.evidence) <= 100 for _, finding in findings.rows())
    nothing = {Offered.YES, Offered.NO}
    assert {finding.offered for _, finding in findings.rows()} <= nothing


@pytest.mark.parametrize("key", ["", "sk-proj-another"])
async def test_a_server_that_wants_another_key_says_so(key: str) -> None:
    findings = await found(SERVERS["openai"], key)
    assert {finding.offered for _, finding in findings.rows()} == {Offered.KEY_REFUSED}
    assert findings.wants_key


async def test_a_key_that_is_refused_on_the_open_socket_is_known() -> None:
    refused = said("Incorrect API key.", code="invalid_api_key")
    findings = await found(Behaviour(greets=({"type": "error", **refused},)))
    assert findings.websocket.offered is Offered.KEY_REFUSED


async def test_an_error_on_the_open_socket_shows_that_there_is_one() -> None:
    error = {"type": "error", "error": {"code": "model_not_found", "message": f"No model for {KEY}"}}
    findings = await found(Behaviour(greets=(error,)))
    assert (findings.websocket.offered, findings.websocket.evidence) == (Offered.YES, "opened: No model for …")


async def test_a_server_that_answers_the_same_everywhere_says_nothing() -> None:
    findings = await found(Behaviour(everywhere=(400, said("Bad request."))))
    assert {findings.webrtc.offered, findings.chat.offered, findings.speech.offered} == {Offered.UNKNOWN}


@pytest.mark.parametrize(
    ("status", "body", "evidence"),
    [
        (200, "<!doctype html>", "200, a web page"),
        (302, {}, "302, redirects"),
        (500, said("Oops."), "500, Oops."),
    ],
)
async def test_what_is_no_answer_is_no_evidence(status: int, body: Any, evidence: str) -> None:
    findings = await found(Behaviour(posts={"/chat/completions": (status, body)}))
    assert (findings.chat.offered, findings.chat.evidence) == (Offered.UNKNOWN, evidence)


async def test_what_throttles_or_lacks_only_the_model_is_there() -> None:
    throttled, unknown = (429, said("Slow down.")), (404, said("The model does not exist.", code="model_not_found"))
    findings = await found(Behaviour(posts={"/chat/completions": throttled, "/audio/speech": unknown}))
    assert findings.chat
    assert findings.speech


async def test_only_the_first_fifty_models_are_kept() -> None:
    findings = await found(Behaviour(models=tuple(f"model-{number}\n\x1b" for number in range(80))))
    assert len(findings.models) == 50
    assert all(name.isprintable() for name in findings.models)


async def test_a_url_without_a_path_gets_the_usual_one() -> None:
    async with serving(SERVERS["text only"]) as base_url:
        findings = await probe(base_url.removesuffix("/v1") + "/", NOBODY)
        assert findings.base_url == base_url
        assert findings.chat


async def test_a_server_that_opens_and_never_speaks_costs_no_more_than_the_deadline() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    findings = await probe(f"http://127.0.0.1:{port}/v1", NOBODY, deadline_s=0.5)
    assert {finding.offered for _, finding in findings.rows()} == {Offered.UNKNOWN}
    assert findings.websocket.evidence == "no answer in time"
    server.close()
    await server.wait_closed()


async def test_where_nobody_listens_one_line_says_so() -> None:
    async with serving(Behaviour()) as base_url:
        pass
    with pytest.raises(TransportLost, match="refused the connection"):
        await probe(base_url, NOBODY)


@pytest.mark.parametrize("url", ["", "http://example.com/v1", "https://169.254.169.254/", "ftp://x"])
async def test_an_address_to_which_no_key_may_go_is_not_asked(url: str) -> None:
    with pytest.raises(ConfigError):
        await probe(url, Secret(KEY))


async def test_a_socket_that_redirects_is_not_followed() -> None:
    asked: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        place = f"ws://127.0.0.1:{port}/v1/stolen"
        writer.write(f"HTTP/1.1 307 Go\r\nLocation: {place}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    findings = await probe(f"http://127.0.0.1:{port}/v1", Secret(KEY), deadline_s=20)
    assert findings.websocket.evidence == "307, redirects"
    assert not [head for head in asked if "stolen" in head.partition("\r\n")[0]]
    server.close()
    await server.wait_closed()


async def test_no_log_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await found(SERVERS["openai"], KEY)
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("event", "dialect"),
    [
        ({"type": "session.created", "session": GA_SESSION}, "ga"),
        ({"type": "session.created", "session": {"id": "x"}}, "ga"),
        ({"type": "transcription_session.created", "session": {}}, "beta"),
        ({"type": "error", "error": {"code": "beta_api_shape_disabled"}}, "ga"),
        ({"type": "error", "error": "all slots are in use"}, "ga"),
    ],
)
def test_the_first_words_tell_the_dialect(event: dict[str, Any], dialect: str) -> None:
    heard = read_greeting(json.dumps(event))
    assert heard is not None
    assert heard.dialect == dialect
    assert heard.finding


@given(st.one_of(st.text(), st.binary(), st.recursive(st.none() | st.text(), st.lists).map(json.dumps)))
def test_any_first_words_are_borne(message: str | bytes) -> None:
    heard = read_greeting(message)
    assert heard is None or isinstance(heard, Greeting)
