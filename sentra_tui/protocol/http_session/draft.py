"""An answer as it is written, told of or not."""

from __future__ import annotations

from sentra_tui.domain.errors import SentraError
from sentra_tui.domain.history import estimate_tokens
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import ChatMessage, TextEnded, TextEvent
from sentra_tui.protocol.http_session.requests import Complete, Drop, Names, Outcome
from sentra_tui.protocol.http_session.voicing import Track, Voicing


class Draft:
    """One completion, and its voice where it has one. `basis` is the words of the turn that it answers."""

    def __init__(
        self, names: Names, messages: tuple[ChatMessage, ...], max_tokens: int, voicing: Voicing | None, basis: str = ""
    ) -> None:
        self.request_id = names.next("request")
        self.basis = basis
        self.voicing = voicing
        self.text = ""
        self.ended: TextEnded | None = None
        self.failure: SentraError | None = None
        self._messages = messages
        self._max_tokens = max_tokens

    @property
    def settled(self) -> bool:
        """Whether no more words come."""
        return self.ended is not None or self.failure is not None

    def begin(self) -> Outcome:
        """Ask for it."""
        return [Complete(self.request_id, self._messages, self._max_tokens)]

    def wrote(self, event: TextEvent) -> tuple[str, Outcome]:
        """Take words; return what is new of them, and what follows for the voice."""
        if self.settled:
            return "", []
        delta = event.text if not isinstance(event, TextEnded) or not self.text else ""
        self.text += delta
        spoken: Outcome = []
        if self.voicing is not None and delta:
            spoken += self.voicing.feed(delta)
        if isinstance(event, TextEnded):
            self.ended = event
            self.text = event.text or self.text
            spoken += self._finish()
        return delta, spoken

    def failed(self, failure: SentraError) -> Outcome:
        """It will not be written to its end; the words that came are spoken."""
        self.failure = failure
        return self._finish()

    def drop(self, keep: Track | None = None) -> Outcome:
        """Nobody wants it any more, except, maybe, the sound of this sentence of it."""
        voice = self.voicing.close(keep) if self.voicing is not None else []
        return [*self.stop(), *voice]

    def stop(self) -> Outcome:
        """Write no more of it."""
        return [] if self.settled else [Drop(self.request_id)]

    def cut_short(self) -> Outcome:
        """Write and fetch no more of it; what is heard goes on."""
        voice = self.voicing.cut_short() if self.voicing is not None else []
        return [*self.stop(), *voice]

    def usage(self) -> Usage:
        """Return what it cost: as the server counts it, else estimated."""
        if self.ended is not None and self.ended.usage is not None:
            return self.ended.usage
        if self.failure is not None and not self.text:
            return Usage()
        sent = sum(estimate_tokens(message.text) for message in self._messages)
        return Usage(text_in=sent, text_out=estimate_tokens(self.text))

    def _finish(self) -> Outcome:
        return self.voicing.finish() if self.voicing is not None else []
