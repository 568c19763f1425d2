"""What is done while the user may still speak, so that the answer is there when the turn has ended.

Three requests in a row take too long to begin with them when a turn has ended. So in a pause that may be its end, what
was said so far is written down; as soon as the words are there, an answer to them is begun; and its first sentence is
fetched. All of this runs while the silence runs that ends the turn. Nothing of it is told or heard before that.

- The turn ends without another word: all of it is kept, and the answer is as far as it has come.
- The user goes on: the next pause writes the whole turn down again. Is what was said the same, the answer goes on being
  written; is it not, a new one is begun. The first sentence of the old answer is not thrown away at once, though: where
  the new answer begins with the same words, as answers to the first and to the last half of a question often do, its
  sound is there already. Nothing is ever heard that does not stand in the answer to all that was said.

At most one transcription, one answer and one sentence are under way for a guess. A guess costs, so a short pause is
one only where enough of the turn is new, and all guesses of a turn together have little more sound than the turn has.
What is thrown away is on the bill.

What that gains: after the last word, the wait for the end of the turn costs nothing. What remains is a pause of 100 to
180 ms, one transcription, the first clause of one completion and, where no guess began with the same words, the first
sound of one sentence. Less than transcription and first clause together cannot be had: before these, nobody knows what
the answer to the last word is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEvent
from sentra_tui.protocol.http_session.draft import Draft
from sentra_tui.protocol.http_session.requests import Drop, Outcome
from sentra_tui.protocol.http_session.transcriptions import Job, Transcriptions
from sentra_tui.protocol.http_session.turns import PAUSES_MS, TurnFinder
from sentra_tui.protocol.http_session.voicing import Track
from sentra_tui.protocol.speech import START_STEPS, STEP_MS

NEW_SPEECH_MS = 300
NEW_SHARE = 0.3
"""A short pause is worth a guess where so much speech, and such a share of the turn, came since the last one."""
SAME_SPEECH_MS = START_STEPS * STEP_MS
"""Less speech than this, after a guess, is a click."""
SPENT_MS = 2_000
"""How much more sound than the turn has the guesses before may have had together."""

_WORD = re.compile(r"\w+")


class Guesses:
    """The guesses at one turn after the other. `make_draft` begins an answer to these words."""

    def __init__(self, transcriptions: Transcriptions, make_draft: Callable[[str, Track | None], Draft]) -> None:
        self.draft: Draft | None = None
        """An answer to what may have been said."""
        self.wasted = Usage()
        """What answers cost that were thrown away."""
        self._transcriptions = transcriptions
        self._make_draft = make_draft
        self._job: Job | None = None
        self._speech_ms = 0
        self._spent_ms = 0
        self._eager = False

    def pause(self, finder: TurnFinder, *, eager: bool, prompt: str = "") -> Outcome:
        """The user pauses: guess, where that is worth it. `eager` guesses in short pauses, too."""
        span = finder.span()
        new_ms = finder.speech_ms - self._speech_ms
        short = finder.silent_ms < PAUSES_MS[-1]
        least_ms = max(NEW_SPEECH_MS, span.length_ms * NEW_SHARE) if short else SAME_SPEECH_MS
        if new_ms < least_ms or self._spent_ms > span.length_ms + SPENT_MS or (short and not eager):
            return []
        dropped = self._drop_job()
        self._eager = eager
        self._speech_ms = finder.speech_ms
        self._spent_ms += span.length_ms
        begun = self._transcriptions.begin_guess(span, prompt)
        self._job = self._transcriptions.guess
        return [*dropped, *begun]

    def settled(self, job: Job, finder: TurnFinder, *, wanted: bool) -> Outcome:
        """A guess was written down: answer it, where that is `wanted`; where the user went on, only for the voice."""
        words = job.ended.text if job.ended is not None else ""
        if job is not self._job or not wanted or not words.strip():
            return []
        if not self._eager and finder.speech_ms - self._speech_ms >= SAME_SPEECH_MS:
            return []
        if self.draft is not None and same_words(self.draft.basis, words):
            return []
        ahead, dropped = self.release()
        self.draft = self._make_draft(words, ahead)
        return [*dropped, *self.draft.begin()]

    def wrote(self, event: TextEvent) -> Outcome:
        """The answer to a guess grows."""
        return self.draft.wrote(event)[1] if self.draft is not None else []

    def end(self, speech_ms: int) -> tuple[Job | None, Outcome]:
        """The turn has ended: return its transcription, where a guess is one."""
        job, self._job = self._job, None
        fresh = speech_ms - self._speech_ms < SAME_SPEECH_MS
        self._speech_ms, self._spent_ms = speech_ms, 0
        if job is None or (fresh and job.failure is None):
            return job, []
        return None, self._transcriptions.drop_guess(job)

    def take(self, words: str) -> Draft | None:
        """Return the answer to these words, where they were guessed; else `release` gives what is of use."""
        draft = self.draft
        if draft is None or draft.failure is not None or not same_words(draft.basis, words):
            return None
        self.draft = None
        return draft

    def release(self) -> tuple[Track | None, Outcome]:
        """Give the answer up; return the sentence that was fetched for it."""
        draft, self.draft = self.draft, None
        if draft is None:
            return None, []
        self.wasted += draft.usage()
        ahead = draft.voicing.first if draft.voicing is not None else None
        return ahead, draft.drop(keep=ahead)

    def drop_draft(self) -> Outcome:
        """Nobody wants the answer any more."""
        ahead, dropped = self.release()
        return [*dropped, *([] if ahead is None else [Drop(ahead.request_id)])]

    def reset(self) -> Outcome:
        """Forget the turn."""
        self._spent_ms = 0
        return [*self.drop_draft(), *self._drop_job()]

    def _drop_job(self) -> Outcome:
        job, self._job = self._job, None
        return [] if job is None else self._transcriptions.drop_guess(job)


def same_words(one: str, other: str) -> bool:
    """Return whether two transcripts say the same, whatever their case and punctuation."""
    return _WORD.findall(one.casefold()) == _WORD.findall(other.casefold())
