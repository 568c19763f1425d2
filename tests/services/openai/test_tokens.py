import json
import traceback
from typing import Any

import pytest

from sentra_tui.domain.errors import CredentialRefused, TransportRefused
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.tokens import ApiKeyTokens, BrokerTokens
from tests.services.openai.peer import Peer

KEY = "sk-proj-0123456789abcdefKEY"
MINTED = "ek_abcdef0123456789"
SESSION: dict[str, Any] = {"type": "transcription", "audio": {"input": {}}}
SECRETS = "/realtime/client_secrets"


def key() -> Secret:
    return Secret(KEY)


async def test_a_client_secret_is_minted_for_a_minute_with_the_session(peer: Peer) -> None:
    peer.answer(SECRETS, 200, json.dumps({"value": MINTED, "expires_at": 1, "session": {}}))
    credential = await ApiKeyTokens(peer.client, key).mint(SESSION)
    assert credential.secret.reveal() == MINTED
    assert credential.session is None
    asked = peer.asked[0]
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert json.loads(asked.body) == {
        "expires_after": {"anchor": "created_at", "seconds": 60},
        "session": SESSION,
    }


@pytest.mark.parametrize("status", [404, 405])
async def test_a_server_that_mints_none_is_offered_the_key_and_the_session(peer: Peer, status: int) -> None:
    peer.answer(SECRETS, status)
    credential = await ApiKeyTokens(peer.client, key).mint(SESSION)
    assert (credential.secret.reveal(), credential.session) == (KEY, SESSION)


async def test_where_only_secrets_are_wanted_there_is_no_fallback(peer: Peer) -> None:
    with pytest.raises(TransportRefused):
        await ApiKeyTokens(peer.client, key, offer="sdp").mint(SESSION)


async def test_where_only_the_form_is_wanted_nothing_is_minted(peer: Peer) -> None:
    credential = await ApiKeyTokens(peer.client, key, offer="multipart").mint(SESSION)
    assert (credential.secret.reveal(), credential.session) == (KEY, SESSION)
    assert peer.asked == []


async def test_a_key_that_is_missing_is_missing_at_the_dial(peer: Peer) -> None:
    def missing() -> Secret:
        raise CredentialRefused("No API key.")

    with pytest.raises(CredentialRefused, match="No API key"):
        await ApiKeyTokens(peer.client, missing).mint(SESSION)


async def test_a_refused_key_is_a_refused_credential(peer: Peer) -> None:
    peer.answer(SECRETS, 401, json.dumps({"error": {"message": f"Incorrect API key: {KEY}"}}))
    with pytest.raises(CredentialRefused, match="OpenAI refused the key") as caught:
        await ApiKeyTokens(peer.client, key).mint(SESSION)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert KEY not in shown


@pytest.mark.parametrize(
    "body",
    [
        {"value": MINTED, "expires_at": 2_000_000_000},
        {"ephemeral_key": MINTED, "expires_at": "2030-01-01T00:00:00Z"},
        {"client_secret": {"value": MINTED, "expires_at": 2_000_000_000}},
        {"client_secret": MINTED},
    ],
)
async def test_a_broker_may_answer_in_any_of_the_known_forms(peer: Peer, body: dict[str, Any]) -> None:
    peer.answer("/token", 200, json.dumps(body))
    client = ApiClient(Endpoint(f"{peer.base_url}/token", label="The token broker"))
    try:
        credential = await BrokerTokens(client, lambda: Secret("member-token")).mint(SESSION)
    finally:
        await client.close()
    assert credential.secret.reveal() == MINTED
    assert json.loads(peer.asked[0].body) == {"session": SESSION}
    assert peer.asked[0].headers["Authorization"] == "Bearer member-token"


async def test_a_broker_that_wants_nothing_gets_no_header(peer: Peer) -> None:
    peer.answer("", 200, json.dumps({"value": MINTED}))
    await BrokerTokens(peer.client).mint(SESSION)
    assert "Authorization" not in peer.asked[0].headers


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ('{"token": "ek_hidden", "ttl": 5}', "its reply has the fields token, ttl"),
        ("{}", "its reply is empty"),
        ("[1]", "not a JSON object .200, application/json"),
        ("<html>", "not a JSON object .200, application/json"),
        ("[" * 100_000, "not a JSON object"),
        ('{"value": "ek_a\\r\\nX: y"}', "its reply has the fields value"),
        ('{"value": 5}', "its reply has the fields value"),
        ('{"client_secret": {"value": null}}', "its reply has the fields client_secret"),
    ],
)
async def test_a_reply_without_a_secret_says_what_came_instead(peer: Peer, body: str, seen: str) -> None:
    peer.answer(SECRETS, 200, body, Content_Type="application/json")
    with pytest.raises(TransportRefused, match=f"OpenAI gave no client secret: .*{seen}") as caught:
        await ApiKeyTokens(peer.client, key).mint(SESSION)
    assert "hidden" not in str(caught.value)


def test_a_credential_does_not_show_its_secret() -> None:
    assert KEY not in repr(Credential(Secret(KEY)))
