"""The conversation of a session over HTTP: what is sent with a question."""

from __future__ import annotations

import pytest

from sentra_tui.domain.voice_ports import ChatMessage
from sentra_tui.protocol.client_events import InputText, MessageItem, OutputText
from sentra_tui.protocol.http_session.conversation import HISTORY_TOKENS, Conversation
from sentra_tui.protocol.http_session.refused import Refused
from sentra_tui.protocol.http_session.requests import Names


def typed(item_id: str, text: str) -> MessageItem:
    return MessageItem("user", (InputText(text),), id=item_id)


def texts(talk: Conversation, turn_id: str = "") -> list[str]:
    return [message.text for message in talk.messages("", turn_id)]


def test_items_are_sent_in_their_order_behind_the_instructions() -> None:
    talk = Conversation(Names())
    talk.create(typed("b", "second"), "")
    talk.create(typed("a", "first"), "root")
    talk.create(MessageItem("assistant", (OutputText("between"),), id="c"), "a")
    assert talk.messages("Be brief.") == (
        ChatMessage("system", "Be brief."),
        ChatMessage("user", "first"),
        ChatMessage("assistant", "between"),
        ChatMessage("user", "second"),
    )


def test_the_turn_that_is_answered_comes_last() -> None:
    talk = Conversation(Names())
    talk.hear("item_1")
    talk.create(typed("ctx_1", "said by others"), "")
    talk.write("item_1", "a question")
    assert texts(talk, "item_1") == ["said by others", "a question"]


def test_only_the_newest_items_are_sent() -> None:
    talk = Conversation(Names())
    for number in range(20):
        talk.create(typed(f"typed_{number}", f"{number:02} " + "word " * 800), "")
    kept = texts(talk)
    assert 1 <= len(kept) < 20
    assert sum(len(text) for text in kept) // 4 <= HISTORY_TOKENS
    assert kept[-1].startswith("19")


def test_what_is_not_there_is_refused_as_a_server_would() -> None:
    talk = Conversation(Names())
    talk.create(typed("a", "first"), "")
    with pytest.raises(Refused) as refused:
        talk.create(typed("a", "again"), "")
    assert refused.value.code == "item_already_exists"
    for step in (talk.delete, talk.retrieve):
        with pytest.raises(Refused):
            step("nobody")
    with pytest.raises(Refused):
        talk.create(typed("b", "second"), "nobody")
    assert texts(talk) == ["first"]


def test_an_answer_is_cut_to_the_words_that_were_heard() -> None:
    talk = Conversation(Names())
    talk.answer("item_1", spoken=True)
    talk.write("item_1", "one two three four five six")
    talk.cut("item_1", "one two three four", 2_000)
    talk.write("item_1", "one two three four five six seven")
    assert texts(talk) == ["one two three four"]
    talk.truncate("item_1", 1_000, 1.0)
    assert texts(talk) == ["one two"]


def test_an_id_that_the_client_took_is_not_given_out() -> None:
    talk = Conversation(Names())
    talk.create(typed("item_1", "mine"), "")
    assert talk.new_id() == "item_2"


def test_an_id_that_was_given_out_is_not_the_clients_to_take() -> None:
    talk = Conversation(Names())
    item_id = talk.new_id()
    with pytest.raises(Refused):
        talk.create(typed(item_id, "mine"), "")
    talk.answer(item_id, spoken=True)
    assert talk.holds(item_id)
