"""The Responses API (https://platform.openai.com/docs/api-reference/responses), in the background and streamed.

A response in the background goes on when its client is gone; one in the foreground ends with the connection.
"""

from __future__ import annotations

import contextlib

from aiohttp import web

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.text.door import TextDoor, TextHandler, json_reply
from sentra_tui.provider.text.paging import page, whole_number
from sentra_tui.provider.text.request_body import read_body
from sentra_tui.provider.text.response_request import ResponseRequest
from sentra_tui.provider.text.responses import Responses
from sentra_tui.provider.text.sse import EventStream
from sentra_tui.provider.text.stored_response import StoredResponse
from sentra_tui.provider.text_faults import TextFault

_ONE = "/v1/responses/{id}"


class ResponsesApi:
    """The routes of responses."""

    def __init__(self, door: TextDoor, responses: Responses) -> None:
        self._door = door
        self._responses = responses

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        handlers: list[tuple[str, str, TextHandler]] = [
            ("POST", "/v1/responses", self._create),
            ("GET", _ONE, self._retrieve),
            ("DELETE", _ONE, self._delete),
            ("POST", f"{_ONE}/cancel", self._cancel),
            ("GET", f"{_ONE}/input_items", self._input_items),
        ]
        return [web.route(verb, path, self._door.guard("responses", handler)) for verb, path, handler in handlers]

    async def close(self) -> None:
        """End the responses under way."""
        await self._responses.close()

    async def _create(self, request: web.Request, fault: TextFault) -> web.StreamResponse:
        wanted = await read_body(request, ResponseRequest)
        self._require_known(wanted)
        response = self._responses.begin(wanted, fault)
        if wanted.background:
            return await self._answer(request, fault, response)
        try:
            return await self._answer(request, fault, response)
        finally:
            self._responses.cancel(response)

    async def _retrieve(self, request: web.Request, fault: TextFault) -> web.StreamResponse:
        response = self._found(request)
        if request.query.get("stream") != "true":
            return json_reply(response.describe(), fault)
        if not (response.request.stream and response.request.background):
            raise ApiError(400, "This response cannot be streamed: it was not created in the background with stream.")
        after = request.query.get("starting_after")
        begin = -1 if after is None else whole_number(after, "starting_after")
        return await _stream(request, fault, response, begin)

    async def _delete(self, request: web.Request, fault: TextFault) -> web.Response:
        response_id = request.match_info["id"]
        self._responses.delete(response_id)
        return json_reply({"id": response_id, "object": "response", "deleted": True}, fault)

    async def _cancel(self, request: web.Request, fault: TextFault) -> web.Response:
        response = self._found(request)
        if not response.request.background:
            raise ApiError(400, "Cannot cancel a synchronous response.")
        self._responses.cancel(response)
        return json_reply(response.describe(), fault)

    async def _input_items(self, request: web.Request, fault: TextFault) -> web.Response:
        return json_reply(page(self._found(request).items, request.query), fault)

    async def _answer(self, request: web.Request, fault: TextFault, response: StoredResponse) -> web.StreamResponse:
        if response.request.stream and not fault.no_reply:
            return await _stream(request, fault, response)
        if not response.request.background:
            await response.ended.wait()
        return json_reply(response.describe(), fault)

    def _require_known(self, wanted: ResponseRequest) -> None:
        """Raise ApiError (400) for what the plan says this server is without."""
        asked = (("background", bool(wanted.background)), ("conversation", bool(wanted.conversation_id)))
        lacking = (self._door.lacks("background"), self._door.lacks("conversations"))
        for (param, wants), lacks in zip(asked, lacking, strict=True):
            if wants and lacks:
                raise ApiError(400, f"Unsupported parameter: '{param}'.", code="unsupported_parameter", param=param)

    def _found(self, request: web.Request) -> StoredResponse:
        return self._responses.find(request.match_info["id"])


async def _stream(
    request: web.Request, fault: TextFault, response: StoredResponse, after: int = -1
) -> web.StreamResponse:
    async with EventStream(request, fault) as stream, contextlib.aclosing(response.events(after)) as events:
        async for event in events:
            await stream.send(event, event["type"])
    return stream.response
