from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.usage import Usage
from sentra_tui.protocol.codec import decode
from sentra_tui.protocol.server_events import InputAudioTranscriptionCompleted, ResponseDone
from sentra_tui.protocol.usage import COUNT_MAX, response_usage, transcription_usage

_COMPLETED = "conversation.item.input_audio_transcription.completed"
_totals = st.sampled_from(["input_tokens", "output_tokens", "seconds", "cached_tokens", "type"])
_details = st.sampled_from(["input_token_details", "output_token_details", "cached_tokens_details"])
_keys = _totals | _details | st.sampled_from(["text_tokens", "audio_tokens", "image_tokens"])
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_keys, inner, max_size=6),
    max_leaves=20,
)


def done(usage: Any) -> Usage | None:
    event = decode(json.dumps({"type": "response.done", "response": {"id": "r", "usage": usage}}))
    assert isinstance(event, ResponseDone)
    assert event.response.id == "r"
    return response_usage(event.response.usage)


def completed(usage: Any) -> Usage | None:
    event = decode(json.dumps({"type": _COMPLETED, "item_id": "i", "transcript": "yes", "usage": usage}))
    assert isinstance(event, InputAudioTranscriptionCompleted)
    assert event.transcript == "yes"
    return transcription_usage(event.usage)


def test_tokens_are_read_by_modality() -> None:
    usage = {
        "total_tokens": 253,
        "input_tokens": 132,
        "output_tokens": 121,
        "input_token_details": {
            "text_tokens": 100,
            "audio_tokens": 22,
            "image_tokens": 10,
            "cached_tokens": 64,
            "cached_tokens_details": {"text_tokens": 50, "audio_tokens": 10, "image_tokens": 4},
        },
        "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
    }
    assert done(usage) == Usage(100, 22, 10, 50, 10, 4, 30, 91)


def test_cached_tokens_without_details_are_taken_for_text_first() -> None:
    details = {"text_tokens": 10, "audio_tokens": 20, "image_tokens": 5, "cached_tokens": 25}
    usage = done({"input_tokens": 35, "output_tokens": 1, "input_token_details": details})
    assert usage == Usage(10, 20, 5, 10, 15, 0, text_out=1)


def test_more_cached_tokens_than_tokens_are_not_believed() -> None:
    details = {"text_tokens": 3, "cached_tokens": 99, "cached_tokens_details": {"text_tokens": 50, "audio_tokens": 7}}
    assert done({"input_tokens": 3, "input_token_details": details}) == Usage(text_in=3, cached_text_in=3)


def test_tokens_of_no_known_modality_are_text() -> None:
    assert done({"input_tokens": 12, "output_tokens": 7}) == Usage(text_in=12, text_out=7)
    part = {"input_tokens": 12, "output_tokens": 7, "output_token_details": {"audio_tokens": 5}}
    assert done(part) == Usage(text_in=12, text_out=2, audio_out=5)


@pytest.mark.parametrize("usage", [None, {}, [], "many", 7, {"input_tokens": None}, {"input_tokens": "a few"}])
def test_nothing_counted_is_no_usage(usage: Any) -> None:
    assert done(usage) is None
    assert completed(usage) is None


def test_a_part_that_cannot_be_read_leaves_the_others() -> None:
    assert done({"input_tokens": 5, "input_token_details": {"text_tokens": "x"}}) == Usage(text_in=5)


def test_a_transcription_is_counted_in_tokens_or_in_seconds() -> None:
    tokens = {"type": "tokens", "input_tokens": 40, "output_tokens": 9, "input_token_details": {"audio_tokens": 38}}
    assert completed(tokens) == Usage(audio_in=40, text_out=9)
    tokens["input_token_details"] = {"audio_tokens": 38, "text_tokens": 2}
    assert completed(tokens) == Usage(text_in=2, audio_in=38, text_out=9)
    assert completed({"type": "duration", "seconds": 3.5}) == Usage(seconds=3.5)


def test_counts_that_cannot_be_are_bounded() -> None:
    assert done({"input_tokens": 10**30, "output_tokens": 5}) == Usage(text_in=COUNT_MAX, text_out=5)
    assert done({"input_tokens": 2**62, "output_tokens": -5}) == Usage(text_in=COUNT_MAX)
    assert completed({"seconds": -3}) is None
    assert completed({"seconds": 1e300}) == Usage(seconds=COUNT_MAX)


@given(_json)
def test_any_usage_is_read_and_cached_tokens_stay_a_part_of_the_input(raw: Any) -> None:
    for usage in (done(raw), completed(raw)):
        if usage is not None:
            assert all(0 <= getattr(usage, name) <= 4 * COUNT_MAX for name in Usage.__struct_fields__)
            assert usage.cached_text_in <= usage.text_in
            assert usage.cached_audio_in <= usage.audio_in
            assert usage.cached_image_in <= usage.image_in


@pytest.mark.parametrize("metadata", [{"question_id": "q"}, {"n": 1}, "x", [1], None])
def test_metadata_of_any_kind_leaves_the_event_readable(metadata: Any) -> None:
    event = decode(json.dumps({"type": "response.done", "response": {"id": "r", "metadata": metadata}}))
    assert isinstance(event, ResponseDone)
    assert event.response.metadata == (metadata if metadata == {"question_id": "q"} else None)
