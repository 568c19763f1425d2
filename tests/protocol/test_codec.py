from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.client_events import ConversationItemCreate, InputText, MessageItem, ResponseCreate
from sentra_tui.protocol.codec import RAW_CHARS_KEPT, decode, encode
from sentra_tui.protocol.objects import ContentPart, ErrorDetails, Item, Response
from sentra_tui.protocol.server_events import KnownServerEvent, Unknown

_names = st.sampled_from([kind.__struct_config__.tag for kind in get_args(KnownServerEvent)])
_keys = st.sampled_from(
    ["type", "error", "item", "item_id", "response", "delta", "session", "audio_start_ms", "content", "output", "id"]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys | st.text(max_size=8), inner, max_size=6),
    max_leaves=20,
)


@given(_json)
def test_any_json_is_read_without_an_error(value: Any) -> None:
    assert decode(json.dumps(value)) is not None


@given(_names, st.dictionaries(_keys, _json, max_size=6))
def test_a_known_event_with_anything_in_it_is_read_without_an_error(name: str, fields: dict[str, Any]) -> None:
    event = decode(json.dumps({**fields, "type": name}))
    assert not isinstance(event, Unknown) or event.type == name


@given(_names, st.dictionaries(_keys, _json, max_size=6), st.integers(0, 200))
def test_a_frame_cut_short_is_read_without_an_error(name: str, fields: dict[str, Any], cut: int) -> None:
    frame = json.dumps({"type": name, **fields})[:cut]
    assert decode(frame) is not None
    assert decode(frame.encode()) is not None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(frame: bytes) -> None:
    assert decode(frame) is not None


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "null",
        "[]",
        "7",
        '"response.done"',
        "{}",
        '{"type":null}',
        '{"type":["error"]}',
        '{"type":{"type":"error"}}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"type":"error","error":' * 2_000 + "1" + "}" * 2_000,
        "9" * 5_000,
        b"\xff\xfe\x00",
        b'{"type":"response.output_text.delta","delta":"\xc3("}',
        '{"type":"input_audio_buffer.speech_started","audio_start_ms":' + "9" * 400 + "}",
    ],
    ids=lambda frame: repr(frame[:24]),
)
def test_a_frame_that_is_no_event_is_unknown(frame: str | bytes) -> None:
    assert isinstance(decode(frame), Unknown)


def test_an_unknown_event_keeps_its_name_and_the_beginning_of_the_frame() -> None:
    frame = json.dumps({"type": "ping", "payload": "x" * 1_000_000})
    event = decode(frame)
    assert event == Unknown("ping", frame[:RAW_CHARS_KEPT])


def test_a_megabyte_of_words_is_read() -> None:
    words = "word " * 200_000
    event = decode(json.dumps({"type": "response.output_text.delta", "delta": words}))
    assert event == s.ResponseOutputTextDelta(delta=words)


def test_missing_and_null_fields_are_read_as_not_told() -> None:
    assert decode('{"type":"input_audio_buffer.speech_started"}') == s.InputAudioBufferSpeechStarted()
    frame = '{"type":"input_audio_buffer.committed","item_id":"item_1","previous_item_id":null,"surprise":{"a":[1]}}'
    assert decode(frame) == s.InputAudioBufferCommitted("item_1")


def test_numbers_that_are_no_json_are_read_as_not_told() -> None:
    frame = '{"type":"input_audio_buffer.speech_started","item_id":"item_1","audio_start_ms":NaN}'
    assert decode(frame) == s.InputAudioBufferSpeechStarted("item_1")


def test_half_a_character_at_the_end_of_a_delta_does_not_cost_the_delta() -> None:
    frame = r'{"type":"response.output_text.delta","item_id":"item_1","delta":"yes \ud83d"}'
    assert decode(frame) == s.ResponseOutputTextDelta(item_id="item_1", delta="yes \ufffd")


def test_everything_that_was_read_can_be_sent_on_as_utf_8() -> None:
    event = decode(r'{"type":"input_audio_buffer.committed","item_id":"\udfff\ud83d\ude00x\ud800y"}')
    assert event == s.InputAudioBufferCommitted("\ufffd\U0001f600x\ufffdy")


def test_a_list_that_cannot_be_read_does_not_cost_the_event() -> None:
    frame = '{"type":"response.done","response":{"id":"resp_1","status":"completed","output":["?",{"content":[5]}]}}'
    assert decode(frame) == s.ResponseDone(Response("resp_1", "completed"))


def test_an_item_is_read_with_its_words() -> None:
    frame = {
        "type": "conversation.item.done",
        "previous_item_id": "item_1",
        "item": {
            "id": "item_2",
            "object": "realtime.item",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [{"type": "input_audio", "transcript": None}, {"type": "input_text", "text": "why?"}],
        },
    }
    content = (ContentPart("input_audio"), ContentPart("input_text", "why?"))
    item = Item("item_2", "message", "user", "completed", content)
    assert decode(json.dumps(frame)) == s.ConversationItemDone(item, "item_1")


@pytest.mark.parametrize(
    ("frame", "details"),
    [
        ({"error": {"code": "session_expired", "message": "over"}}, ErrorDetails("", "session_expired", "over")),
        ({"error": "boom"}, ErrorDetails(message="boom")),
        ({"code": "invalid_api_key", "message": "no"}, ErrorDetails("", "invalid_api_key", "no")),
        ({"error": {"type": "rate_limit_exceeded", "code": None}}, ErrorDetails("rate_limit_exceeded")),
        ({"error": {"code": 429}}, ErrorDetails(code=429)),
        ({}, ErrorDetails()),
    ],
)
def test_an_error_is_read_in_every_form_that_servers_give_it(frame: dict[str, Any], details: ErrorDetails) -> None:
    assert decode(json.dumps({"type": "error", **frame})) == s.ServerError(details)


def test_a_field_left_at_its_default_is_not_sent() -> None:
    assert json.loads(encode(ResponseCreate())) == {"type": "response.create"}
    event = ConversationItemCreate(MessageItem("user", (InputText("why?"),)), event_id="event_1")
    assert json.loads(encode(event)) == {
        "type": "conversation.item.create",
        "event_id": "event_1",
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "why?"}]},
    }
