"""What a server answers to a client event that it will not carry out."""

from __future__ import annotations

from typing import Any

from sentra_tui.domain.errors import ProtocolError


class Refused(ProtocolError):
    """A client event cannot be carried out: it becomes an `error` event, and the session stays as it was."""

    def __init__(self, message: str, *, code: str = "invalid_value", param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.param = param

    def details(self, event_id: str = "") -> dict[str, Any]:
        """Return the details of the `error` event; `event_id` names what caused it."""
        return {
            "type": "invalid_request_error",
            "code": self.code,
            "message": self.message,
            "param": self.param or None,
            "event_id": event_id or None,
        }
