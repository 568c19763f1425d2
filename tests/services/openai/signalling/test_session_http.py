from __future__ import annotations

import json

import pytest

from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.ports import Credential, IceCandidate
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import ClientSecret, Secret
from sentra_tui.services.openai.signalling.session_http import SessionHttp
from tests.services.openai.peer import SDP, Peer

OFFER = "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\n"
CREDENTIAL = Credential(ClientSecret("ek_of_the_session"), session_id="sess_1")
CANDIDATES = [
    IceCandidate("candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host", "0", 0),
    IceCandidate("candidate:2 1 udp 2130706431 192.0.2.1 5001 typ host", "1", 1),
]


@pytest.mark.parametrize("place", ["/sessions", "/realtime/sessions"])
@pytest.mark.parametrize("body", [json.dumps({"sdp": SDP}), SDP])
async def test_an_offer_and_candidates_are_posted_below_the_session(peer: Peer, place: str, body: str) -> None:
    peer.answer(f"{place}/sess_1/webrtc/sdp-offer", 200, body)
    peer.answer(f"{place}/sess_1/webrtc/ice-candidate", 200, "{}")
    calls = SessionHttp(peer.client)
    answer = await calls.offer(OFFER, CREDENTIAL)
    assert (answer.sdp, answer.call_id) == (SDP, "sess_1")
    await calls.candidates(answer.call_id, CANDIDATES, CREDENTIAL)
    assert peer.bodies(f"{place}/sess_1/webrtc/sdp-offer") == [{"sdp": OFFER, "modalities": ["audio", "text"]}]
    told = [each["candidate"] for each in peer.bodies(f"{place}/sess_1/webrtc/ice-candidate")]
    assert told[1] == {"candidate": CANDIDATES[1].candidate, "sdpMid": "1", "sdpMLineIndex": 1}
    assert len(told) == 2
    assert all(each.headers["OpenAI-Beta"] == "realtime=v1" for each in peer.asked)
    assert all(each.headers["Authorization"] == "Bearer ek_of_the_session" for each in peer.asked)


async def test_where_sessions_are_is_asked_once(peer: Peer) -> None:
    peer.answer("/realtime/sessions/sess_1/webrtc/sdp-offer", 200, SDP)
    calls = SessionHttp(peer.client)
    await calls.offer(OFFER, CREDENTIAL)
    await calls.offer(OFFER, CREDENTIAL)
    assert len(peer.asked) == 3


@pytest.mark.parametrize("name", ["", "..", "a/b", "a?b"])
async def test_without_a_session_nothing_is_asked(peer: Peer, name: str) -> None:
    with pytest.raises(TransportRefused) as caught:
        await SessionHttp(peer.client).offer(OFFER, Credential(Secret("sk-key"), session_id=name))
    assert caught.value.reason is Reason.NOT_OFFERED
    assert peer.asked == []


async def test_a_candidate_that_is_refused_ends_the_telling(peer: Peer) -> None:
    peer.answer("/sessions/sess_1/webrtc/ice-candidate", 422)
    with pytest.raises(TransportRefused):
        await SessionHttp(peer.client).candidates("sess_1", CANDIDATES, CREDENTIAL)
    assert len(peer.asked) == 1
