"""What was looked at, and what was found."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from sentra_tui.domain.text import clean_line

FOUND_CHARS, FIX_CHARS = 300, 300


class State(StrEnum):
    """How it stands; its value is the word for the screen."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Group(StrEnum):
    """What a check is about."""

    MACHINE = "machine"
    SOUND = "sound"
    PROVIDER = "provider"
    FILES = "files"


class Outcome(Struct, frozen=True):
    """What one look found."""

    state: State
    found: str
    fix: str = ""
    """What to do, with the exact command or setting; empty where nothing is to be done."""


class Check(Struct, frozen=True):
    """One line of the findings. Its texts are clean, of one line each, and never hold a key."""

    name: str
    group: Group
    state: State
    found: str
    fix: str = ""
    took_ms: int = 0


def ok(found: str) -> Outcome:
    """Return that all is well."""
    return Outcome(State.OK, found)


def warning(found: str, fix: str = "") -> Outcome:
    """Return that something is amiss that keeps nothing from working."""
    return Outcome(State.WARNING, found, fix)


def failed(found: str, fix: str = "") -> Outcome:
    """Return that something does not work."""
    return Outcome(State.FAILED, found, fix)


def skipped(found: str, fix: str = "") -> Outcome:
    """Return why nobody looked."""
    return Outcome(State.SKIPPED, found, fix)


def softened(outcome: Outcome) -> Outcome:
    """Return a failure as a warning: nothing that the user chose needs it."""
    return warning(outcome.found, outcome.fix) if outcome.state is State.FAILED else outcome


def check_of(name: str, group: Group, outcome: Outcome, took_ms: int) -> Check:
    """Return the line that says so."""
    found, fix = clean_line(outcome.found, FOUND_CHARS), clean_line(outcome.fix, FIX_CHARS)
    return Check(name, group, outcome.state, found, fix, took_ms)
