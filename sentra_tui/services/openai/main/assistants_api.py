"""The requests of the Assistants API v2, as the servers that still have it take them.

OpenAI removed it on 2026-08-26. Source: the types of the official SDK (`openai.types.beta`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sentra_tui.domain.errors import TransportError, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import PATIENT_S, ApiClient
from sentra_tui.services.openai.main.response_objects import safe_name
from sentra_tui.services.openai.main.retry import Retry
from sentra_tui.services.openai.main.text_status import text_refusal
from sentra_tui.services.openai.reply import Reply

_HEADERS = {"OpenAI-Beta": "assistants=v2"}
_OVER = (400, 404, 409, 410)


class AssistantsApi:
    """Makes assistants, threads, messages and runs with the key that `key` gives.

    Names that come from elsewhere are checked by `safe_name` before they get here. All raise like ApiClient.
    """

    def __init__(self, client: ApiClient, key: Callable[[], Secret], retry: Retry) -> None:
        self._client = client
        self._key = key
        self._retry = retry

    async def make(self, path: str, body: dict[str, Any]) -> str:
        """Post to a collection and return the name of what it made; raises NotSupported where there is none."""
        return self.name_of(await self.post(path, body), collection=True)

    async def post(self, path: str, body: dict[str, Any]) -> Reply:
        """Post and return the reply, once the server stops asking for patience."""
        return await self._retry.reply(
            lambda: self._client.post(path, self._key(), deadline_s=PATIENT_S, headers=_HEADERS, json=body)
        )

    async def look(self, thread_id: str, run_id: str) -> Reply:
        """Return a run as it stands."""
        return await self._client.get(
            f"/threads/{thread_id}/runs/{run_id}", self._key(), deadline_s=PATIENT_S, headers=_HEADERS
        )

    async def messages(self, thread_id: str, run_id: str) -> Reply:
        """Return what a run said, oldest first."""
        params: dict[str, str | int] = {"run_id": run_id, "order": "asc", "limit": 100}
        path = f"/threads/{thread_id}/messages"
        return await self._retry.reply(
            lambda: self._client.get(path, self._key(), deadline_s=PATIENT_S, headers=_HEADERS, params=params)
        )

    async def cancel(self, thread_id: str, run_id: str) -> None:
        """Stop a run; one that is over, or unknown, is no error."""
        path = f"/threads/{thread_id}/runs/{run_id}/cancel"
        reply = await self._retry.reply(
            lambda: self._client.post(path, self._key(), deadline_s=PATIENT_S, headers=_HEADERS)
        )
        if reply.status >= 300 and reply.status not in _OVER:
            raise self.refusal(reply)

    def name_of(self, reply: Reply, *, collection: bool = False) -> str:
        """Return the id of what was made; raises what a refusal means."""
        if reply.status >= 300:
            raise self.refusal(reply, collection=collection)
        body = reply.json()
        name = safe_name(body.get("id")) if isinstance(body, dict) else ""
        if not name:
            label = self._client.endpoint.label
            raise TransportRefused(f"{label} answered without a name ({reply.status}).", hint="Check base_url.")
        return name

    def refusal(self, reply: Reply, *, collection: bool = False) -> TransportError:
        """Return what a reply of status 300 or more means."""
        return text_refusal(reply, self._client.endpoint, collection=collection)
