"""HTTP mode's call, between the engine's own session and a provider in this process."""

from __future__ import annotations

import asyncio
from array import array

import pytest
from openai._models import validate_type
from openai.types.realtime import RealtimeServerEvent

from sentra_tui.domain import changes as ch
from sentra_tui.domain.errors import (
    CredentialRefused,
    NotSupported,
    ProtocolError,
    SourceError,
    TransportLost,
    TransportRefused,
)
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.state import AnswerStatus
from sentra_tui.engine.http_call.call import HttpCall
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol.effects import MeterUsage, RefuseVoice
from sentra_tui.protocol.objects import ErrorDetails
from sentra_tui.protocol.server_errors import judge
from tests.engine.http_call.peers import (
    Answerer,
    Conversation,
    LoudDetector,
    Reader,
    Speaker,
    connected,
    credential,
    nothing,
    quiet,
    said,
    session_config,
)

QUESTION = "what is the plan"
LONG = "one two three four five six seven eight nine ten eleven twelve"


def lines(talk: Conversation) -> list[str]:
    return [change.text for change in talk.changes if isinstance(change, ch.TranscriptCommitted)]


def answers(talk: Conversation) -> list[str]:
    """Return what the screen has of each answer that has ended."""
    words: dict[str, str] = {}
    ended = []
    for change in talk.changes:
        if isinstance(change, ch.AnswerExtended):
            words[change.answer_id] = words.get(change.answer_id, "") + change.delta
        if isinstance(change, ch.AnswerEnded):
            ended.append(change.text if change.text is not None else words.get(change.answer_id, ""))
    return ended


def statuses(talk: Conversation) -> list[AnswerStatus]:
    return [change.status for change in talk.changes if isinstance(change, ch.AnswerEnded)]


def sound(talk: Conversation) -> int:
    """Return how many frames of speech were heard."""
    return sum(frame is not None and any(frame) for frame in talk.heard)


async def test_a_spoken_question_is_written_down_and_answered() -> None:
    talk = await connected(Reader(), Answerer(), None, session_config())
    await talk.talk([*quiet(400), *said(QUESTION)])
    await talk.until(lambda: bool(answers(talk)))
    assert lines(talk) == [QUESTION]
    assert answers(talk) == ["You said what is the plan."]
    assert {effect.lane for effect in talk.effects if isinstance(effect, MeterUsage)} == {"", "aux"}
    await talk.close()


async def test_the_events_of_a_turn_come_as_from_a_server_over_webrtc() -> None:
    talk = await connected(Reader(), Answerer(lambda _: "Yes."), Speaker(), session_config(voice=True))
    await talk.talk([*quiet(400), *said(QUESTION)])
    await talk.until(lambda: bool(talk.told("output_audio_buffer.stopped")))
    assert [event["type"] for event in talk.events] == [
        "session.created",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio_transcript.done",
        "response.output_audio.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
        "output_audio_buffer.started",
        "output_audio_buffer.stopped",
    ]
    await talk.close()


@pytest.mark.parametrize("voice", [False, True])
async def test_all_that_is_said_fits_the_official_schema(voice: bool) -> None:
    answerer = Answerer(lambda _: LONG, word_s=0.002)
    talk = await connected(Reader(streamed=True), answerer, Speaker(), session_config(voice=voice))
    await talk.talk([*quiet(400), *said(QUESTION)])
    await talk.until(lambda: bool(talk.kinds("response.output")))
    await talk.until(lambda: bool(sound(talk)) or not voice)
    await talk.talk([*said("stop"), *quiet(700)])
    talk.say(c.ConversationItemDelete("nobody", event_id="event_1"))
    talk.say(c.InputAudioBufferClear())
    talk.say(c.SessionUpdate({"type": "realtime", "instructions": "Be long."}))
    talk.say(c.ConversationItemCreate(c.MessageItem("user", (c.InputText("hello"),), id="typed_1")))
    talk.say(c.ConversationItemRetrieve("typed_1"))
    talk.say(c.ConversationItemDelete("typed_1"))
    await talk.until(lambda: len(talk.told("response.done")) == 2)
    for event in talk.events:
        validate_type(type_=RealtimeServerEvent, value=event)  # type: ignore[arg-type]
    assert len({event["type"] for event in talk.events}) > 18
    await talk.close()


async def test_an_answer_is_spoken_sentence_by_sentence() -> None:
    speaker = Speaker()
    text = "The plan is to go home. Then we sleep. Then we eat."
    talk = await connected(Reader(), Answerer(lambda _: text), speaker, session_config(voice=True))
    await talk.talk([*quiet(400), *said(QUESTION)])
    await talk.until(lambda: bool(talk.told("output_audio_buffer.stopped")))
    assert speaker.said == ["The plan is to go home.", "Then we sleep.", "Then we eat."]
    assert sound(talk) == 5 * len(text.split())
    await talk.close()


async def test_nothing_is_heard_or_told_of_an_answer_before_the_turn_has_ended() -> None:
    reader, answerer, speaker = Reader(), Answerer(), Speaker()
    talk = await connected(reader, answerer, speaker, session_config(voice=True, silence_ms=2_000))
    await talk.talk([*quiet(400), *said(QUESTION)])
    for _ in range(85):
        await talk.talk(quiet(20))
        await asyncio.sleep(0.001)
    assert speaker.said
    assert talk.kinds("response", "output", "conversation") == []
    assert sound(talk) == 0
    await talk.until(lambda: bool(talk.told("output_audio_buffer.stopped")))
    assert (len(reader.heard), len(answerer.asked), len(speaker.said)) == (1, 1, 1)
    await talk.close()


async def test_a_guess_that_was_wrong_is_answered_anew_and_is_on_the_bill() -> None:
    reader, answerer, speaker = Reader(), Answerer(), Speaker()
    talk = await connected(reader, answerer, speaker, session_config(voice=True, silence_ms=1_000))
    await talk.talk([*quiet(400), *said(QUESTION)])
    for _ in range(25):
        await talk.talk(quiet(20))
        await asyncio.sleep(0.001)
    assert answerer.asked[-1][-1].text == QUESTION
    await talk.talk(said("for monday"))
    await talk.until(lambda: bool(talk.told("output_audio_buffer.stopped")))
    assert lines(talk) == [f"{QUESTION} for monday"]
    assert answers(talk) == [f"You said {QUESTION} for monday."]
    billed = {effect.lane: effect.usage for effect in talk.effects if isinstance(effect, MeterUsage)}
    assert billed[""].seconds == pytest.approx(sum(reader.lengths_ms) / 1_000, abs=0.01)
    assert billed["aux"].text_in == 10 * len(answerer.asked)
    await talk.close()


async def test_the_first_sentence_of_a_wrong_guess_is_used_where_the_answer_begins_with_the_same_words() -> None:
    answerer, speaker = Answerer(lambda text: f"Good question. You said {text}."), Speaker()
    talk = await connected(Reader(), answerer, speaker, session_config(voice=True, silence_ms=1_000))
    await talk.talk([*quiet(400), *said(QUESTION)])
    await talk.until(lambda: bool(speaker.said))
    await talk.talk(said("for monday"))
    await talk.until(lambda: bool(talk.told("output_audio_buffer.stopped")))
    assert speaker.said == ["Good question.", f"You said {QUESTION} for monday."]
    assert sound(talk) == 5 * len(" ".join(speaker.said).split())
    await talk.close()


async def test_speech_interrupts_an_answer_and_history_holds_what_was_heard_of_it() -> None:
    answerer = Answerer(lambda _: LONG)
    talk = await connected(Reader(), answerer, Speaker(), session_config(voice=True))
    await talk.talk([*quiet(400), *said(QUESTION)])
    await talk.until(lambda: sound(talk) == 31)
    await talk.talk([*said("stop please"), *quiet(20)])
    heard = sound(talk)
    assert talk.told("output_audio_buffer.cleared")
    assert talk.told("conversation.item.truncated")[0]["audio_end_ms"] == heard * 20
    await talk.until(lambda: len(answerer.asked) > 1)
    history = answerer.asked[-1]
    assert [message.role for message in history] == ["system", "user", "assistant", "user"]
    assert history[2].text == " ".join(LONG.split()[: heard // 5])
    assert sound(talk) == heard
    await talk.close()


async def test_an_answer_is_stopped_by_the_user_and_its_requests_end() -> None:
    answerer = Answerer(lambda _: LONG, word_s=0.05)
    talk = await connected(Reader(), answerer, Speaker(), session_config(voice=True))
    await talk.talk([*quiet(400), *said(QUESTION)])
    await talk.until(lambda: bool(talk.kinds("response.output_audio_transcript.delta")))
    talk.perform(talk.session.cancel_answer(talk.now_ms))
    await talk.until(lambda: bool(talk.told("response.done")))
    assert talk.told("response.done")[0]["response"]["status"] == "cancelled"
    assert statuses(talk) == [AnswerStatus.CANCELLED]
    before = len(talk.events)
    await asyncio.sleep(0.12)
    assert len(talk.events) == before
    await talk.close()


async def test_typed_words_are_answered_in_the_conversation() -> None:
    answerer = Answerer()
    talk = await connected(Reader(), answerer, None, session_config())
    talk.perform(talk.session.say_text("hello there", talk.now_ms))
    await talk.until(lambda: bool(answers(talk)))
    talk.perform(talk.session.say_text("and again", talk.now_ms))
    await talk.until(lambda: len(answers(talk)) == 2)
    assert answers(talk) == ["You said hello there.", "You said and again."]
    assert [message.text for message in answerer.asked[1]] == [
        "Be brief.",
        "hello there",
        "You said hello there.",
        "and again",
    ]
    await talk.close()


async def test_words_are_read_aloud_without_being_answered() -> None:
    answerer, speaker = Answerer(), Speaker()
    talk = await connected(Reader(), answerer, speaker, session_config(voice=True))
    talk.perform(talk.session.say_text("hello", talk.now_ms))
    await talk.until(lambda: bool(talk.told("output_audio_buffer.stopped")))
    talk.perform(talk.session.say_again("It is late. Go home.", talk.now_ms))
    await talk.until(lambda: len(talk.told("output_audio_buffer.stopped")) == 2)
    assert speaker.said[1:] == ["It is late.", "Go home."]
    assert len(answerer.asked) == 1
    await talk.close()


async def test_a_second_answer_is_heard_behind_the_first() -> None:
    speaker = Speaker()
    talk = await connected(
        Reader(), Answerer(lambda _: "One two three. Four five. Six."), speaker, session_config(voice=True)
    )
    talk.perform(talk.session.say_text("hello", talk.now_ms))
    await talk.until(lambda: bool(answers(talk)))
    talk.perform(talk.session.say_again("Seven eight. Nine.", talk.now_ms))
    await talk.until(lambda: len(talk.told("output_audio_buffer.stopped")) == 2)
    assert speaker.said.index("Six.") < speaker.said.index("Nine.")
    assert talk.kinds("output_audio_buffer") == ["output_audio_buffer.started", "output_audio_buffer.stopped"] * 2
    await talk.close()


async def test_turns_that_others_speak_are_only_written_down() -> None:
    reader, answerer = Reader(), Answerer()
    talk = await connected(reader, answerer, None, session_config(kind="transcription"))
    await talk.talk([*quiet(200), *said("first words"), *quiet(700), *said("second words"), *quiet(700)])
    await talk.until(lambda: len(lines(talk)) == 2)
    assert lines(talk) == ["first words", "second words"]
    assert not answerer.asked
    assert not talk.kinds("response")
    await talk.close()


async def test_only_speech_and_a_little_around_it_is_sent() -> None:
    reader = Reader()
    talk = await connected(reader, Answerer(), None, session_config(kind="transcription"))
    await talk.talk([*quiet(5_000), *said("first words"), *quiet(5_000)])
    await talk.until(lambda: bool(lines(talk)))
    assert len(reader.lengths_ms) == 1
    assert 400 + 300 <= reader.lengths_ms[0] <= 400 + 300 + 200 + 80
    await talk.close()


async def test_who_does_not_stop_is_written_down_in_pieces_and_answered_once() -> None:
    reader, answerer = Reader(), Answerer(lambda text: f"Last: {text}.")
    talk = await connected(reader, answerer, None, session_config(), longest_turn_ms=2_000)
    words = " ".join(f"word{number}" for number in range(20))
    await talk.talk([*quiet(400), *said(words, pause_frames=7)])
    await talk.until(lambda: bool(answers(talk)))
    assert " ".join(lines(talk)).split() == words.split()
    assert max(reader.lengths_ms) <= 2_000
    assert len(answerer.asked) == 1
    assert " ".join(message.text for message in answerer.asked[0][1:]) == words
    await talk.close()


async def test_a_turn_that_the_client_ends_is_written_down() -> None:
    reader = Reader()
    talk = await connected(reader, Answerer(), None, session_config(kind="transcription", turns=False))
    await talk.talk([*quiet(400), *said("hold the line"), *quiet(3_000)])
    assert not talk.kinds("input_audio_buffer")
    talk.perform(talk.session.commit())
    await talk.until(lambda: bool(lines(talk)))
    assert lines(talk) == ["hold the line"]
    talk.perform(talk.session.commit())
    await talk.until(lambda: bool(talk.told("error")))
    assert judge(ErrorDetails(code=talk.told("error")[0]["error"]["code"])) == []
    await talk.close()


async def test_a_lost_transcription_is_asked_for_once_more() -> None:
    reader = Reader()
    reader.failures = [TransportLost("The connection broke.")]
    talk = await connected(reader, Answerer(), None, session_config(kind="transcription"))
    await talk.talk([*quiet(400), *said("hello world")])
    await talk.until(lambda: bool(lines(talk)))
    assert lines(talk) == ["hello world"]
    await talk.close()


async def test_a_refused_transcription_is_said_with_its_cause() -> None:
    reader = Reader()
    reader.failures = [TransportRefused("The recording is too long.")]
    talk = await connected(reader, Answerer(), None, session_config(kind="transcription"))
    await talk.talk([*quiet(400), *said("hello world")])
    await talk.until(lambda: any(isinstance(change, ch.TranscriptFailed) for change in talk.changes))
    assert [change.cause for change in talk.changes if isinstance(change, ch.TranscriptFailed)] == [
        "The recording is too long."
    ]
    await talk.close()


async def test_at_most_two_turns_are_written_down_at_a_time() -> None:
    reader = Reader(0.2)
    talk = await connected(reader, Answerer(), None, session_config(kind="transcription", silence_ms=200))
    for number in range(5):
        await talk.talk([*said(f"turn{number} here"), *quiet(400)])
    await talk.until(lambda: len(lines(talk)) == 5)
    assert reader.most_at_once == 2
    assert lines(talk) == [f"turn{number} here" for number in range(5)]
    await talk.close()


async def test_a_failing_answer_is_said_with_its_cause() -> None:
    answerer = Answerer()
    answerer.failures = [TransportLost("The server is down.")] * 2
    talk = await connected(Reader(), answerer, None, session_config())
    talk.perform(talk.session.say_text("hello", talk.now_ms))
    await talk.until(lambda: bool(statuses(talk)))
    ended = next(change for change in talk.changes if isinstance(change, ch.AnswerEnded))
    assert (ended.status, ended.cause) == (AnswerStatus.FAILED, "The server is down.")
    await talk.close()


@pytest.mark.parametrize("failure", [NotSupported("No speech here."), SourceError("espeak-ng is not installed.")])
async def test_without_speech_answers_stay_written_and_that_is_said_once(failure: Exception) -> None:
    speaker = Speaker()
    speaker.failures = [failure, failure]  # type: ignore[list-item]
    talk = await connected(Reader(), Answerer(), speaker, session_config(voice=True))
    talk.perform(talk.session.say_text("hello", talk.now_ms))
    await talk.until(lambda: len(answers(talk)) == 1)
    await talk.talk(quiet(100))
    talk.perform(talk.session.say_text("hello", talk.now_ms))
    await talk.until(lambda: len(answers(talk)) == 2)
    notices = [change.text for change in talk.changes if isinstance(change, ch.Noticed)]
    assert notices == [f"The provider reports: Answers stay written. {failure}"]
    assert statuses(talk) == [AnswerStatus.COMPLETED] * 2
    assert talk.kinds("response.output_text.done") == ["response.output_text.done"]
    await talk.close()


async def test_a_voice_that_is_not_known_is_refused_and_another_one_speaks() -> None:
    speaker = Speaker()
    speaker.failures = [TransportRefused("No voice marin.", param="voice")]
    talk = await connected(Reader(), Answerer(), speaker, session_config(voice=True))
    talk.perform(talk.session.say_text("hello", talk.now_ms))
    await talk.until(lambda: any(isinstance(effect, RefuseVoice) for effect in talk.effects))
    await talk.until(lambda: bool(answers(talk)))
    talk.perform(talk.session.update({"type": "realtime", "audio": {"output": {"voice": "cedar"}}}, voice=True))
    talk.perform(talk.session.say_text("again", talk.now_ms))
    await talk.until(lambda: sound(talk) > 0)
    assert speaker.said == ["You said again."]
    await talk.close()


async def test_a_refused_key_breaks_the_call_as_a_server_would() -> None:
    answerer = Answerer()
    answerer.failures = [CredentialRefused("The key was refused.")]
    talk = await connected(Reader(), answerer, None, session_config())
    talk.say(c.ResponseCreate(event_id="event_9"))
    await talk.until(lambda: bool(talk.told("error")))
    assert [type(each).__name__ for each in talk.effects] == ["CallBroken"]
    await talk.close()


async def test_a_check_that_fails_refuses_the_dial_and_leaves_nothing() -> None:
    async def refused() -> None:
        raise CredentialRefused("The key was refused.")

    call = HttpCall(Reader(), Answerer(), None, LoudDetector(), session_config(), open_check=refused)
    with pytest.raises(CredentialRefused):
        await call.connect(credential())
    with pytest.raises(TransportLost):
        call.send("{}")


async def test_a_call_is_made_once() -> None:
    call = HttpCall(Reader(), Answerer(), None, LoudDetector(), session_config(), open_check=nothing)
    await call.connect(credential())
    with pytest.raises(ProtocolError):
        await call.connect(credential())


async def test_a_provider_out_of_reach_for_long_breaks_the_call() -> None:
    checks = 0

    async def check() -> None:
        nonlocal checks
        checks += 1
        if checks > 1:
            raise TransportLost("Nobody listens there.", reason=Reason.UNREACHABLE)

    reader = Reader()
    reader.failures = [TransportLost("Nobody listens there.", reason=Reason.UNREACHABLE)] * 9
    config = session_config(kind="transcription")
    talk = await connected(reader, Answerer(), None, config, check, probe_s=0.01, lost_s=0.2)
    await talk.talk([*quiet(400), *said("hello world")])
    await talk.until(lambda: talk.lost is not None)
    assert talk.lost is not None
    assert talk.lost.reason is Reason.UNREACHABLE
    await talk.close()


async def test_a_provider_that_comes_back_keeps_the_call() -> None:
    reader = Reader()
    reader.failures = [TransportLost("Nobody listens there.", reason=Reason.UNREACHABLE)]
    talk = await connected(reader, Answerer(), None, session_config(kind="transcription"), probe_s=0.01, lost_s=0.05)
    await talk.talk([*quiet(400), *said("hello world")])
    await talk.until(lambda: bool(lines(talk)))
    await asyncio.sleep(0.1)
    assert talk.lost is None
    assert talk.call.contact_age_s() == 0.0
    assert (await talk.call.quality()).round_trip_ms is not None
    await talk.close()


async def test_a_call_can_be_closed_at_any_moment() -> None:
    for steps in range(0, 60, 4):
        talk = await connected(Reader(0.01), Answerer(word_s=0.001), Speaker(0.01), session_config(voice=True))
        await talk.talk([*quiet(200), *said(QUESTION), *quiet(1_000)][: 10 + steps])
        await talk.close()
        await talk.call.close()
        assert talk.lost is not None


async def test_sound_that_was_flushed_is_not_heard() -> None:
    talk = await connected(Reader(), Answerer(lambda _: LONG), Speaker(), session_config(voice=True))
    talk.perform(talk.session.say_text("hello", talk.now_ms))
    await talk.until(lambda: sound(talk) > 5)
    talk.call.flush_audio()
    before = sound(talk)
    await talk.talk(quiet(400))
    assert sound(talk) == before
    await talk.close()


async def test_the_sentences_behind_the_one_that_was_flushed_are_not_heard_and_not_paid_for() -> None:
    speaker = Speaker()
    text = "The plan is to go home. Then we sleep. Then we eat. Then we read. Then we walk."
    talk = await connected(Reader(), Answerer(lambda _: text), speaker, session_config(voice=True))
    talk.perform(talk.session.say_text("hello", talk.now_ms))
    await talk.until(lambda: bool(sound(talk) and talk.told("response.done")))
    talk.call.flush_audio()
    before = sound(talk)
    await talk.talk(quiet(4_000))
    assert sound(talk) == before
    assert len(speaker.said) <= 2
    assert talk.told("output_audio_buffer.cleared")
    await talk.close()


async def test_switching_voice_off_ends_the_sound() -> None:
    talk = await connected(Reader(), Answerer(lambda _: LONG), Speaker(), session_config(voice=True))
    talk.perform(talk.session.say_text("hello", talk.now_ms))
    await talk.until(lambda: sound(talk) > 5)
    talk.perform(talk.session.update({"type": "realtime", "output_modalities": ["text"]}, voice=False))
    assert talk.call.receive_audio() is None
    await talk.until(lambda: bool(talk.told("output_audio_buffer.cleared")))
    await talk.close()


async def test_nothing_is_sent_or_heard_before_the_call_stands() -> None:
    call = HttpCall(Reader(), Answerer(), None, LoudDetector(), session_config(), open_check=nothing)
    call.send_audio(array("h", [1_000] * 960).tobytes())
    assert call.receive_audio() is None
    with pytest.raises(TransportLost):
        call.send("{}")
    await call.close()
