"""The assistants that clients made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.text.assistant_requests import AssistantRequest

MAX_ASSISTANTS = 200


class Assistants:
    """Keeps them; the oldest one makes room where there are many. `epoch_s` is the wall clock."""

    def __init__(self, epoch_s: Callable[[], float]) -> None:
        self._epoch_s = epoch_s
        self._assistants: dict[str, dict[str, Any]] = {}

    def make(self, request: AssistantRequest) -> dict[str, Any]:
        """Return a new assistant as the client sees it."""
        if len(self._assistants) >= MAX_ASSISTANTS:
            del self._assistants[next(iter(self._assistants))]
        head: dict[str, Any] = {"id": new_id("asst"), "object": "assistant", "created_at": int(self._epoch_s())}
        assistant = {**head, **msgspec.to_builtins(request), "metadata": request.metadata or {}, "tool_resources": {}}
        self._assistants[head["id"]] = assistant
        return assistant

    def find(self, assistant_id: str) -> dict[str, Any]:
        """Return an assistant; raises ApiError (404)."""
        if assistant_id not in self._assistants:
            raise ApiError(404, f"No assistant found with id '{assistant_id}'.")
        return self._assistants[assistant_id]

    def delete(self, assistant_id: str) -> None:
        """Forget an assistant; raises ApiError (404)."""
        self.find(assistant_id)
        del self._assistants[assistant_id]

    def list(self) -> list[dict[str, Any]]:
        """Return all, oldest first."""
        return list(self._assistants.values())
