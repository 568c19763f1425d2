"""What the broker answers where it gives no secret: JSON of one shape, `{"error": {"message", "type", "code"}}`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sentra_tui.domain.errors import SentraError

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Refusal(SentraError):
    """A request that is refused; says nothing of what the client sent in secret."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] = _NO_HEADERS, outcome: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers
        self.outcome = outcome or code
        """What the audit calls it, and the client is not told."""

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the response."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        return {"error": {"message": self.message, "type": kind, "code": self.code}}
