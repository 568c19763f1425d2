"""The auxiliary assistant, as the lanes see it: what can be asked of the session on the microphone's stream."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.changes import EventLogged
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.stream import StreamRunner
from sentra_tui.protocol.context import ContextEntry
from sentra_tui.protocol.session import Session


class StreamQuickLane:
    """Speaks to whichever session stands on one stream; a new one is told of the talk before anything else."""

    def __init__(
        self,
        stream: StreamRunner,
        before: Callable[[], list[ContextEntry]],
        older: Callable[[], list[ContextEntry]],
        replay_tokens: int,
        context: EngineContext,
    ) -> None:
        """`before` gives what was said until now, oldest first; `older` what is told of what was said before that."""
        self._stream = stream
        self._before = before
        self._older = older
        self._replay_tokens = replay_tokens
        self._context = context
        self.on_told: Callable[[], None] = lambda: None
        """Called once a new session was told of the talk."""
        stream.on_session = self._begin

    def tell(self, entry: ContextEntry) -> None:
        """Tell it what it cannot hear."""
        session = self._stream.call.session
        if session is not None:
            self._stream.call.perform(session.tell(entry))

    def answer(self, question_id: str) -> None:
        """Have it answer this question."""
        session = self._stream.call.session
        if session is not None:
            self._stream.call.perform(session.answer(question_id, self._context.now_ms()))

    def say_again(self, text: str) -> bool:
        """Have it say these words; False where it cannot speak."""
        session = self._stream.call.session
        outcome = [] if session is None else session.say_again(text, self._context.now_ms())
        self._stream.call.perform(outcome)
        return bool(outcome)

    def cancel(self, question_id: str = "") -> bool:
        """Stop its answer, only that to `question_id` where one is given; return whether there was one."""
        return self._stream.cancel_answer(question_id)

    def _begin(self, session: Session) -> None:
        self._replay(session)
        self.on_told()

    def _replay(self, session: Session) -> None:
        entries = self._before()
        if not entries:
            return
        older = [told for entry in self._older() for told in session.tell(entry)]
        self._stream.call.perform([*older, *session.replay(entries, self._replay_tokens)])
        text = (
            f"a new session is told the newest of {len(entries)} lines and answers, up to {self._replay_tokens} tokens"
        )
        self._context.publish(EventLogged(self._context.now_ms(), "history", text))
