import json
import traceback
from typing import Any

import httpx
import pytest

from sentra_tui.domain.errors import CredentialRefused, TransportLost, TransportRefused
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.provider_config import OfferForm
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import ClientSecret, Secret
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.minted import minted
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.tokens import ApiKeyTokens
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


NOON = "Fri, 15 Jan 2027 08:00:00 GMT"
NOON_S = 1_800_000_000


@pytest.mark.parametrize(
    ("body", "lifetime_s"),
    [
        ({"value": MINTED, "expires_at": NOON_S + 60}, 59.0),
        ({"value": MINTED, "expires_at": NOON_S - 60}, 0.0),
        ({"ephemeral_key": MINTED, "expires_at": "2027-01-15T08:01:00Z"}, 59.0),
        ({"ephemeral_key": MINTED, "expires_at": "2027-01-15T09:00:50+01:00"}, 49.0),
        ({"client_secret": {"value": MINTED, "expires_at": NOON_S + 31}}, 30.0),
        ({"client_secret": MINTED}, 0.0),
        ({"value": MINTED, "expires_at": "soon"}, 0.0),
        ({"value": MINTED, "expires_at": 1e300}, 0.0),
        ({"value": MINTED, "expires_at": True}, 0.0),
        ({"value": MINTED, "expires_at": [1]}, 0.0),
    ],
)
def test_a_secret_lives_as_long_as_the_servers_own_clock_says(body: dict[str, Any], lifetime_s: float) -> None:
    reply = Reply(200, httpx.Headers({"date": NOON}), json.dumps(body).encode())
    credential = minted(reply, Endpoint("https://api.example/v1"))
    assert (credential.secret.reveal(), credential.lifetime_s) == (MINTED, lifetime_s)


@pytest.mark.parametrize("headers", [{}, {"date": "noon"}, {"date": ""}])
def test_a_server_that_does_not_tell_the_time_gives_secrets_for_one_call(headers: dict[str, str]) -> None:
    body = json.dumps({"value": MINTED, "expires_at": NOON_S + 60}).encode()
    assert minted(Reply(200, httpx.Headers(headers), body), Endpoint("https://api.example/v1")).lifetime_s == 0.0


async def test_a_server_that_mints_none_is_asked_once(peer: Peer) -> None:
    tokens = ApiKeyTokens(peer.client, key)
    assert [(await tokens.mint(SESSION)).session for _ in range(3)] == [SESSION] * 3
    assert len(peer.asked) == 1


@pytest.mark.parametrize("offer", ["multipart", "json_sdp", "beta_query"])
async def test_an_offer_that_carries_the_key_needs_no_secret(peer: Peer, offer: OfferForm) -> None:
    credential = await ApiKeyTokens(peer.client, key, offer=offer, dialect="beta").mint(SESSION)
    assert (credential.secret.reveal(), credential.session, credential.lifetime_s) == (KEY, SESSION, None)
    assert peer.asked == []


@pytest.mark.parametrize("offer", ["sdp", "auto"])
async def test_a_server_without_secrets_is_not_asked_for_one(peer: Peer, offer: OfferForm) -> None:
    credential = await ApiKeyTokens(peer.client, key, offer=offer, client_secrets=False).mint(SESSION)
    assert (credential.secret.reveal(), credential.session) == (KEY, SESSION)
    assert peer.asked == []


@pytest.mark.parametrize(
    ("session", "path"),
    [
        ({"model": "gpt-realtime", "voice": "alloy"}, "/realtime/sessions"),
        ({"input_audio_transcription": {"model": "whisper-1"}}, "/realtime/transcription_sessions"),
        ({"type": "transcription", "model": "x"}, "/realtime/transcription_sessions"),
        ({"type": "realtime"}, "/realtime/sessions"),
    ],
)
async def test_the_beta_makes_a_session_for_its_secret(peer: Peer, session: dict[str, Any], path: str) -> None:
    peer.answer(path, 200, json.dumps({"id": "sess_1", "client_secret": {"value": MINTED, "expires_at": 1}}))
    credential = await ApiKeyTokens(peer.client, key, dialect="beta").mint(session)
    assert (credential.secret.reveal(), credential.session, credential.session_id) == (MINTED, None, "")
    assert peer.bodies(path) == [{name: value for name, value in session.items() if name != "type"}]
    assert peer.asked[0].headers["OpenAI-Beta"] == "realtime=v1"


async def test_a_session_that_is_called_in_is_named(peer: Peer) -> None:
    peer.answer("/realtime/sessions", 200, json.dumps({"id": "sess_1", "client_secret": {"value": MINTED}}))
    credential = await ApiKeyTokens(peer.client, key, offer="session").mint({"model": "gpt-realtime"})
    assert (credential.secret.reveal(), credential.session_id) == (MINTED, "sess_1")


async def test_what_was_minted_is_known_from_a_key(peer: Peer) -> None:
    peer.answer(SECRETS, 200, json.dumps({"value": MINTED}))
    assert isinstance((await ApiKeyTokens(peer.client, key).mint(SESSION)).secret, ClientSecret)


async def test_a_web_page_in_place_of_a_secret_is_a_network_that_wants_a_login(peer: Peer) -> None:
    peer.answer(SECRETS, 200, "<!doctype html><title>Hotel</title>", Content_Type="text/html")
    with pytest.raises(TransportLost, match="A web page came instead") as caught:
        await ApiKeyTokens(peer.client, key).mint(SESSION)
    assert caught.value.reason is Reason.CAPTIVE_PORTAL
    assert "browser" in caught.value.hint


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ('{"token": "ek_hidden", "ttl": 5}', "its reply has the fields token, ttl"),
        ("{}", "its reply is empty"),
        ("[1]", "not a JSON object .200, application/json"),
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
