"""Every step that a stream's call can take."""

from __future__ import annotations

from enum import StrEnum

from sentra_tui.domain.state import Connection


class Step(StrEnum):
    """What can happen to a call."""

    CONNECT = "connect"
    CONNECTED = "connected"
    REPLACED = "replaced"
    SUSPECTED = "suspected"
    CLEARED = "cleared"
    LOST = "lost"
    EXHAUSTED = "exhausted"
    REFUSED = "refused"
    RETRY_DUE = "retry_due"
    RETRY_NOW = "retry_now"
    HANG_UP = "hang_up"


TABLE: dict[tuple[Connection, Step], Connection] = {
    (Connection.OFF, Step.CONNECT): Connection.CONNECTING,
    (Connection.CONNECTING, Step.CONNECTED): Connection.LIVE,
    (Connection.CONNECTING, Step.LOST): Connection.RECONNECTING,
    (Connection.CONNECTING, Step.EXHAUSTED): Connection.FAILED,
    (Connection.CONNECTING, Step.REFUSED): Connection.FAILED,
    (Connection.CONNECTING, Step.HANG_UP): Connection.OFF,
    (Connection.LIVE, Step.REPLACED): Connection.LIVE,
    (Connection.LIVE, Step.SUSPECTED): Connection.LIVE,
    (Connection.LIVE, Step.CLEARED): Connection.LIVE,
    (Connection.LIVE, Step.RETRY_DUE): Connection.LIVE,
    (Connection.LIVE, Step.LOST): Connection.RECONNECTING,
    (Connection.LIVE, Step.EXHAUSTED): Connection.FAILED,
    (Connection.LIVE, Step.REFUSED): Connection.FAILED,
    (Connection.LIVE, Step.HANG_UP): Connection.OFF,
    (Connection.RECONNECTING, Step.RETRY_DUE): Connection.RECONNECTING,
    (Connection.RECONNECTING, Step.RETRY_NOW): Connection.RECONNECTING,
    (Connection.RECONNECTING, Step.CONNECTED): Connection.LIVE,
    (Connection.RECONNECTING, Step.LOST): Connection.RECONNECTING,
    (Connection.RECONNECTING, Step.EXHAUSTED): Connection.FAILED,
    (Connection.RECONNECTING, Step.REFUSED): Connection.FAILED,
    (Connection.RECONNECTING, Step.HANG_UP): Connection.OFF,
    (Connection.FAILED, Step.CONNECT): Connection.CONNECTING,
    (Connection.FAILED, Step.RETRY_NOW): Connection.CONNECTING,
    (Connection.FAILED, Step.HANG_UP): Connection.OFF,
}
"""Every step that a call can take, and where it leads. A pair that is not here is a mistake of the caller."""
