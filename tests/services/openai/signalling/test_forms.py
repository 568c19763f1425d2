from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from sentra_tui.domain.errors import TransportError, TransportLost, TransportRefused
from sentra_tui.domain.ports import Credential, TricklingSignalling
from sentra_tui.domain.provider_config import HangUp, OfferForm, ProviderProfile, shipped_providers
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import ClientSecret, Secret
from sentra_tui.services.openai.signalling.choice import signalling
from tests.services.openai.peer import SDP, Peer

OFFER = "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\n"
MINTED = Credential(ClientSecret("ek_abcdef0123456789"))
KEYED = Credential(Secret("sk-key"), {"type": "realtime", "model": "small"})
TRANSCRIBING = Credential(
    Secret("sk-key"), {"type": "transcription", "audio": {"input": {"transcription": {"model": "ears"}}}}
)
FLAT = Credential(Secret("sk-key"), {"input_audio_transcription": {"model": "ears"}})
IN_SESSION = Credential(ClientSecret("ek_1"), session_id="sess_1")


def profile(offer: OfferForm, hang_up: HangUp = "post") -> ProviderProfile:
    return ProviderProfile(offer=offer, hang_up=hang_up, model="big")


async def test_the_bare_form_needs_no_client_secret(peer: Peer) -> None:
    peer.answer("/realtime/calls", 201, SDP, Location="/v1/realtime/calls/rtc_7")
    answer = await signalling(profile("sdp"), peer.client).offer(OFFER, KEYED)
    assert (answer.sdp, answer.call_id) == (SDP, "rtc_7")
    assert peer.asked[0].body.decode() == OFFER


async def test_a_form_names_the_model_where_a_secret_carries_the_session(peer: Peer) -> None:
    peer.answer("/realtime/calls", 201, SDP)
    await signalling(profile("multipart"), peer.client).offer(OFFER, MINTED)
    assert b'"model": "big"' in peer.asked[0].body


@pytest.mark.parametrize(("credential", "model"), [(MINTED, "big"), (KEYED, "small"), (TRANSCRIBING, "big")])
async def test_json_carries_the_offer_and_the_model(peer: Peer, credential: Credential, model: str) -> None:
    peer.answer("/realtime/calls", 201, json.dumps({"sdp": SDP, "session_id": "sess_9"}))
    answer = await signalling(profile("json_sdp"), peer.client).offer(OFFER, credential)
    assert (answer.sdp, answer.call_id) == (SDP, "sess_9")
    assert peer.asked[0].json() == {"sdp": OFFER, "model": model}


@pytest.mark.parametrize(
    ("credential", "query"),
    [
        (MINTED, {"model": "big"}),
        (KEYED, {"model": "small"}),
        (TRANSCRIBING, {"model": "ears", "intent": "transcription"}),
        (FLAT, {"model": "ears", "intent": "transcription"}),
    ],
)
@pytest.mark.parametrize("status", [200, 201])
async def test_the_beta_has_the_model_in_the_query(
    peer: Peer, credential: Credential, query: dict[str, str], status: int
) -> None:
    peer.answer("/realtime", status, SDP, Content_Type="text/plain; charset=utf-8")
    assert (await signalling(profile("beta_query"), peer.client).offer(OFFER, credential)).sdp == SDP
    asked = peer.asked[0]
    assert (asked.method, asked.query, asked.body.decode()) == ("POST", query, OFFER)
    assert asked.headers["Content-Type"] == "application/sdp"


@pytest.mark.parametrize(
    ("how", "asked"),
    [
        ("post", [("POST", "/v1/realtime/calls/rtc_1/hangup")]),
        ("delete", [("DELETE", "/v1/realtime/calls/rtc_1")]),
        ("none", []),
    ],
)
@pytest.mark.parametrize("offer", ["auto", "session"])
async def test_a_call_is_ended_as_the_profile_says(
    peer: Peer, offer: OfferForm, how: HangUp, asked: list[tuple[str, str]]
) -> None:
    await signalling(profile(offer, how), peer.client).hang_up("rtc_1", MINTED)
    assert [(each.method, each.path) for each in peer.asked] == asked


def test_every_shipped_profile_has_its_form_and_one_form_trickles(peer: Peer) -> None:
    for shipped in shipped_providers().values():
        assert not isinstance(signalling(shipped, peer.client), TricklingSignalling)
        assert isinstance(signalling(replace(shipped, offer="session"), peer.client), TricklingSignalling)


PATHS: dict[OfferForm, str] = {
    "auto": "/realtime/calls",
    "sdp": "/realtime/calls",
    "multipart": "/realtime/calls",
    "json_sdp": "/realtime/calls",
    "beta_query": "/realtime",
    "session": "/sessions/sess_1/webrtc/sdp-offer",
}


@pytest.mark.parametrize("offer", PATHS)
@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (404, "", TransportRefused, Reason.NOT_OFFERED),
        (405, "", TransportRefused, Reason.NOT_OFFERED),
        (415, "", TransportRefused, Reason.NOT_OFFERED),
        (404, '{"error":{"code":"model_not_found"}}', TransportRefused, Reason.MODEL_REFUSED),
        (400, '{"error":{"code":"model_not_found"}}', TransportRefused, Reason.MODEL_REFUSED),
        (500, "", TransportLost, Reason.SERVER_ERROR),
        (503, "", TransportLost, Reason.SERVER_ERROR),
        (429, "", TransportLost, Reason.TOO_MANY),
        (200, "<!doctype html><title>Hotel</title>", TransportLost, Reason.CAPTIVE_PORTAL),
        (201, "hello", TransportRefused, Reason.NOT_OFFERED),
        (201, '{"sdp": 5}', TransportRefused, Reason.NOT_OFFERED),
        (201, "[]", TransportRefused, Reason.NOT_OFFERED),
        (204, SDP, TransportRefused, Reason.NOT_OFFERED),
    ],
)
async def test_a_refusal_says_whether_another_road_may_do(
    peer: Peer, offer: OfferForm, status: int, body: str, kind: type[TransportError], reason: Reason
) -> None:
    peer.answer(PATHS[offer], status, body)
    peer.answer("/realtime" + PATHS[offer], status, body)
    with pytest.raises(kind) as caught:
        await signalling(profile(offer), peer.client).offer(OFFER, IN_SESSION)
    assert caught.value.reason is reason
