"""The first words on a socket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.opening import SessionOpening

SESSION: dict[str, Any] = {
    "type": "realtime",
    "model": "m",
    "output_modalities": ["text"],
    "audio": {"input": {"turn_detection": None}, "output": {"voice": "marin"}},
}


def said(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


def test_the_session_is_asked_for_once_the_server_has_greeted() -> None:
    opening = SessionOpening(SESSION)
    assert opening.begin() == ()
    (update,) = opening.hear(said("session.created", session={}))
    assert json.loads(update) == {
        "type": "session.update",
        "session": {key: value for key, value in SESSION.items() if key != "model"},
    }
    assert not opening.agreed
    assert opening.hear(said("rate_limits.updated", rate_limits=[])) == ()
    assert opening.hear(said("session.updated", session={})) == ()
    assert opening.agreed


def test_a_second_greeting_asks_for_nothing() -> None:
    opening = SessionOpening(SESSION)
    opening.hear(said("session.created", session={}))
    assert opening.hear(said("session.created", session={})) == ()


def test_a_server_of_another_rate_is_told_so_in_both_directions() -> None:
    (update,) = SessionOpening(SESSION, rate_hz=16_000).hear(said("session.created", session={}))
    audio = json.loads(update)["session"]["audio"]
    assert audio["input"]["format"] == audio["output"]["format"] == {"type": "audio/pcm", "rate": 16_000}


def test_a_server_of_the_beta_is_asked_in_its_words() -> None:
    opening = SessionOpening(SESSION, Dialect.BETA)
    (update,) = opening.hear(said("session.created", session={}))
    assert json.loads(update)["session"] == {"modalities": ["text"], "turn_detection": None, "voice": "marin"}


def test_a_transcription_session_of_the_beta_has_events_of_its_own() -> None:
    session = {"type": "transcription", "audio": {"input": {"transcription": {"model": "t"}}}}
    opening = SessionOpening(session, Dialect.BETA)
    (update,) = opening.hear(said("transcription_session.created", session={}))
    assert json.loads(update)["type"] == "transcription_session.update"
    opening.hear(said("transcription_session.updated", session={}))
    assert opening.agreed


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        ({"code": "invalid_api_key", "message": "no"}, CredentialRefused, Reason.OTHER),
        ({"code": "model_not_found", "message": "no"}, TransportRefused, Reason.MODEL_REFUSED),
        ({"code": "invalid_value", "param": "session.model"}, TransportRefused, Reason.MODEL_REFUSED),
        ({"code": "beta_api_shape_disabled"}, TransportRefused, Reason.NOT_OFFERED),
        ({"code": "session_expired"}, TransportLost, Reason.SERVER_ERROR),
        ({"type": "server_error", "code": None}, TransportLost, Reason.SERVER_ERROR),
    ],
)
def test_an_error_before_the_session_stands_is_a_refused_dial(
    error: dict[str, Any], kind: type[TransportError], reason: Reason
) -> None:
    with pytest.raises(kind) as caught:
        SessionOpening(SESSION).hear(said("error", error=error))
    assert caught.value.reason is reason


def test_a_voice_that_is_not_known_is_named_as_the_parameter() -> None:
    with pytest.raises(TransportRefused) as caught:
        SessionOpening(SESSION).hear(
            said("error", error={"code": "invalid_value", "param": "session.audio.output.voice"})
        )
    assert "voice" in caught.value.param
