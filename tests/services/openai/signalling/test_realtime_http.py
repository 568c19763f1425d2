import json
import logging
import traceback
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP

import pytest

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.reply import MAX_REPLY_BYTES
from sentra_tui.services.openai.signalling.realtime_http import RealtimeHttp
from tests.services.openai.peer import SDP, Peer

KEY = "sk-proj-0123456789abcdefKEY"
CLIENT_SECRET = Credential(Secret("ek_abcdef0123456789"))
API_KEY = Credential(Secret(KEY), {"type": "realtime", "model": "gpt-realtime-2.1"})
OFFER = "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\n"


def parts(content_type: str, body: bytes) -> dict[str, EmailMessage]:
    """Parse a form as the RFC says, not as the library that wrote it does."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    return {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}  # type: ignore[misc]


async def test_a_client_secret_sends_the_offer_as_it_is(peer: Peer) -> None:
    peer.answer("/realtime/calls", 201, SDP, Location="/v1/realtime/calls/rtc_42", Content_Type="application/sdp")
    answer = await RealtimeHttp(peer.client).offer(OFFER, CLIENT_SECRET)
    assert (answer.sdp, answer.call_id) == (SDP, "rtc_42")
    asked = peer.asked[0]
    assert (asked.method, asked.body.decode()) == ("POST", OFFER)
    assert asked.headers["Content-Type"] == "application/sdp"
    assert asked.headers["Authorization"] == "Bearer ek_abcdef0123456789"


async def test_an_api_key_sends_the_offer_and_the_session_as_a_form(peer: Peer) -> None:
    peer.answer("/realtime/calls", 201, SDP, Location="http://elsewhere.example/v1/realtime/calls/rtc_42?x=1")
    assert (await RealtimeHttp(peer.client).offer(OFFER, API_KEY)).call_id == "rtc_42"
    asked = peer.asked[0]
    form = parts(asked.headers["Content-Type"], asked.body)
    assert form.keys() == {"sdp", "session"}
    assert form["sdp"].get_content_type() == "application/sdp"
    assert form["sdp"].get_filename() is None
    assert form["sdp"].get_payload(decode=True) == OFFER.encode()
    assert form["session"].get_content_type() == "application/json"
    assert json.loads(form["session"].get_payload(decode=True)) == API_KEY.session  # type: ignore[arg-type]
    assert asked.headers["Authorization"] == f"Bearer {KEY}"


async def test_a_compatible_server_may_answer_200_and_name_no_call(peer: Peer) -> None:
    peer.answer("/realtime/calls", 200, SDP)
    assert (await RealtimeHttp(peer.client).offer(OFFER, CLIENT_SECRET)).call_id == ""


@pytest.mark.parametrize("location", ["/v1/realtime/calls/..", "//[", "/a/b c", "/x/" + "y" * 400, "/"])
async def test_a_call_name_that_could_not_be_hung_up_safely_is_no_name(peer: Peer, location: str) -> None:
    peer.answer("/realtime/calls", 201, SDP, Location=location)
    assert (await RealtimeHttp(peer.client).offer(OFFER, CLIENT_SECRET)).call_id == ""


async def test_hanging_up_names_the_call(peer: Peer) -> None:
    peer.answer("/realtime/calls/rtc_42/hangup", 200)
    await RealtimeHttp(peer.client).hang_up("rtc_42", CLIENT_SECRET)
    assert peer.asked[0].path == "/v1/realtime/calls/rtc_42/hangup"


@pytest.mark.parametrize("status", [404, 410])
async def test_hanging_up_a_call_that_is_gone_is_no_error(peer: Peer, status: int) -> None:
    peer.answer("/realtime/calls/rtc_42/hangup", status)
    await RealtimeHttp(peer.client).hang_up("rtc_42", CLIENT_SECRET)


@pytest.mark.parametrize("call_id", ["", "..", "a/b", "a?b"])
async def test_hanging_up_what_is_no_call_asks_nothing(peer: Peer, call_id: str) -> None:
    await RealtimeHttp(peer.client).hang_up(call_id, CLIENT_SECRET)
    assert peer.asked == []


async def test_a_web_page_is_taken_for_a_network_that_wants_a_login(peer: Peer) -> None:
    peer.answer("/realtime/calls", 200, "<!doctype html><title>Hotel</title>", Content_Type="text/html; charset=utf-8")
    with pytest.raises(TransportLost, match="A web page came instead of OpenAI's answer") as caught:
        await RealtimeHttp(peer.client).offer(OFFER, CLIENT_SECRET)
    assert "sign in" in caught.value.hint


@pytest.mark.parametrize("body", ["", "{}", "hello", b"\xff\xfe\x00", "0" * 1000])
async def test_an_answer_that_is_no_session_description_is_refused(peer: Peer, body: str | bytes) -> None:
    peer.answer("/realtime/calls", 201, body)
    with pytest.raises(TransportRefused, match="without a session description"):
        await RealtimeHttp(peer.client).offer(OFFER, CLIENT_SECRET)


async def test_an_endless_answer_is_refused(peer: Peer) -> None:
    peer.answer("/realtime/calls", 201, SDP + "a" * MAX_REPLY_BYTES)
    with pytest.raises(TransportRefused, match="too large"):
        await RealtimeHttp(peer.client).offer(OFFER, CLIENT_SECRET)


async def test_a_redirect_is_not_followed(peer: Peer) -> None:
    peer.answer("/realtime/calls", 307, "", Location=f"{peer.base_url}/stolen")
    with pytest.raises(TransportRefused, match="redirects to another address"):
        await RealtimeHttp(peer.client).offer(OFFER, CLIENT_SECRET)
    assert [asked.path for asked in peer.asked] == ["/v1/realtime/calls"]


async def test_a_refused_key_says_which_variable_to_set(peer: Peer) -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}.", "code": "invalid_api_key"}})
    peer.answer("/realtime/calls", 401, body)
    with pytest.raises(CredentialRefused) as caught:
        await RealtimeHttp(peer.client).offer(OFFER, API_KEY)
    assert str(caught.value) == "OpenAI refused the key (401). Set another key in OPENAI_API_KEY and press r."


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 503])
async def test_no_error_shows_the_key(peer: Peer, status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    peer.answer("/realtime/calls", status, json.dumps({"error": {"message": f"Bearer {KEY} and {KEY}, no\nfurther"}}))
    with pytest.raises(TransportError) as caught:
        await RealtimeHttp(peer.client).offer(OFFER, API_KEY)
    assert "\n" not in str(caught.value)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert KEY not in shown
    assert KEY not in caplog.text
    assert "Authorization" not in caplog.text
