"""When a call says what its plan of faults has written for it."""

from __future__ import annotations

import heapq
import json

from sentra_tui.provider.faults import ScriptedMessage, SessionFault
from sentra_tui.provider.realtime.strangers import stranger_events

MOST_AT_ONCE = 2_000
"""How many messages are given at once: of a flood the rest waits, or nothing else would have its turn."""


class Script:
    """Plays the scripted messages of one call; ages are seconds since the channel for events opened."""

    def __init__(self, fault: SessionFault) -> None:
        self._freeze_after_s = fault.freeze_after_s
        self._messages = [*fault.messages, *_strangers(fault.strangers_after_s)]
        self._waiting = [(message.at_s, place, 0) for place, message in enumerate(self._messages)]
        heapq.heapify(self._waiting)

    def due(self, age_s: float) -> list[str]:
        """Return what is to be said by now."""
        messages: list[str] = []
        rendered: dict[int, str] = {}
        while self._waiting and self._waiting[0][0] <= age_s and len(messages) < MOST_AT_ONCE:
            _, place, count = heapq.heappop(self._waiting)
            message = self._messages[place]
            if place not in rendered:
                rendered[place] = message.render()
            messages.append(rendered[place])
            if count + 1 < message.repeat:
                heapq.heappush(self._waiting, (message.at_s + (count + 1) * message.every_s, place, count + 1))
        return messages

    def frozen(self, age_s: float) -> bool:
        """Return whether the call has gone silent by then."""
        return self._freeze_after_s is not None and age_s >= self._freeze_after_s


def _strangers(after_s: float | None) -> list[ScriptedMessage]:
    if after_s is None:
        return []
    return [ScriptedMessage(at_s=after_s, text=json.dumps(event)) for event in stranger_events()]
