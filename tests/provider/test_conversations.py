from __future__ import annotations

from typing import Any

import pytest
from openai import APIStatusError, BadRequestError, NotFoundError
from openai._models import validate_type
from openai.types.conversations import Conversation, ConversationItem, ConversationItemList

from sentra_tui.provider.text.conversations import MAX_ITEMS, StoredConversation
from sentra_tui.provider.text.message_items import kept_items
from tests.provider.official import MODEL, QUESTION, official, plain
from tests.provider.test_responses import STUCK, poll

HELLO: Any = [{"type": "message", "role": "user", "content": "Hello."}]


def texts(items: Any) -> list[str]:
    return [item.content[0].text for item in items]


async def test_a_conversation_lives_from_its_creation_to_its_deletion() -> None:
    async with official() as client:
        created = await client.conversations.create(items=HELLO, metadata={"talk": "1"})
        assert (await client.conversations.retrieve(created.id)) == created
        updated = await client.conversations.update(created.id, metadata={"talk": "2"})
        assert updated.metadata == {"talk": "2"}
        assert (await client.conversations.delete(created.id)).deleted
        with pytest.raises(NotFoundError):
            await client.conversations.retrieve(created.id)


async def test_conversations_have_the_official_shapes() -> None:
    async with plain() as http:
        created = (await http.post("conversations", json={})).json()
        validate_type(type_=Conversation, value=created)
        path = f"conversations/{created['id']}/items"
        assistant = [{"role": "assistant", "content": [{"type": "output_text", "text": "Hi."}]}]
        added = (await http.post(path, json={"items": HELLO + assistant})).json()
        listed = (await http.get(path)).json()
        for shown in (added, listed):
            validate_type(type_=ConversationItemList, value=shown)
        item = (await http.get(f"{path}/{added['first_id']}")).json()
        validate_type(type_=ConversationItem, value=item)  # type: ignore[arg-type]
    assert listed["data"] == added["data"][::-1]
    assert item == added["data"][0]


async def test_items_are_added_listed_in_pages_and_deleted() -> None:
    async with official() as client:
        conversation = await client.conversations.create()
        items: Any = [{"role": "user", "content": str(number)} for number in range(5)]
        added = await client.conversations.items.create(conversation.id, items=items)
        listed = await client.conversations.items.list(conversation.id, limit=2, order="asc")
        assert listed.has_more
        assert texts([item async for item in listed]) == ["0", "1", "2", "3", "4"]
        newest_first = await client.conversations.items.list(conversation.id, after=added.data[2].id or "")
        assert texts(newest_first.data) == ["1", "0"]
        await client.conversations.items.delete(added.data[0].id or "", conversation_id=conversation.id)
        assert len((await client.conversations.items.list(conversation.id)).data) == 4


async def test_at_most_twenty_items_are_taken_at_once() -> None:
    async with official() as client:
        items: Any = HELLO * 21
        with pytest.raises(BadRequestError) as refusal:
            await client.conversations.create(items=items)
        assert refusal.value.param == "items"


async def test_a_response_puts_what_was_said_into_its_conversation() -> None:
    async with official() as client:
        conversation = await client.conversations.create(items=HELLO)
        first = await client.responses.create(model=MODEL, input=QUESTION, conversation=conversation.id)
        listed = await client.conversations.items.list(conversation.id, order="asc")
        assert texts(listed.data) == ["Hello.", QUESTION, first.output_text]
        second = await client.responses.create(
            model=MODEL, input="Go on.", conversation={"id": conversation.id}, background=True
        )
        assert second.conversation is not None
        assert second.conversation.id == conversation.id
        ended = await poll(client, second)
        assert ended.usage is not None
        assert ended.usage.input_tokens_details.cached_tokens == 6 + len(first.output_text.split())


async def test_a_conversation_takes_one_writer_at_a_time() -> None:
    async with official(STUCK) as client:
        conversation = await client.conversations.create(items=HELLO)
        running = await client.responses.create(
            model=MODEL, input=QUESTION, conversation=conversation.id, background=True
        )
        attempts = [
            client.responses.create(model=MODEL, input=QUESTION, conversation=conversation.id, background=True),
            client.conversations.items.create(conversation.id, items=HELLO),
            client.conversations.delete(conversation.id),
        ]
        for attempt in attempts:
            with pytest.raises(APIStatusError) as refusal:
                await attempt
            assert (refusal.value.status_code, refusal.value.code, refusal.value.param) == (
                400,
                "conversation_locked",
                "conversation",
            )
        await client.responses.cancel(running.id)
        await client.conversations.items.create(conversation.id, items=HELLO)
        assert len((await client.conversations.items.list(conversation.id)).data) == 2


def test_a_conversation_forgets_its_oldest_items() -> None:
    conversation = StoredConversation(0, {})
    for number in range(MAX_ITEMS + 5):
        conversation.append(kept_items(str(number)))
    assert len(conversation.items) == MAX_ITEMS
    assert conversation.items[0]["content"][0]["text"] == "5"
