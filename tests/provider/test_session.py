from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sentra_tui.domain.audio import FULL_SCALE
from sentra_tui.provider.faults import Plan, SessionFault
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving
from sentra_tui.provider.voice import synthesize
from tests.provider.client import REALTIME, TRANSCRIPTION, Client, calling

SLOW = ProviderOptions(plan=Plan(sessions=[SessionFault(silent_answers=True)]))


def user_text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}], **more}


async def test_a_typed_question_is_answered_in_the_documented_order(started: ProviderStarted) -> None:
    async with calling(started, REALTIME) as client:
        client.send("conversation.item.create", item=user_text("What does a write-through cache cost?", id="item_mine"))
        client.send("response.create", event_id="event_mine")
        done = await client.next("response.done")
    kinds = [kind for kind in client.kinds() if kind != "response.output_text.delta"]
    assert kinds == [
        "session.created",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    deltas = "".join(event["delta"] for event in client.events if event["type"] == "response.output_text.delta")
    text = done["response"]["output"][0]["content"][0]["text"]
    assert deltas == text
    assert "write-through" in text.lower()
    assert done["response"]["status"] == "completed"
    assert done["response"]["usage"]["output_tokens"] == len(text.split())


async def test_what_it_does_not_know_it_says(started: ProviderStarted) -> None:
    async with calling(started, REALTIME) as client:
        client.send("response.create", response={"conversation": "none", "input": [user_text("Who won the cup?")]})
        done = await client.next("response.done")
    assert "rule-based" in done["response"]["output"][0]["content"][0]["text"]


async def test_only_one_response_at_a_time_and_others_beside_the_conversation() -> None:
    async with serving(SLOW) as started, calling(started, REALTIME) as client:
        client.send("response.create")
        first = (await client.next("response.created"))["response"]["id"]
        client.send("response.create", event_id="event_second")
        error = (await client.next("error"))["error"]
        assert error["code"] == "conversation_already_has_active_response"
        assert error["event_id"] == "event_second"
        assert first in error["message"]
        client.send("response.create", response={"conversation": "none", "metadata": {"topic": "aside"}})
        aside = (await client.next("response.created"))["response"]
        assert aside["conversation_id"] is None
        assert aside["metadata"] == {"topic": "aside"}


async def test_a_response_can_be_cancelled_once() -> None:
    async with serving(SLOW) as started, calling(started, REALTIME) as client:
        client.send("response.create")
        await client.next("response.created")
        client.send("response.cancel")
        done = await client.next("response.done")
        assert done["response"]["status"] == "cancelled"
        assert done["response"]["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
        client.send("response.cancel", event_id="event_late")
        error = (await client.next("error"))["error"]
        assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "event_late")
        client.send("response.create")
        await client.next("response.created")


async def test_an_answer_longer_than_allowed_is_incomplete(started: ProviderStarted) -> None:
    async with calling(started, REALTIME) as client:
        client.send("conversation.item.create", item=user_text("cache"))
        client.send("response.create", response={"max_output_tokens": 3})
        done = (await client.next("response.done"))["response"]
    assert done["status"] == "incomplete"
    assert done["status_details"]["reason"] == "max_output_tokens"
    assert len(done["output"][0]["content"][0]["text"].split()) == 3


async def test_a_spoken_answer_sounds_and_says_when_it_begins_and_ends(started: ProviderStarted) -> None:
    async with calling(started, {**REALTIME, "output_modalities": ["audio"]}) as client:
        client.send("conversation.item.create", item=user_text("thanks"))
        client.send("response.create")
        done = (await client.next("response.done"))["response"]
        stopped = await client.next("output_audio_buffer.stopped")
    assert stopped["response_id"] == done["id"]
    assert client.kinds().index("output_audio_buffer.started") < client.kinds().index("output_audio_buffer.stopped")
    assert done["output"][0]["content"][0] == {"type": "output_audio", "transcript": "You are welcome."}
    assert done["usage"]["output_token_details"]["audio_tokens"] > 0
    assert client.loudest > FULL_SCALE * 0.03
    assert client.frames >= 25


async def test_speaking_stops_on_request(started: ProviderStarted) -> None:
    async with calling(started, {**REALTIME, "output_modalities": ["audio"]}) as client:
        client.send("conversation.item.create", item=user_text("who are you"))
        client.send("response.create")
        await client.next("output_audio_buffer.started")
        client.send("output_audio_buffer.clear")
        await client.next("output_audio_buffer.cleared")
        assert (await client.next("conversation.item.truncated"))["audio_end_ms"] >= 20
        assert "output_audio_buffer.stopped" not in client.kinds()


async def test_speech_interrupts_an_answer_and_truncates_it(started: ProviderStarted) -> None:
    async with calling(started, {**REALTIME, "output_modalities": ["audio"]}) as client:
        client.send("conversation.item.create", item=user_text("who are you"))
        client.send("response.create")
        await client.next("output_audio_buffer.started")
        await client.play(*synthesize("Stop. I have another question."))
        await client.next("input_audio_buffer.speech_started")
        await client.next("output_audio_buffer.cleared")
        await client.next("conversation.item.truncated")


async def test_speech_interrupts_nothing_where_the_session_says_so() -> None:
    detection = {"type": "server_vad", "interrupt_response": False, "create_response": False}
    session = {**REALTIME, "audio": {"input": {"turn_detection": detection}}}
    async with serving(SLOW) as started, calling(started, session) as client:
        client.send("response.create")
        await client.next("response.created")
        await client.play(*synthesize("One two three."))
        await client.stay_silent(0.6)
        await client.next("input_audio_buffer.committed")
    assert "response.done" not in client.kinds()
    assert client.kinds().count("response.created") == 1
    assert "error" not in client.kinds()


async def test_settings_merge_and_null_clears(started: ProviderStarted) -> None:
    async with calling(started, REALTIME) as client:
        update = {"type": "realtime", "audio": {"input": {"turn_detection": None, "transcription": {"model": "m"}}}}
        client.send("session.update", session=update)
        session = (await client.next("session.updated"))["session"]
        assert session["audio"]["input"]["turn_detection"] is None
        assert session["audio"]["input"]["transcription"]["model"] == "m"
        assert session["output_modalities"] == ["text"]
        client.send("session.update", session={"type": "realtime", "instructions": "Be brief."})
        session = (await client.next("session.updated"))["session"]
        assert session["instructions"] == "Be brief."
        assert session["audio"]["input"]["turn_detection"] is None


@pytest.mark.parametrize(
    ("update", "code"),
    [
        ({"instructions": "x"}, "missing_required_parameter"),
        ({"type": "transcription"}, "invalid_value"),
        ({"type": "realtime", "model": "another"}, "invalid_value"),
        ({"type": "realtime", "output_modalities": []}, "invalid_value"),
    ],
)
async def test_an_update_that_does_not_fit_changes_nothing(
    started: ProviderStarted, update: dict[str, Any], code: str
) -> None:
    async with calling(started, REALTIME) as client:
        client.send("session.update", session=update, event_id="event_bad")
        error = (await client.next("error"))["error"]
        assert (error["code"], error["event_id"]) == (code, "event_bad")
        assert "session.updated" not in client.kinds()


async def test_live_transcription_models_take_no_turn_detection(started: ProviderStarted) -> None:
    audio = {"input": {"transcription": {"model": "gpt-live-transcribe"}}}
    async with calling(started, {"type": "transcription", "audio": audio}) as client:
        assert client.events[0]["session"]["audio"]["input"]["turn_detection"] is None
        detection = {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}, "type": "transcription"}
        client.send("session.update", session=detection)
        error = (await client.next("error"))["error"]
        assert error["message"] == "Turn detection is not supported for this transcription model."


async def test_nonsense_is_answered_with_an_error_each(started: ProviderStarted) -> None:
    async with calling(started, REALTIME) as client:
        for message, code in (
            ("{", "invalid_json"),
            ("[]", "invalid_event"),
            ("{}", "missing_required_parameter"),
            ('{"type": "invented"}', "invalid_value"),
            ('{"type": "session.update"}', "invalid_value"),
            ('{"type": "input_audio_buffer.append", "audio": ""}', "invalid_event_for_transport"),
            ('{"type": "input_audio_buffer.commit"}', "input_audio_buffer_commit_empty"),
            ('{"type": "conversation.item.delete", "item_id": "x"}', "item_delete_invalid_item_id"),
        ):
            client.channel.send(message)
            assert (await client.next("error"))["error"]["code"] == code


async def test_items_keep_their_order_and_can_be_fetched_and_deleted(started: ProviderStarted) -> None:
    async with calling(started, REALTIME) as client:
        client.send("conversation.item.create", item=user_text("two", id="item_2"))
        client.send("conversation.item.create", item=user_text("one", id="item_1"), previous_item_id="root")
        client.send("conversation.item.create", item=user_text("three", id="item_3"), previous_item_id="item_2")
        previous = [(await client.next("conversation.item.done"))["previous_item_id"] for _ in range(3)]
        assert previous == [None, None, "item_2"]
        client.send("conversation.item.retrieve", item_id="item_3")
        assert (await client.next("conversation.item.retrieved"))["item"]["content"][0]["text"] == "three"
        client.send("conversation.item.delete", item_id="item_3")
        assert (await client.next("conversation.item.deleted"))["item_id"] == "item_3"


async def test_turns_end_by_hand_where_the_client_wants_that(started: ProviderStarted) -> None:
    audio = {"input": {"transcription": {"model": "pocketsphinx-demo"}, "turn_detection": None}}
    async with calling(started, {"type": "transcription", "audio": audio}) as client:
        await client.play(*synthesize("Good morning."))
        await client.stay_silent(0.8)
        client.send("input_audio_buffer.commit")
        committed = await client.next("input_audio_buffer.committed")
        completed = await client.next("conversation.item.input_audio_transcription.completed")
        assert completed["item_id"] == committed["item_id"]
        assert "good morning" in completed["transcript"]
        client.send("input_audio_buffer.clear")
        client.send("input_audio_buffer.commit")
        await client.next("input_audio_buffer.cleared")
        assert (await client.next("error"))["error"]["code"] == "input_audio_buffer_commit_empty"
    assert "input_audio_buffer.speech_started" not in client.kinds()


async def test_a_spoken_question_gets_an_answer_about_it(started: ProviderStarted) -> None:
    audio = {"input": {"transcription": {"model": "pocketsphinx-demo"}}}
    async with calling(started, {**REALTIME, "audio": audio}) as client:
        await ask_aloud(client, "Where do most of the slow requests come from?")
        completed = await client.next("conversation.item.input_audio_transcription.completed")
        done = (await client.next("response.done"))["response"]
    assert "slow requests" in completed["transcript"]
    assert "p99" in done["output"][0]["content"][0]["text"]


async def test_a_transcription_session_has_no_conversation(started: ProviderStarted) -> None:
    async with calling(started, TRANSCRIPTION) as client:
        client.send("response.create")
        assert (await client.next("error"))["error"]["code"] == "invalid_value"


async def ask_aloud(client: Client, text: str) -> None:
    pcm, sample_rate_hz = synthesize(text)
    quiet = np.zeros(sample_rate_hz // 5, "<i2").tobytes()
    await client.play(quiet + pcm, sample_rate_hz)
    await client.stay_silent(0.8)
