"""HTTP mode's session: events and results in, events and requests out."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest

from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded, TextExtended
from sentra_tui.protocol.http_session import requests as r
from sentra_tui.protocol.http_session.refused import Refused
from sentra_tui.protocol.http_session.session import HttpSession

E = TypeVar("E")


def new_session(*, voice: bool = False, silence_ms: int = 500, **more: Any) -> HttpSession:
    detection = {"type": "server_vad", "silence_duration_ms": silence_ms, **more}
    config = {
        "type": "realtime",
        "model": "m",
        "instructions": "Be brief.",
        "output_modalities": ["audio" if voice else "text"],
        "audio": {"input": {"turn_detection": detection}, "output": {"voice": "marin", "speed": 1.0}},
    }
    return HttpSession(config, longest_turn_ms=60_000)


def hear(session: HttpSession, duration_ms: int, speech: bool) -> r.Outcome:
    return [effect for _ in range(duration_ms // 10) for effect in session.hear(speech)]


def of(outcome: r.Outcome, kind: type[E]) -> list[E]:
    return [effect for effect in outcome if isinstance(effect, kind)]


def kinds(outcome: r.Outcome) -> list[str]:
    return [effect.event["type"] for effect in of(outcome, r.Say)]


def error(outcome: r.Outcome) -> dict[str, Any]:
    details: dict[str, Any] = next(say.event["error"] for say in of(outcome, r.Say) if say.event["type"] == "error")
    return details


def test_a_pause_is_guessed_at_and_its_transcript_kept_when_the_turn_ends_there() -> None:
    session = new_session()
    outcome = hear(session, 1_000, speech=True) + hear(session, 250, speech=False)
    (asked,) = of(outcome, r.Transcribe)
    outcome = session.wrote(asked.request_id, TextEnded("what is it", Usage(seconds=1.0)))
    (completion,) = of(outcome, r.Complete)
    assert completion.messages[-1].text == "what is it"
    assert kinds(outcome) == []
    assert session.wrote(completion.request_id, TextExtended("It is")) == []
    outcome = hear(session, 250, speech=False)
    assert not of(outcome, r.Transcribe)
    assert not of(outcome, r.Complete)
    assert kinds(outcome)[-1] == "response.output_text.delta"
    (delta,) = [say.event["delta"] for say in of(outcome, r.Say) if say.event["type"] == "response.output_text.delta"]
    assert delta == "It is"


def test_a_guess_whose_words_stay_the_same_is_not_answered_twice() -> None:
    session = new_session(voice=True, silence_ms=800)
    (first,) = of(hear(session, 1_000, speech=True) + hear(session, 250, speech=False), r.Transcribe)
    assert of(session.wrote(first.request_id, TextEnded("What is it?")), r.Complete)
    (second,) = of(hear(session, 100, speech=True) + hear(session, 250, speech=False), r.Transcribe)
    assert session.wrote(second.request_id, TextEnded("what is it")) == []
    outcome = hear(session, 600, speech=False)
    assert "response.created" in kinds(outcome)
    assert not of(outcome, r.Complete)
    assert not of(outcome, r.Drop)


def test_a_talk_full_of_pauses_is_not_guessed_at_in_each_of_them() -> None:
    session = new_session(voice=True, silence_ms=800)
    asked: list[r.Transcribe] = []
    for _ in range(40):
        outcome = hear(session, 500, speech=True) + hear(session, 250, speech=False)
        asked += of(outcome, r.Transcribe)
        for transcribe in of(outcome, r.Transcribe):
            session.wrote(transcribe.request_id, TextEnded("words"))
    assert 2 <= len(asked) <= 12
    assert sum(each.end_ms - each.start_ms for each in asked) <= 2 * 30_000 + 2_000


def test_turns_without_answers_are_not_guessed_at() -> None:
    session = new_session(create_response=False)
    outcome = hear(session, 1_000, speech=True) + hear(session, 400, speech=False)
    assert of(outcome, r.Transcribe) == []
    outcome = hear(session, 200, speech=False)
    assert len(of(outcome, r.Transcribe)) == 1
    assert "response.created" not in kinds(outcome)


def test_a_guess_that_failed_is_asked_for_again_when_the_turn_ends() -> None:
    session = new_session()
    (guess,) = of(hear(session, 1_000, speech=True) + hear(session, 250, speech=False), r.Transcribe)
    assert session.failed(guess.request_id, TransportLost("lost")) == []
    assert len(of(hear(session, 300, speech=False), r.Transcribe)) == 1


def test_a_turn_in_which_nothing_was_said_is_not_answered() -> None:
    session = new_session()
    (guess,) = of(hear(session, 1_000, speech=True) + hear(session, 250, speech=False), r.Transcribe)
    session.wrote(guess.request_id, TextEnded(""))
    outcome = hear(session, 300, speech=False)
    assert kinds(outcome)[-1] == "conversation.item.input_audio_transcription.completed"


def test_a_second_response_is_refused_while_one_is_under_way() -> None:
    session = new_session()
    session.handle({"type": "response.create", "event_id": "event_1"})
    outcome = session.handle({"type": "response.create", "event_id": "event_2"})
    assert error(outcome)["code"] == "conversation_already_has_active_response"
    assert error(outcome)["event_id"] == "event_2"
    beside = {"conversation": "none", "instructions": "Sum up.", "metadata": {"a": "b"}, "input": []}
    outcome = session.handle({"type": "response.create", "response": beside})
    (completion,) = of(outcome, r.Complete)
    assert [message.text for message in completion.messages] == ["Sum up."]
    assert of(outcome, r.Say)[0].event["response"]["metadata"] == {"a": "b"}


@pytest.mark.parametrize(
    "message",
    [None, [], {}, {"type": "nonsense"}, {"type": "session.update"}, {"type": "response.create", "response": 5}],
)
def test_what_cannot_be_read_is_answered_with_an_error(message: Any) -> None:
    assert kinds(new_session().handle(message)) == ["error"]


def test_an_update_changes_what_it_names_and_nothing_else() -> None:
    session = new_session(voice=True)
    outcome = session.handle(
        {"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"speed": 0.8}}}}
    )
    assert kinds(outcome) == ["session.updated"]
    assert (session.settings.speed, session.settings.voice, session.settings.spoken) == (0.8, "marin", True)
    refused = {"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"speed": 9}}}}
    assert kinds(session.handle(refused)) == ["error"]
    assert session.settings.speed == 0.8
    assert error(session.handle({"type": "session.update", "session": {"model": "other"}}))["param"] == "session.model"


def test_spoken_answers_are_short_where_the_session_sets_no_limit() -> None:
    (completion,) = of(new_session(voice=True).handle({"type": "response.create"}), r.Complete)
    assert completion.max_tokens == 150


def test_a_session_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(Refused):
        HttpSession({"type": "realtime", "output_modalities": ["smell"]}, longest_turn_ms=1_000)


def test_a_model_that_is_refused_ends_the_call() -> None:
    session = new_session()
    (completion,) = of(session.handle({"type": "response.create"}), r.Complete)
    failure = TransportRefused("No such model.", reason=Reason.MODEL_REFUSED)
    assert error(session.failed(completion.request_id, failure))["code"] == "model_not_found"
