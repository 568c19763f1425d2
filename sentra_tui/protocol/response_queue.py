"""One response at a time: a session refuses a second, so asking waits until the first is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum

from sentra_tui.protocol.client_events import ClientEvent, ResponseCancel, ResponseCreate, ResponseParams

ALREADY_ACTIVE = "conversation_already_has_active_response"
CANCEL_NOT_ACTIVE = "response_cancel_not_active"

FINISHED_KEPT = 64


class QueueState(StrEnum):
    """What the session is busy with."""

    FREE = "free"
    CREATE_REQUESTED = "create_requested"
    ACTIVE = "active"
    CANCEL_REQUESTED = "cancel_requested"


PATIENCE_MS = {
    QueueState.CREATE_REQUESTED: 10_000,
    QueueState.ACTIVE: 60_000,
    QueueState.CANCEL_REQUESTED: 5_000,
}
"""How long the server may be silent before the queue no longer waits for it."""


class ResponseQueue:
    """Lets out one `response.create` at a time, and knows which response is under way.

    A server with turn detection also creates responses itself; those fill the queue as ours do. Methods return what
    to send.
    """

    def __init__(self, next_event_id: Callable[[], str]) -> None:
        self._next_event_id = next_event_id
        self._state = QueueState.FREE
        self._since_ms = 0
        self._active_id = ""
        self._sent: ResponseCreate | None = None
        self._pending: deque[ResponseParams | None] = deque()
        self._finished: deque[str] = deque(maxlen=FINISHED_KEPT)

    @property
    def state(self) -> QueueState:
        """What the session is busy with."""
        return self._state

    @property
    def active_id(self) -> str:
        """The response under way; empty where there is none, or its name was not told yet."""
        return self._active_id

    @property
    def sent(self) -> ResponseParams | None:
        """What the request says that was sent and is not settled."""
        return None if self._sent is None else self._sent.response

    @property
    def asked(self) -> bool:
        """Whether somebody asked for a response that has not begun."""
        return bool(self._pending) or self._state is QueueState.CREATE_REQUESTED

    def request(self, now_ms: int, response: ResponseParams | None = None) -> list[ClientEvent]:
        """Ask for a response: now, or once the session is free.

        A plain one that waits already answers everything said until then, so a second adds nothing.
        """
        if response is not None or None not in self._pending:
            self._pending.append(response)
        return self._next(now_ms)

    def created(self, response_id: str, now_ms: int) -> None:
        """A response began: ours, or one that the server created itself."""
        if response_id in self._finished or response_id == self._active_id:
            return
        cancelled_unnamed = self._state is QueueState.CANCEL_REQUESTED and not self._active_id
        self._active_id = response_id
        if not cancelled_unnamed:
            self._enter(QueueState.ACTIVE, now_ms)

    def touch(self, now_ms: int) -> None:
        """The response under way gave a sign of life."""
        if self._state is QueueState.ACTIVE:
            self._since_ms = now_ms

    def done(self, response_id: str, now_ms: int) -> list[ClientEvent]:
        """A response is over."""
        if response_id in self._finished:
            return []
        self._finished.append(response_id)
        if self._active_id not in ("", response_id):
            return []
        return self._free(now_ms)

    def cancel(self, now_ms: int) -> list[ClientEvent]:
        """Stop the response under way, or the one just asked for."""
        if self._state not in (QueueState.CREATE_REQUESTED, QueueState.ACTIVE):
            return []
        self._sent = None
        self._enter(QueueState.CANCEL_REQUESTED, now_ms)
        return [ResponseCancel(self._active_id, event_id=self._next_event_id())]

    def error(self, code: str, event_id: str, now_ms: int) -> list[ClientEvent]:
        """The server reported an error; `event_id` names what caused it, where that is known."""
        sent = self._sent if self._sent is not None and event_id in ("", self._sent.event_id) else None
        if code == CANCEL_NOT_ACTIVE:
            return self._free(now_ms) if self._state is QueueState.CANCEL_REQUESTED else []
        if code == ALREADY_ACTIVE and sent is not None:
            self._requeue(sent, now_ms)
        elif sent is not None and event_id and self._state is QueueState.CREATE_REQUESTED:
            return self._free(now_ms)
        return []

    def overdue(self, now_ms: int) -> bool:
        """Return whether the server has been silent for too long."""
        return self._state is not QueueState.FREE and now_ms - self._since_ms >= PATIENCE_MS[self._state]

    def release(self, now_ms: int) -> list[ClientEvent]:
        """Give up what is under way."""
        if self._active_id:
            self._finished.append(self._active_id)
        return self._free(now_ms)

    def _requeue(self, sent: ResponseCreate, now_ms: int) -> None:
        """Another response was under way, told of or not: ask again once it is over."""
        self._pending.appendleft(sent.response)
        self._sent = None
        if self._state is QueueState.CREATE_REQUESTED:
            self._enter(QueueState.ACTIVE, now_ms)

    def _free(self, now_ms: int) -> list[ClientEvent]:
        self._active_id = ""
        self._sent = None
        self._enter(QueueState.FREE, now_ms)
        return self._next(now_ms)

    def _next(self, now_ms: int) -> list[ClientEvent]:
        if self._state is not QueueState.FREE or not self._pending:
            return []
        self._sent = ResponseCreate(self._pending.popleft(), event_id=self._next_event_id())
        self._enter(QueueState.CREATE_REQUESTED, now_ms)
        return [self._sent]

    def _enter(self, state: QueueState, now_ms: int) -> None:
        self._state = state
        self._since_ms = now_ms
