import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import (
    CredentialRefused,
    NotSupported,
    TransportError,
    TransportLost,
    TransportRefused,
)
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.main.text_status import MODEL_HINT, rejects, text_refusal
from sentra_tui.services.openai.reply import Reply

OPENAI = Endpoint("https://api.openai.com/v1", label="OpenAI", key_env="OPENAI_API_KEY")


def reply(status: int, body: object = None) -> Reply:
    return Reply(status, httpx.Headers(), json.dumps(body).encode() if body is not None else b"")


def error(code: str | None = None, param: str | None = None, message: str = "No.") -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


def said(answer: Reply, *, collection: bool = True) -> TransportError:
    return text_refusal(answer, OPENAI, collection=collection, needs="background conversation")


@pytest.mark.parametrize(
    "answer",
    [
        reply(404), reply(405), reply(501), reply(404, {"detail": "Not Found"}), reply(404, {"error": "not found"}),
        reply(404, error("unknown_url", message="Unknown request URL: POST /v1/responses.")),
        reply(400, error("unknown_parameter", "background", "Unknown parameter: 'background'.")),
        reply(400, error("unsupported_parameter", "conversation")),
        reply(422, error("unsupported_parameter", "conversation.id")),
        reply(400, error("unknown_parameter", None, "Unknown parameter: 'background'.")),
        reply(422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "background"], "msg": "Not permitted"}]}),
    ],
)  # fmt: skip
def test_a_server_without_the_api_is_asked_in_another_way(answer: Reply) -> None:
    assert type(said(answer)) is NotSupported


@pytest.mark.parametrize(
    "answer",
    [
        reply(404, error("model_not_found", message="The model `x` does not exist.")),
        reply(404, {"error": {"message": "model 'x' not found, try pulling it first", "type": "api_error"}}),
        reply(404, {"error": {"message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}}),
        reply(400, error("model_not_found", "model")),
        reply(400, error(None, "model", "unknown model")),
    ],
)
def test_an_unknown_model_is_no_missing_api(answer: Reply) -> None:
    refused = said(answer)
    assert type(refused) is TransportRefused
    assert refused.hint == MODEL_HINT


def test_a_run_that_is_not_found_is_no_missing_api() -> None:
    assert type(said(reply(404, error(message="Response not found.")), collection=False)) is TransportRefused


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(401), CredentialRefused), (reply(403), CredentialRefused), (reply(429), TransportLost),
        (reply(503), TransportLost), (reply(400, error("invalid_value", "input")), TransportRefused),
        (reply(429, error("insufficient_quota")), TransportRefused),
        (reply(400, error("conversation_locked", "conversation")), TransportLost),
    ],
)  # fmt: skip
def test_other_refusals_say_what_they_always_say(answer: Reply, kind: type[TransportError]) -> None:
    assert type(said(answer)) is kind


def test_a_rejected_parameter_is_told_from_others() -> None:
    answer = reply(400, error("unsupported_value", "stream"))
    assert rejects(answer, "stream")
    assert not rejects(answer, "background", "store")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "message", "param", "type", "detail", "loc", "msg"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.integers(300, 599), json_values, st.booleans())
def test_no_refusal_is_too_odd(status: int, body: object, collection: bool) -> None:
    assert "\n" not in str(said(reply(status, body), collection=collection))
