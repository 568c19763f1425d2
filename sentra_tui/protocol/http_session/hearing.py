"""What is heard of the user: where turns begin and end, the items they become, and who writes them down."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.protocol.endpointing import LEAST_MS
from sentra_tui.protocol.http_session.conversation import Conversation
from sentra_tui.protocol.http_session.guesses import Guesses
from sentra_tui.protocol.http_session.refused import Refused
from sentra_tui.protocol.http_session.requests import Names, Outcome
from sentra_tui.protocol.http_session.settings import SessionSettings
from sentra_tui.protocol.http_session.transcriptions import Transcriptions
from sentra_tui.protocol.http_session.turns import Span, TurnFinder


class Hearing:
    """Hears 10 ms after 10 ms. `on_speech` is called when the user begins to speak, `on_turn` with the item of each
    turn that has ended, and whether it is all of what the user said: both return what follows.

    `may_guess` says whether an answer will be begun when the turn ends.
    """

    def __init__(
        self,
        names: Names,
        conversation: Conversation,
        transcriptions: Transcriptions,
        guesses: Guesses,
        longest_ms: int,
        *,
        on_speech: Callable[[], Outcome],
        on_turn: Callable[[str, bool], Outcome],
        may_guess: Callable[[], bool],
    ) -> None:
        self.finder = TurnFinder(longest_ms)
        self._names = names
        self._conversation = conversation
        self._transcriptions = transcriptions
        self._guesses = guesses
        self._on_speech = on_speech
        self._on_turn = on_turn
        self._may_guess = may_guess
        self._finds_turns = True
        self._eager = False
        self._item_id = ""
        self._cut_id = ""
        """The last piece of a turn that goes on."""
        self._committed_ms = 0

    @property
    def needed_from_ms(self) -> int:
        """Where the sound begins that may still be sent."""
        waiting_ms = self._transcriptions.needed_from_ms
        needed_ms = self.finder.needed_from_ms
        return needed_ms if waiting_ms is None else min(needed_ms, waiting_ms)

    def configure(self, settings: SessionSettings) -> None:
        """Hear as the session wants from now on."""
        self._finds_turns = settings.detection is not None
        self._eager = settings.spoken
        self._transcriptions.language = settings.language
        self.finder.configure(settings.detection)

    def hear(self, speech: bool) -> Outcome:
        """Take the next 10 ms: whether they look like speech."""
        match self.finder.hear(speech):
            case "began":
                return self._began()
            case "paused" if self._finds_turns and not self._cut_id and self._may_guess():
                return self._guesses.pause(self.finder, eager=self._eager)
            case "ended":
                return self._ended()
            case "cut":
                return self._cut()
            case _:
                return []

    def commit(self) -> Outcome:
        """End the turn by hand. Raises Refused where next to nothing was heard since the last one."""
        if self.finder.heard_ms - self._committed_ms < LEAST_MS:
            text = f"Error committing input audio buffer: less than {LEAST_MS} ms of sound."
            raise Refused(text, code="input_audio_buffer_commit_empty")
        item_id = self._item_id or self._conversation.new_id()
        told = self._commit(item_id, self.finder.take())
        self.finder.clear()
        self._cut_id = ""
        return told

    def clear(self) -> Outcome:
        """Forget what was heard since the last turn."""
        self.finder.clear()
        self._item_id = self._cut_id = ""
        self._committed_ms = self.finder.heard_ms
        return [*self._guesses.reset(), self._names.say("input_audio_buffer.cleared")]

    def _began(self) -> Outcome:
        self._item_id = self._conversation.new_id()
        if not self._finds_turns:
            return []
        start_ms = self.finder.needed_from_ms
        started = self._names.say("input_audio_buffer.speech_started", audio_start_ms=start_ms, item_id=self._item_id)
        return [started, *self._on_speech()]

    def _ended(self) -> Outcome:
        """The turn is over; where it was cut and nothing followed, its last piece ended it."""
        span, item_id, cut_id = self.finder.take(), self._item_id, self._cut_id
        self._cut_id = ""
        if span is None:
            return self._on_turn(cut_id, False) if cut_id else []
        return [*self._stopped(span), *self._commit(item_id, span, cut_id), *self._on_turn(item_id, not cut_id)]

    def _cut(self) -> Outcome:
        span, item_id = self.finder.take(), self._item_id
        if span is None:
            return []
        stopped = self._stopped(span) if self._finds_turns else []
        told = [*stopped, *self._commit(item_id, span, self._cut_id)]
        self._cut_id = item_id if self._finds_turns else ""
        return told

    def _stopped(self, span: Span) -> Outcome:
        return [self._names.say("input_audio_buffer.speech_stopped", audio_end_ms=span.end_ms, item_id=self._item_id)]

    def _commit(self, item_id: str, span: Span | None, continues: str = "") -> Outcome:
        self._item_id = ""
        self._committed_ms = self.finder.heard_ms
        previous = self._conversation.last_id
        told: Outcome = [
            self._names.say("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous),
            *self._conversation.hear(item_id),
        ]
        guess, dropped = self._guesses.end(self.finder.speech_ms)
        if span is None:
            return [*told, *dropped, *self._transcriptions.silent(item_id)]
        if guess is not None:
            words = guess.ended.text if guess.ended is not None else ""
            self._conversation.write(item_id, words)
            return [*told, *dropped, *self._transcriptions.adopt(guess, item_id)]
        return [*told, *dropped, *self._transcriptions.order(item_id, span, self._conversation.text(continues))]
