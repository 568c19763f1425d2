import asyncio
import json
from typing import Any

import pytest

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai import client as client_module
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import broker
from sentra_tui.services.openai.tokens import BrokerTokens
from tests.services.openai.peer import Peer

MINTED = "ek_abcdef0123456789"
SESSION: dict[str, Any] = {"type": "realtime", "model": "gpt-realtime", "audio": {"output": {"voice": "cedar"}}}
HEARING: dict[str, Any] = {"type": "transcription", "audio": {"input": {}}}
OURS = {
    "session_id": "sess_1",
    "ephemeral_key": MINTED,
    "expires_at": "2030-01-01T00:00:00Z",
    "model": "gpt-realtime-2.1",
    "voice": "marin",
    "instructions": "Be brief.",
    "turn_detection": None,
}


async def mint(peer: Peer, session: dict[str, Any] = SESSION, times: int = 1) -> Any:
    tokens = BrokerTokens(peer.client, lambda: Secret("member-token"))
    for _ in range(times):
        credential = await tokens.mint(session)
    assert credential.secret.reveal() == MINTED
    return credential


async def test_our_broker_is_told_what_the_session_is_for_and_says_which_it_chose(peer: Peer) -> None:
    peer.answer("", 200, json.dumps(OURS))
    credential = await mint(peer, times=2)
    assert peer.bodies("") == [{"type": "realtime", "voice": "cedar"}] * 2
    assert peer.asked[0].headers["Authorization"] == "Bearer member-token"
    assert (credential.session, credential.session_id) == (None, "")
    assert credential.agreed == {
        "type": "realtime",
        "model": "gpt-realtime-2.1",
        "instructions": "Be brief.",
        "audio": {"output": {"voice": "marin"}, "input": {"turn_detection": None}},
    }


async def test_a_session_that_only_hears_has_no_voice(peer: Peer) -> None:
    peer.answer("", 200, json.dumps({"ephemeral_key": MINTED, "model": "gpt-transcribe", "voice": None}))
    credential = await mint(peer, HEARING)
    assert peer.bodies("") == [{"type": "transcription"}]
    assert credential.agreed == {
        "type": "transcription",
        "audio": {"input": {"transcription": {"model": "gpt-transcribe"}}},
    }


async def test_a_broker_may_describe_the_whole_session(peer: Peer) -> None:
    peer.answer("", 200, json.dumps({**OURS, "session": {"type": "realtime", "tools": []}}))
    assert (await mint(peer)).agreed == {"type": "realtime", "tools": []}


async def test_a_broker_that_wants_nothing_gets_no_header(peer: Peer) -> None:
    peer.answer("", 200, json.dumps(OURS))
    await BrokerTokens(peer.client).mint(SESSION)
    assert "Authorization" not in peer.asked[0].headers


async def test_a_voice_that_is_not_allowed_is_for_the_broker_to_choose(peer: Peer) -> None:
    peer.answer("", 403, json.dumps({"error": {"message": "These are: marin.", "code": "voice_not_allowed"}}))
    peer.then("", 200, json.dumps(OURS))
    assert (await mint(peer, times=2)).agreed["audio"]["output"] == {"voice": "marin"}
    assert peer.bodies("") == [{"type": "realtime", "voice": "cedar"}, {"type": "realtime"}, {"type": "realtime"}]


@pytest.mark.parametrize("status", [400, 422, 500])
async def test_a_service_that_does_not_understand_is_sent_the_session_from_then_on(peer: Peer, status: int) -> None:
    peer.answer("", status)
    peer.then("", 200, json.dumps({"value": MINTED}))
    credential = await mint(peer, times=2)
    assert peer.bodies("")[1:] == [{"session": SESSION}] * 2
    assert credential.agreed is None


@pytest.mark.parametrize("body", [{"value": MINTED}, {"client_secret": {"value": MINTED}}, {"client_secret": MINTED}])
async def test_a_service_that_speaks_as_openai_does_did_not_hear_the_session_yet(
    peer: Peer, body: dict[str, Any]
) -> None:
    peer.answer("", 200, json.dumps(body))
    await mint(peer, times=2)
    assert peer.bodies("") == [{"type": "realtime", "voice": "cedar"}, {"session": SESSION}, {"session": SESSION}]


async def test_a_broker_that_was_understood_once_is_not_asked_in_another_way(peer: Peer) -> None:
    peer.answer("", 200, json.dumps(OURS))
    peer.then("", 422, json.dumps({"error": {"message": "No such voice."}}))
    tokens = BrokerTokens(peer.client)
    await tokens.mint(SESSION)
    with pytest.raises(TransportRefused, match="No such voice"):
        await tokens.mint(SESSION)
    assert len(peer.asked) == 2


@pytest.mark.parametrize(("status", "kind"), [(401, CredentialRefused), (429, TransportLost), (502, TransportLost)])
async def test_a_broker_that_refuses_is_asked_once(peer: Peer, status: int, kind: type[Exception]) -> None:
    peer.answer("", status)
    with pytest.raises(kind):
        await BrokerTokens(peer.client).mint(SESSION)
    assert len(peer.asked) == 1


@pytest.mark.parametrize(("status", "body"), [(404, "{}"), (302, ""), (200, "<html>")])
async def test_a_wrong_address_of_a_broker_is_not_blamed_on_the_provider(peer: Peer, status: int, body: str) -> None:
    peer.answer("", status, body)
    client = ApiClient(broker(ProviderProfile(broker_url=peer.base_url)))
    try:
        with pytest.raises(TransportError, match="broker_url"):
            await BrokerTokens(client).mint(SESSION)
    finally:
        await client.close()


@pytest.mark.row(19)
async def test_a_broker_that_is_not_there_is_named() -> None:
    client = ApiClient(broker(ProviderProfile(broker_url="http://127.0.0.1:1/v1")))
    with pytest.raises(TransportLost, match=r"The token broker cannot be asked: 127\.0\.0\.1 refused the connection"):
        await BrokerTokens(client).mint(SESSION)
    await client.close()


@pytest.mark.row(19)
async def test_a_broker_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "DEADLINE_S", 0.1)
    over = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = ApiClient(broker(ProviderProfile(broker_url=f"http://127.0.0.1:{port}/v1")))
    with pytest.raises(TransportLost, match=r"The token broker cannot be asked: .* took too long"):
        await BrokerTokens(client).mint(SESSION)
    over.set()
    await client.close()
    server.close()
    await server.wait_closed()
