from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.services.transport import wrapping
from sentra_tui.services.transport.wrapping import Unwrapper

MESSAGES = st.lists(st.text(max_size=200), min_size=1, max_size=6)


def encoded(message: str) -> str:
    return base64.b64encode(message.encode()).decode()


def whole(message: str, name: str = "event_1") -> str:
    return json.dumps({"type": "full_message", "id": name, "data": encoded(message)})


def piece(name: str, data: str, index: Any, total: Any) -> str:
    fields = {"id": name, "data": data, "fragment_index": index, "total_fragments": total}
    return json.dumps({"type": "partial_message", **fields})


def pieces(name: str, message: str, size: int) -> list[str]:
    data = encoded(message)
    cut = [data[start : start + size] for start in range(0, max(len(data), 1), size)]
    return [piece(name, each, index, len(cut)) for index, each in enumerate(cut)]


def fed(unwrapper: Unwrapper, arriving: list[str]) -> list[str]:
    return [message for each in arriving if (message := unwrapper.feed(each)) is not None]


ODD_PIECES = st.builds(piece, st.sampled_from("ab"), st.text(max_size=8), st.integers(0, 3), st.integers(0, 3))


@given(MESSAGES, st.integers(1, 50), st.randoms(use_true_random=False))
def test_pieces_in_any_order_and_mixed_give_each_message_once(messages: list[str], size: int, chance: Any) -> None:
    arriving = [each for number, message in enumerate(messages) for each in pieces(f"event_{number}", message, size)]
    chance.shuffle(arriving)
    assert sorted(fed(Unwrapper(), arriving)) == sorted(messages)


@given(MESSAGES, st.integers(1, 50))
def test_messages_in_order_stay_in_order(messages: list[str], size: int) -> None:
    unwrapper = Unwrapper()
    arriving = [each for number, message in enumerate(messages) for each in [*pieces(f"e{number}", message, size)]]
    assert fed(unwrapper, arriving) == messages
    assert fed(unwrapper, [whole(message) for message in messages]) == messages


@given(st.text(min_size=4, max_size=60), st.data())
def test_a_piece_that_comes_twice_counts_once(message: str, data: st.DataObject) -> None:
    cut = pieces("event_1", message, 4)
    again = data.draw(st.integers(0, len(cut) - 1))
    assert fed(Unwrapper(), [*cut[: again + 1], *cut[again:]])[:1] == [message]


@given(st.text(max_size=300))
def test_what_is_no_envelope_is_a_message_itself(text: str) -> None:
    assert Unwrapper().feed(f"x{text}") == f"x{text}"


@pytest.mark.parametrize(
    "message",
    ['{"type":"session.created"}', "", "[]", "null", '{"type":"partial_message"}', piece("e", "YQ==", -1, 2)],
)
def test_plain_messages_pass(message: str) -> None:
    assert Unwrapper().feed(message) == message


@pytest.mark.parametrize(
    "message",
    [
        piece("e", "YQ==", 2, 2),
        piece("e", "YQ==", 0, 0),
        piece("e", "not base64", 0, 1),
        json.dumps({"type": "full_message", "data": "é"}),
        json.dumps({"type": "full_message", "data": "YQ"}),
    ],
)
def test_what_does_not_fit_together_is_dropped_and_the_next_message_is_read(message: str) -> None:
    unwrapper = Unwrapper()
    assert unwrapper.feed(message) is None
    assert unwrapper.feed(whole("hello")) == "hello"


@given(st.lists(st.text(max_size=40) | ODD_PIECES))
def test_garbage_raises_nothing(arriving: list[str]) -> None:
    fed(Unwrapper(), arriving)


def test_what_is_never_finished_is_given_up_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapping, "MAX_UNFINISHED_CHARS", 1_000)
    unwrapper = Unwrapper()
    first, last = pieces("first", "x" * 30, 20), pieces("last", "y" * 30, 20)
    assert fed(unwrapper, [first[0], *(piece(f"lost_{number}", "z" * 20, 0, 2) for number in range(10))]) == []
    assert fed(unwrapper, last) == ["y" * 30]
    assert fed(unwrapper, first[1:]) == []


def test_broken_utf_8_is_replaced() -> None:
    data = base64.b64encode(b'{"text":"\xff"}').decode()
    assert Unwrapper().feed(json.dumps({"type": "full_message", "data": data})) == '{"text":"\ufffd"}'
