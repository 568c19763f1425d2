"""What happens to the engine, and what it has to say."""

from __future__ import annotations

from sentra_tui.domain.changes.base import ChangeBase
from sentra_tui.domain.state import Severity

PROTOCOL_VERSION = 1


class EngineStarted(ChangeBase, frozen=True):
    """The engine runs; always its first line."""

    version: str
    started_at: float
    """Wall clock, seconds since 1970."""
    provider: str
    provider_note: str = ""
    protocol: int = PROTOCOL_VERSION


class EngineLost(ChangeBase, frozen=True):
    """The engine is gone, or could not be started: said by whoever started it."""

    cause: str


class Noticed(ChangeBase, frozen=True):
    """Something the user should know: what happened, and what helps."""

    severity: Severity
    text: str
    hint: str = ""


class EventLogged(ChangeBase, frozen=True):
    """A line for the event log: what the program did by itself. Never words of a talk, never keys."""

    at_ms: int
    source: str
    """Who did it: `aux`, `main`, `history`, `journal`, `cost`, …"""
    text: str


class TalkOpened(ChangeBase, frozen=True):
    """The journal writes this talk: a new one, or the last one again."""

    at_ms: int
    reopened: bool = False
    lines: int = 0
    """How many lines of it were read back."""
