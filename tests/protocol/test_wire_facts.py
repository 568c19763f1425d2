"""What is told of events on the wire: never what anybody said."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from msgspec.structs import replace

from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.objects import ErrorDetails, Item, Response
from sentra_tui.protocol.wire_facts import NAME_CHARS, NAMES, event_type, facts_of, in_words
from tests.strategies import values_of

CANARY = "verysecretzebra"


def with_canaries(value: Any, field: str = "") -> Any:
    """Return the value with every text in it replaced, but for names of the protocol."""
    if isinstance(value, msgspec.Struct):
        return replace(value, **{name: with_canaries(getattr(value, name), name) for name in value.__struct_fields__})
    if isinstance(value, str):
        return value if field in NAMES or field.endswith("_id") else f"{CANARY} {value}"
    if isinstance(value, (list, tuple)):
        return type(value)(map(with_canaries, value))
    if isinstance(value, dict):
        return {f"{CANARY} {key}": with_canaries(item) for key, item in value.items()}
    return value


@given(values_of(s.ServerEvent) | values_of(c.ClientEvent))
def test_no_words_of_an_event_are_told(event: s.ServerEvent | c.ClientEvent) -> None:
    facts = facts_of(with_canaries(event))
    told = in_words(facts)
    assert CANARY not in told
    assert CANARY not in repr(facts)
    assert "\n" not in told
    assert "\x1b" not in told


def test_ids_times_and_sizes_are_told() -> None:
    event = s.ResponseOutputTextDelta("resp_1", "item_1", 0, 2, "four")
    assert event_type(event) == "response.output_text.delta"
    assert in_words(facts_of(event)) == "response_id resp_1, item_id item_1, content_index 2, delta 4 chars"
    stopped = s.InputAudioBufferSpeechStopped("item_1", 1_234.0)
    assert in_words(facts_of(stopped)) == "item_id item_1, audio_end_ms 1234"
    append = c.InputAudioBufferAppend(audio="A" * 1_280)
    assert in_words(facts_of(append)) == "audio 1280 chars"


def test_what_went_wrong_is_told_by_its_codes() -> None:
    event = s.ServerError(ErrorDetails("invalid_request_error", "bad_voice", f"no {CANARY}", "event_1", CANARY))
    told = in_words(facts_of(event))
    assert told == "type invalid_request_error, code bad_voice, message 18 chars, event_id event_1, param 15 chars"


def test_of_lists_only_their_size_is_told() -> None:
    item = c.MessageItem("user", (c.InputText("eight ch"),), "typed_1")
    assert in_words(facts_of(c.ConversationItemCreate(item=item))) == (
        "role user, content 1 parts of 8 chars, id typed_1"
    )
    assert in_words(facts_of(c.SessionUpdate(session={"instructions": CANARY}))) == "session 1 entries"
    output = tuple(Item(str(number)) for number in range(1_000))
    assert in_words(facts_of(s.ResponseDone(Response("r", "completed", output=output)))) == (
        "id r, status completed, output 1000 parts"
    )


def test_names_are_cut_and_cleaned_and_what_cannot_be_read_is_said_to_be_so() -> None:
    told = in_words(facts_of(s.InputAudioBufferCommitted("\x1b]0;x" * 10_000)))
    assert "\x1b" not in told
    assert len(told) <= NAME_CHARS + len("item_id ")
    assert event_type(s.Unknown("", "{")) == "unreadable"
    assert event_type(s.Unknown("new.\x1bthing", "{}")) == "new.␛thing"
