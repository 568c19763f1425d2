"""The Conversations API (https://platform.openai.com/docs/api-reference/conversations)."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct, field

from sentra_tui.provider.text.conversations import Conversations, StoredConversation
from sentra_tui.provider.text.door import TextDoor, TextHandler, json_reply
from sentra_tui.provider.text.message_items import Items, kept_items
from sentra_tui.provider.text.paging import page
from sentra_tui.provider.text.request_body import read_body
from sentra_tui.provider.text_faults import TextFault

_ONE = "/v1/conversations/{id}"
_ITEMS = f"{_ONE}/items"
_ITEM = f"{_ITEMS}/{{item_id}}"


class _NewConversation(Struct, frozen=True, forbid_unknown_fields=True):
    items: Items | None = None
    metadata: dict[str, str] | None = None


class _Metadata(Struct, frozen=True, forbid_unknown_fields=True):
    metadata: dict[str, str] = field(default_factory=dict)


class _NewItems(Struct, frozen=True, forbid_unknown_fields=True):
    items: Items


class ConversationsApi:
    """The routes of conversations and their items."""

    def __init__(self, door: TextDoor, conversations: Conversations) -> None:
        self._door = door
        self._conversations = conversations

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        handlers: list[tuple[str, str, TextHandler]] = [
            ("POST", "/v1/conversations", self._create),
            ("GET", _ONE, self._retrieve),
            ("POST", _ONE, self._update),
            ("DELETE", _ONE, self._delete),
            ("POST", _ITEMS, self._add),
            ("GET", _ITEMS, self._list),
            ("GET", _ITEM, self._retrieve_item),
            ("DELETE", _ITEM, self._delete_item),
        ]
        return [web.route(verb, path, self._door.guard("conversations", handler)) for verb, path, handler in handlers]

    async def close(self) -> None:
        """Nothing goes on behind these routes."""

    async def _create(self, request: web.Request, fault: TextFault) -> web.Response:
        wanted = await read_body(request, _NewConversation)
        created = self._conversations.create(kept_items(wanted.items or []), wanted.metadata or {})
        return json_reply(created.describe(), fault)

    async def _retrieve(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(self._found(request).describe(), fault)

    async def _update(self, request: web.Request, fault: TextFault) -> web.Response:
        conversation = self._found(request)
        conversation.metadata = (await read_body(request, _Metadata)).metadata
        return json_reply(conversation.describe(), fault)

    async def _delete(self, request: web.Request, fault: TextFault) -> web.Response:
        conversation_id = request.match_info["id"]
        self._conversations.delete(conversation_id)
        return json_reply({"id": conversation_id, "object": "conversation.deleted", "deleted": True}, fault)

    async def _add(self, request: web.Request, fault: TextFault) -> web.Response:
        conversation = self._found(request)
        items = kept_items((await read_body(request, _NewItems)).items)
        conversation.require_unlocked()
        conversation.append(items)
        return json_reply(page(items, {"order": "asc"}), fault)

    async def _list(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(page(self._found(request).items, request.query), fault)

    async def _retrieve_item(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(self._found(request).item(request.match_info["item_id"]), fault)

    async def _delete_item(self, request: web.Request, fault: TextFault) -> web.Response:
        conversation = self._found(request)
        conversation.require_unlocked()
        conversation.delete_item(request.match_info["item_id"])
        return json_reply(conversation.describe(), fault)

    def _found(self, request: web.Request) -> StoredConversation:
        return self._conversations.find(request.match_info["id"])
