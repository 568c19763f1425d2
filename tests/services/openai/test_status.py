import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import redact, refusal, retry_after_s

NOON = 1_800_000_000.0
OPENAI = Endpoint("https://api.openai.com/v1", label="OpenAI", key_env="OPENAI_API_KEY")


def reply(status: int, error: object = None, **headers: str) -> Reply:
    body = b"" if error is None else json.dumps({"error": error}).encode()
    return Reply(status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), body)


def said(answer: Reply) -> TransportError:
    return refusal(answer, OPENAI, NOON)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, TransportRefused), (400, TransportRefused), (401, CredentialRefused), (403, CredentialRefused),
        (404, TransportRefused), (408, TransportLost), (409, TransportLost), (422, TransportRefused),
        (429, TransportLost), (500, TransportLost), (503, TransportLost), (529, TransportLost),
    ],
)  # fmt: skip
def test_a_status_says_whether_to_dial_again(status: int, kind: type[TransportError]) -> None:
    assert type(said(reply(status))) is kind


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (301, None, Reason.OTHER),
        (400, {"message": "Bad session."}, Reason.OTHER),
        (400, {"code": "model_not_found"}, Reason.MODEL_REFUSED),
        (400, {"param": "session.model", "message": "x"}, Reason.MODEL_REFUSED),
        (400, {"param": "session.audio.input.transcription.model", "message": "x"}, Reason.OTHER),
        (401, None, Reason.OTHER),
        (403, {"message": "No."}, Reason.OTHER),
        (403, {"message": "Project `p` does not have access to model `m`."}, Reason.MODEL_REFUSED),
        (404, None, Reason.NOT_OFFERED),
        (404, {"message": "Invalid URL (POST /v1/realtime/calls)"}, Reason.NOT_OFFERED),
        (404, {"message": "The model `x` does not exist"}, Reason.MODEL_REFUSED),
        (404, {"param": "model"}, Reason.MODEL_REFUSED),
        (405, None, Reason.NOT_OFFERED),
        (407, None, Reason.PROXY_LOGIN),
        (413, None, Reason.OTHER),
        (415, None, Reason.NOT_OFFERED),
        (422, {"param": "model"}, Reason.MODEL_REFUSED),
        (429, {"code": "rate_limit_exceeded"}, Reason.TOO_MANY),
        (500, None, Reason.SERVER_ERROR),
        (501, None, Reason.NOT_OFFERED),
        (503, {"message": "The model is overloaded."}, Reason.SERVER_ERROR),
        (511, None, Reason.CAPTIVE_PORTAL),
    ],
)
def test_a_refusal_says_whether_another_road_may_do(status: int, error: object, reason: Reason) -> None:
    refused = said(reply(status, error))
    assert refused.reason is reason
    assert "\n" not in str(refused)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (407, "The proxy on the way to api.openai.com wants a login (407)."),
        (413, "OpenAI says that this is too large (413)."),
        (415, "OpenAI does not take a request of this form (415)."),
        (422, "OpenAI does not understand the request (422)."),
        (501, "OpenAI cannot do this (501)."),
        (511, "A web page came instead of OpenAI's answer."),
    ],
)
def test_each_refusal_has_a_line_of_its_own(status: int, words: str) -> None:
    assert said(reply(status)).message == words


def test_the_providers_own_words_are_shown_on_one_line() -> None:
    error = said(reply(400, {"message": "Invalid value:\n\x1b[31m'x'.", "code": "invalid_value"}))
    assert error.message == "OpenAI refused the request (400): Invalid value: ␛[31m'x'."


@pytest.mark.parametrize(
    "body",
    [b'{"error": "no such model"}', b'{"message": "no such model"}', b'{"detail": "no such model"}',
     b'{"error": {"message": "no such model"}}'],
)  # fmt: skip
def test_other_servers_envelopes_are_read(body: bytes) -> None:
    error = said(Reply(404, httpx.Headers(), body))
    assert error.message == "OpenAI does not have the model, or not for this key (404): no such model."


def test_no_credit_is_not_dialled_again_but_too_many_requests_are() -> None:
    assert type(said(reply(429, {"code": "insufficient_quota", "message": "You exceeded"}))) is TransportRefused
    error = said(reply(429, {"code": "rate_limit_exceeded", "message": "Slow down"}, retry_after="7"))
    assert isinstance(error, TransportLost)
    assert error.retry_after_s == 7.0


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "1e12"}, 3600.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
    ],
)
def test_the_wait_a_server_asks_for_is_read_in_every_form(headers: dict[str, str], wait_s: float | None) -> None:
    assert retry_after_s(headers, NOON) == wait_s


@given(st.integers(300, 599), st.binary(max_size=60), st.dictionaries(st.sampled_from(["retry-after"]), st.text()))
def test_no_reply_is_too_odd(status: int, body: bytes, headers: dict[str, str]) -> None:
    error = refusal(
        Reply(status, httpx.Headers([(name.encode(), value.encode()) for name, value in headers.items()]), body),
        OPENAI,
        NOON,
    )
    assert isinstance(error, TransportError)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    "secret", ["sk-proj-Abc_123-xyz", "sk-1234", "ek_0123abcd", "ek_68a…beef", "sk-pr***********************z9A"]
)
def test_keys_are_struck_out(secret: str) -> None:
    assert redact(f"the key {secret} is wrong") == "the key … is wrong"
    assert redact("ask the desk-top: risk-free") == "ask the desk-top: risk-free"
