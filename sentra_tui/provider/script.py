"""When a call says what its plan of faults has written for it."""

from __future__ import annotations

from sentra_tui.provider.faults import ScriptedMessage, SessionFault


class Script:
    """Plays the scripted messages of one call; ages are seconds since the channel for events opened."""

    def __init__(self, fault: SessionFault) -> None:
        self._freeze_after_s = fault.freeze_after_s
        self._waiting = sorted(
            (
                (message.at_s + count * message.every_s, place, message)
                for place, message in enumerate(fault.messages)
                for count in range(message.repeat)
            ),
            key=lambda entry: entry[:2],
        )
        self._waiting.reverse()

    def due(self, age_s: float) -> list[str]:
        """Return what is to be said by now."""
        messages: list[ScriptedMessage] = []
        while self._waiting and self._waiting[-1][0] <= age_s:
            messages.append(self._waiting.pop()[2])
        return [message.render() for message in messages]

    def frozen(self, age_s: float) -> bool:
        """Return whether the call has gone silent by then."""
        return self._freeze_after_s is not None and age_s >= self._freeze_after_s
