"""The requests of the Responses and Conversations APIs.

Source: https://platform.openai.com/docs/api-reference/responses, …/conversations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sentra_tui.domain.main_run import MainRequest
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import PATIENT_S, ApiClient
from sentra_tui.services.openai.main.retry import Retry
from sentra_tui.services.openai.main.text_status import text_refusal
from sentra_tui.services.openai.reply import Reply, ReplyStream

_RESPONSES, _CONVERSATIONS = "/responses", "/conversations"
_OVER = (400, 404, 405, 409, 410)
_LEAST_OUTPUT_TOKENS = 16
_MOST_METADATA_CHARS = 512


class ResponsesApi:
    """Asks for responses with the key that `key` gives, which may raise CredentialRefused.

    Names of runs that come from elsewhere are checked by `safe_name` before they get here. All raise like ApiClient.
    """

    def __init__(self, client: ApiClient, key: Callable[[], Secret], retry: Retry) -> None:
        self._client = client
        self._key = key
        self._retry = retry

    async def converse(self) -> Reply:
        """Make a conversation."""
        return await self._retry.reply(
            lambda: self._client.post(_CONVERSATIONS, self._key(), deadline_s=PATIENT_S, json={})
        )

    async def create(self, body: dict[str, Any], *, silence_s: float) -> ReplyStream | Reply:
        """Begin a response; return what comes of it, or the reply that refuses it."""
        return await self._retry.stream(
            lambda: self._client.stream("POST", _RESPONSES, self._key(), silence_s=silence_s, json=body)
        )

    async def look(self, run_id: str) -> Reply:
        """Return the response as it stands."""
        return await self._client.get(f"{_RESPONSES}/{run_id}", self._key(), deadline_s=PATIENT_S)

    async def resume(self, run_id: str, sequence_number: int | None) -> ReplyStream:
        """Return the stream of a response, after this event or from its beginning, or what refuses that."""
        params: dict[str, str | int] = {"stream": "true"}
        if sequence_number is not None:
            params["starting_after"] = sequence_number
        return await self._client.stream("GET", f"{_RESPONSES}/{run_id}", self._key(), params=params)

    async def cancel(self, run_id: str) -> None:
        """Stop a response; one that is over, or unknown, is no error."""
        reply = await self._retry.reply(
            lambda: self._client.post(f"{_RESPONSES}/{run_id}/cancel", self._key(), deadline_s=PATIENT_S)
        )
        if reply.status >= 300 and reply.status not in _OVER:
            raise text_refusal(reply, self._client.endpoint)


def response_body(request: MainRequest, text: str, **more: Any) -> dict[str, Any]:
    """Return what begins a stored response to `text`."""
    return {
        "model": request.model,
        "instructions": request.instructions,
        "input": text,
        "max_output_tokens": max(request.max_output_tokens, _LEAST_OUTPUT_TOKENS),
        "metadata": {"question_id": request.question_id[:_MOST_METADATA_CHARS]},
        "store": True,
        **more,
    }
