"""Commands that the user speaks: from the microphone's own lines only, never from what others say."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.actions import Action, NoteLine, SetCommands
from sentra_tui.domain.changes import CommandsChanged, EventLogged, TranscriptCommitted
from sentra_tui.domain.commands import command_in
from sentra_tui.domain.question import question_id_of
from sentra_tui.domain.state import MIC
from sentra_tui.engine.lanes.notes import newest_line
from sentra_tui.engine.store import Store


class VoiceCommands:
    """Turns spoken commands into ordinary actions. `discard` stops the answer that the words would have raised."""

    def __init__(self, store: Store, now_ms: Callable[[], int], discard: Callable[[str], object]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._discard = discard
        store.handle(SetCommands, lambda action: store.publish(CommandsChanged(action.on)))

    def obey(self, line: TranscriptCommitted) -> bool:
        """Carry out the command that this line is; return whether it is one. What was meant back then is not, now."""
        if line.stream != MIC or line.recovered or line.kind != "speech" or not self._store.state.commands:
            return False
        stream = self._store.state.stream(MIC)
        action = command_in(line.text, stream.language if stream is not None else "")
        if action is None:
            return False
        self._store.publish(EventLogged(self._now_ms(), "commands", f"heard {type(action).__name__}"))
        self._store.dispatch(self._meant(action, line))
        self._discard(question_id_of(line.stream, line.key))
        return True

    def _meant(self, action: Action, command: TranscriptCommitted) -> Action:
        """Return the action, where it is about a line about the one before the command."""
        if not isinstance(action, NoteLine):
            return action
        line = newest_line(self._store.state, but=command.key)
        return action if line is None else NoteLine(line[0], line[1].session, line[1].item_id)
