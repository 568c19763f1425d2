"""Actions and changes as they cross between processes: one JSON object a line."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import Action
from sentra_tui.domain.changes import Change
from tests.strategies import values_of

FEW = settings(max_examples=25)
ACTIONS = msgspec.json.Decoder(Action)
CHANGES = msgspec.json.Decoder(Change)


@pytest.mark.parametrize("kind", get_args(Action), ids=lambda kind: kind.__name__)
@FEW
@given(st.data())
def test_an_action_comes_back_as_it_was(kind: Any, data: st.DataObject) -> None:
    action = data.draw(values_of(kind))
    line = msgspec.json.encode(action)
    assert b"\n" not in line
    assert ACTIONS.decode(line) == action


@pytest.mark.parametrize("kind", get_args(Change), ids=lambda kind: kind.__name__)
@FEW
@given(st.data())
def test_a_change_comes_back_as_it_was(kind: Any, data: st.DataObject) -> None:
    change = data.draw(values_of(kind))
    line = msgspec.json.encode(change)
    assert b"\n" not in line
    assert CHANGES.decode(line) == change


@pytest.mark.parametrize("kind", [*get_args(Action), *get_args(Change)], ids=lambda kind: kind.__name__)
def test_nothing_is_called_as_something_else(kind: Any) -> None:
    tags = [other.__struct_config__.tag for other in [*get_args(Action), *get_args(Change)]]
    assert tags.count(kind.__struct_config__.tag) == 1


def test_an_object_is_tagged_by_its_type_in_snake_case() -> None:
    assert json.loads(msgspec.json.encode(a.SetMute("mic", True))) == {
        "type": "set_mute",
        "stream": "mic",
        "muted": True,
    }
    assert json.loads(msgspec.json.encode(c.SourceEnded("mic"))) == {"type": "source_ended", "stream": "mic"}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[]",
        '{"type":"sing"}',
        '{"type":"quit","now":true}',
        '{"type":"set_mute","stream":"mic"}',
        '{"type":"set_mute","stream":"mic","muted":"yes"}',
        '{"type":"connect_stream","stream":"../../etc"}',
        '{"type":"connect_stream","stream":"mic\\n"}',
        '{"type":"say_text","text":""}',
        json.dumps({"type": "say_text", "text": "x" * 32_001}),
    ],
)
def test_an_action_that_does_not_fit_is_refused(line: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        ACTIONS.decode(line)


def test_a_reader_of_changes_ignores_fields_that_it_does_not_know() -> None:
    assert CHANGES.decode('{"type":"source_ended","stream":"mic","new_in_2":1}') == c.SourceEnded("mic")
