from __future__ import annotations

import json
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from openai.types.realtime import RealtimeServerEvent
from openai.types.realtime.client_secret_create_params import ClientSecretCreateParams
from openai.types.realtime.realtime_client_event_param import RealtimeClientEventParam
from openai.types.realtime.realtime_session_create_request_param import RealtimeSessionCreateRequestParam
from openai.types.realtime.realtime_transcription_session_create_request_param import (
    RealtimeTranscriptionSessionCreateRequestParam,
)

from sentra_tui.domain.config import AuxConfig
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.client_events import ClientEvent
from sentra_tui.protocol.codec import decode, encode
from sentra_tui.protocol.server_events import KnownServerEvent, Unknown
from sentra_tui.protocol.session_config import mic_session, speaker_session
from tests.protocol.official_schema import SchemaError, check
from tests.strategies import TEXT, values_of

PROFILE = ProviderProfile()
SAMPLES: list[ClientEvent] = [
    c.SessionUpdate({"type": "realtime", "output_modalities": ["audio"]}, event_id="event_1"),
    c.InputAudioBufferAppend("AAAA"),
    c.InputAudioBufferCommit(event_id="event_2"),
    c.InputAudioBufferClear(),
    c.OutputAudioBufferClear(event_id="event_3"),
    c.ConversationItemCreate(c.MessageItem("user", (c.InputText("why?"),), id="typed_1"), event_id="event_4"),
    c.ConversationItemCreate(c.MessageItem("system", (c.InputText("be brief"),)), previous_item_id="root"),
    c.ConversationItemCreate(c.MessageItem("assistant", (c.OutputText("because"),))),
    c.ConversationItemRetrieve("item_1"),
    c.ConversationItemTruncate("item_1", 0, 0),
    c.ConversationItemDelete("item_1"),
    c.ResponseCreate(event_id="event_5"),
    c.ResponseCreate(c.ResponseParams("briefly", ("text",), 40, "none", {"purpose": "note"})),
    c.ResponseCancel(),
    c.ResponseCancel("resp_1", event_id="event_6"),
]

_parts = {"user": c.InputText, "system": c.InputText, "assistant": c.OutputText}
_items = st.sampled_from(("user", "system", "assistant")).flatmap(
    lambda role: st.builds(
        c.MessageItem, st.just(role), st.lists(st.builds(_parts[role], TEXT), max_size=3).map(tuple), id=TEXT
    )
)
_sessions = st.one_of(
    st.builds(
        mic_session,
        values_of(ProviderProfile),
        values_of(AuxConfig),
        values_of(StreamSettings),
    ),
    st.builds(speaker_session, values_of(ProviderProfile), values_of(StreamSettings)),
)
_WITH_PARTS = (c.SessionUpdate, c.ConversationItemCreate, c.ResponseCreate)


def _response_create(event: c.ResponseCreate, items: tuple[c.MessageItem, ...] | None) -> c.ResponseCreate:
    return event if event.response is None else replace(event, response=replace(event.response, input=items))


CLIENT_EVENTS = st.one_of(
    st.builds(c.SessionUpdate, _sessions, event_id=TEXT),
    st.builds(c.ConversationItemCreate, _items, TEXT, event_id=TEXT),
    st.builds(_response_create, values_of(c.ResponseCreate), st.none() | st.lists(_items, max_size=2).map(tuple)),
    *[values_of(kind) for kind in get_args(ClientEvent) if kind not in _WITH_PARTS],
)


def wire(event: ClientEvent) -> Any:
    return json.loads(encode(event))


def test_there_is_a_sample_of_every_client_event() -> None:
    assert {type(event) for event in SAMPLES} == set(get_args(ClientEvent))


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_a_client_event_is_what_the_official_types_allow(event: ClientEvent) -> None:
    check(wire(event), RealtimeClientEventParam)


@given(CLIENT_EVENTS)
def test_any_client_event_is_what_the_official_types_allow(event: ClientEvent) -> None:
    check(wire(event), RealtimeClientEventParam)


def test_our_client_events_have_every_official_name() -> None:
    kinds = [get_type_hints(kind)["type"] for kind in get_args(RealtimeClientEventParam)]
    official = {get_args(kind)[0] for kind in kinds}
    ours = {wire(event)["type"] for event in SAMPLES}
    assert ours == official


@pytest.mark.parametrize("voice", [False, True])
@pytest.mark.parametrize("language", ["", "de"])
def test_the_microphone_session_is_what_the_official_types_allow(voice: bool, language: str) -> None:
    session = mic_session(PROFILE, AuxConfig(), StreamSettings(language=language, voice=voice))
    check(session, RealtimeSessionCreateRequestParam)
    check({"session": session}, ClientSecretCreateParams)


@pytest.mark.parametrize("model", ["gpt-transcribe", "gpt-live-transcribe"])
def test_the_speaker_session_is_what_the_official_types_allow(model: str) -> None:
    session = speaker_session(ProviderProfile(speaker_transcription_model=model), StreamSettings(language="de"))
    check(session, RealtimeTranscriptionSessionCreateRequestParam)
    check({"session": session}, ClientSecretCreateParams)


@pytest.mark.parametrize("place", [(), ("audio",), ("audio", "input"), ("audio", "input", "turn_detection")])
def test_a_planted_unknown_key_fails_at_every_depth(place: tuple[str, ...]) -> None:
    session = mic_session(PROFILE, AuxConfig(), StreamSettings())
    table = session
    for key in place:
        table = table[key]
    table["temperature"] = 0.8
    with pytest.raises(SchemaError, match="temperature"):
        check(wire(c.SessionUpdate(session)), RealtimeClientEventParam)


def test_a_wrong_type_and_a_missing_key_fail() -> None:
    with pytest.raises(SchemaError, match="content_index"):
        check({"type": "conversation.item.truncate", "item_id": "a", "audio_end_ms": 1}, RealtimeClientEventParam)
    with pytest.raises(SchemaError, match="max_output_tokens"):
        check({"type": "realtime", "max_output_tokens": "many"}, RealtimeSessionCreateRequestParam)


def official_server_events() -> dict[str, Any]:
    kinds = get_args(get_args(RealtimeServerEvent)[0])
    return {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in kinds}


OFFICIAL = [kind for kind in get_args(KnownServerEvent) if kind is not s.InputAudioTranscriptionUpdated]
"""All but the one that is xAI's own."""


@pytest.mark.parametrize("kind", OFFICIAL, ids=lambda kind: kind.__name__)
def test_a_server_event_has_an_official_name_and_official_fields(kind: Any) -> None:
    official = official_server_events()[kind.__struct_config__.tag]
    assert set(kind.__struct_fields__) <= set(official.model_fields)


def test_every_official_server_event_is_read_without_an_error() -> None:
    known = {kind.__struct_config__.tag for kind in get_args(KnownServerEvent)}
    beta = {"conversation.item.created"}
    for name in official_server_events():
        event = decode(json.dumps({"type": name, "event_id": "event_1"}))
        assert isinstance(event, Unknown) == (name not in known | beta), name
