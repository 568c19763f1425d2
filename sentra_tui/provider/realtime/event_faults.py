"""Does to a session's events, on their way out, what a plan of faults says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentra_tui.provider.session_faults import EventFault

_BEHIND_S = 1.0
"""An event that is to come behind others waits no longer for them."""


@dataclass
class _Held:
    """An event on its way: it goes out at its time, or behind so many others where that is sooner."""

    due_s: float
    behind: int | None
    messages: list[str]


class SpoiltEvents:
    """Takes the messages of a session as they are said; ages are seconds since the channel for events opened."""

    def __init__(self, faults: Sequence[EventFault]) -> None:
        self._faults = faults
        self._seen: Counter[int] = Counter()
        self._held: list[_Held] = []

    def take(self, message: str, age_s: float) -> list[str]:
        """Return what is to be said now, in place of a message."""
        if not self._faults:
            return [message]
        event = json.loads(message)
        fault = self._choose(event["type"])
        if fault is not None and (fault.without or fault.fields):
            message = json.dumps(_spoilt(event, fault), ensure_ascii=False)
        messages = [message] * (0 if fault and fault.drop else 1 + (fault.copies if fault else 0))
        if fault is not None and (fault.late_s or fault.behind):
            due_s = age_s + (fault.late_s or _BEHIND_S)
            self._held.append(_Held(due_s, fault.behind or None, messages))
            return []
        return [*messages, *self._passed_by(len(messages))]

    def due(self, age_s: float) -> list[str]:
        """Return what was held back until now."""
        return self._release(lambda held: held.due_s <= age_s)

    def _passed_by(self, count: int) -> list[str]:
        for held in self._held:
            if held.behind is not None:
                held.behind -= count
        return self._release(lambda held: held.behind is not None and held.behind <= 0)

    def _release(self, ready: Callable[[_Held], bool]) -> list[str]:
        released = [held for held in self._held if ready(held)]
        self._held = [held for held in self._held if held not in released]
        return [message for held in released for message in held.messages]

    def _choose(self, kind: str) -> EventFault | None:
        matching = [fault for fault in self._faults if fault.fits(kind)]
        self._seen.update(id(fault) for fault in matching)
        return next((fault for fault in matching if self._acts(fault, self._seen[id(fault)])), None)

    @staticmethod
    def _acts(fault: EventFault, number: int) -> bool:
        return number in fault.numbers if fault.numbers else number % fault.every == 0


def _spoilt(event: dict[str, Any], fault: EventFault) -> dict[str, Any]:
    for path in fault.without:
        _put(event, path.split("."), {})
    for path, value in fault.fields.items():
        _put(event, path.split("."), {"value": value})
    return event


def _put(event: Any, path: Sequence[str], found: Mapping[str, Any]) -> None:
    """Have the field at `path` be the value in `found`, or not be where there is none."""
    *groups, name = path
    for group in groups:
        event = event.get(group) if isinstance(event, dict) else None
    if not isinstance(event, dict):
        return
    event.pop(name, None)
    if found:
        event[name] = found["value"]
