"""Barge-in: the user speaks while an answer sounds, and the answer gives way.

In two steps, because being interrupted by a cough is as bad as not being heard. The first sound that stands out of the
quiet ducks the answer: that takes no certainty, costs little, and lets the echo canceller hear the user better. Enough
speech, or a recognised word, confirms and stops it. Speech that ends before that was a false alarm: the answer goes on.

What cannot be told from speech by its look is an echo that the canceller let through, when sound ran out or the room
changed. But the duck tells: the echo becomes quieter by as much as the answer, and the user does not. So some of the
speech must come after the duck can be heard at the microphone, about as loud as before. And whatever raised a false
alarm raises no other unless it gets louder, for a while.

The microphone's sound comes in steps of 10 ms, after the echo canceller. What that leaves of an echo is far quieter
than speech, but while both sound it eats speech too, most of all at its beginning. Hence the two rules, tuned on mixes
of spoken answers and interruptions: a step up from the floor, not speech, is what comes first; and speech adds up over
gaps that a detector of unbroken speech would stumble over.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from sentra_tui.domain.audio import SILENCE_DBFS
from sentra_tui.domain.tags import snake_case

STEP_MS = 10

LOUD_DBFS = -48.0
"""Steps whose peak is below this are not loud, however quiet it was before."""
LOUD_RISE_DB = 12.0
"""How far above the floor a step is loud."""
RISE_DB = 6.0
"""How far above the floor a step is more than the floor."""
CALM_DBFS = -68.0
"""The floor is never taken to be lower: what a canceller leaves may be nothing at all."""
FLOOR_RISE_DB = 0.2
"""How much the floor may rise in a step: 20 dB in a second."""

DUCK_STEPS = 2
"""So many steps in a row above the floor, the last of them loud, duck the answer: a click has but one."""
CONFIRM_STEPS = 12
"""So much speech is surely speech."""
ECHO_STEPS = 13
"""How long the duck takes from here to the loudspeaker and through the room into the microphone, about."""
LATE_STEPS = 2
"""So much of the speech must be later than that, ..."""
FADE_DB = 16.0
"""... and no quieter than by this, less than what ducking takes off."""
WARY_DB = 3.0
"""How much louder than a false alarm the next sound must be, ..."""
WARY_FALL_DB = 0.2
"""... which is forgotten at so much in a step: 20 dB in a second."""
ONSET_STEPS = 4
"""So much loud sound right before speech was its beginning, which looks like nothing yet."""
LEAK_STEPS = 0.25
"""How much a step without speech takes off what was heard of it."""
PAUSE_STEPS = 20
"""After so long without anything that stands out it was a false alarm."""
GAP_STEPS = 5
"""A longer gap parts two sounds, as long as nothing is ducked."""

STOPPED_STEPS = 100
"""What sounds so long after a stop is another answer."""


class _BargeInEffect(Struct, frozen=True, tag=snake_case):
    """The base of what barge-in wants done."""


class Duck(_BargeInEffect, frozen=True):
    """Make the answer quieter: somebody may be speaking."""


class Unduck(_BargeInEffect, frozen=True):
    """Let the answer be as loud as before: it was a false alarm, after so long."""

    after_ms: int


class StopAnswer(_BargeInEffect, frozen=True):
    """Stop the answer: somebody speaks, since `after_ms`."""

    after_ms: int
    by_word: bool = False
    """A recognised word said so, before there was enough sound of it."""


BargeInEffect: TypeAlias = Duck | Unduck | StopAnswer


class BargeIn:
    """Decides while answers sound; to be `reset` when they have ended."""

    def __init__(self) -> None:
        self.ducked = False
        self.stopped = False
        self._floor_dbfs = CALM_DBFS
        self._rising_steps = 0
        self._heard_steps = 0
        self._quiet_steps = 0
        self._speech_steps = 0.0
        self._onset_steps = 0
        self._stopped_steps = 0
        self._ducked_steps = 0
        self._late_steps = 0
        self._loudest_dbfs = SILENCE_DBFS
        self._wary_dbfs = SILENCE_DBFS

    def hear(self, speech: bool, peak_dbfs: float) -> BargeInEffect | None:
        """Take the next 10 ms: whether they look like speech, and their peak."""
        if self.stopped:
            self._stopped_steps += 1
            if self._stopped_steps < STOPPED_STEPS:
                return None
            self.reset()
        rise_db = peak_dbfs - self._floor_dbfs
        self._floor_dbfs = max(CALM_DBFS, min(peak_dbfs, self._floor_dbfs + FLOOR_RISE_DB))
        loud = rise_db > LOUD_RISE_DB and peak_dbfs > LOUD_DBFS
        self._wary_dbfs -= WARY_FALL_DB
        self._rising_steps = self._rising_steps + 1 if rise_db > RISE_DB else 0
        self._count(speech, loud)
        if self.ducked:
            return self._judge(speech, peak_dbfs)
        if loud and peak_dbfs > self._wary_dbfs and self._rising_steps >= DUCK_STEPS:
            self.ducked = True
            self._ducked_steps = self._late_steps = 0
            self._loudest_dbfs = peak_dbfs
            return Duck()
        return None

    def hear_word(self) -> BargeInEffect | None:
        """A word of the user was recognised."""
        return self._stop(by_word=True) if self.ducked and not self.stopped else None

    def reset(self) -> BargeInEffect | None:
        """The answer is over, or nobody is to be listened to: begin anew."""
        undecided = self.ducked and not self.stopped
        unduck = self._let_go()
        self.stopped = False
        self._rising_steps = self._onset_steps = 0
        return unduck if undecided else None

    def _count(self, speech: bool, loud: bool) -> None:
        self._quiet_steps = 0 if loud or speech else self._quiet_steps + 1
        if not self.ducked and self._quiet_steps >= GAP_STEPS:
            self._heard_steps = 0
            self._speech_steps = 0.0
            return
        self._heard_steps += 1
        if speech:
            self._speech_steps += 1 + min(self._onset_steps, ONSET_STEPS)
        else:
            self._speech_steps = max(0.0, self._speech_steps - LEAK_STEPS)
        self._onset_steps = self._onset_steps + 1 if loud and not speech else 0

    def _judge(self, speech: bool, peak_dbfs: float) -> BargeInEffect | None:
        self._ducked_steps += 1
        if self._ducked_steps <= ECHO_STEPS:
            self._loudest_dbfs = max(self._loudest_dbfs, peak_dbfs)
        elif speech and peak_dbfs > self._loudest_dbfs - FADE_DB:
            self._late_steps += 1
        if self._speech_steps >= CONFIRM_STEPS and self._late_steps >= LATE_STEPS:
            return self._stop()
        if self._quiet_steps < PAUSE_STEPS:
            return None
        self._wary_dbfs = self._loudest_dbfs + WARY_DB
        return self._let_go()

    def _stop(self, *, by_word: bool = False) -> StopAnswer:
        self.stopped = True
        self._stopped_steps = 0
        return StopAnswer(self._heard_steps * STEP_MS, by_word)

    def _let_go(self) -> Unduck:
        self.ducked = False
        after_ms = self._heard_steps * STEP_MS
        self._heard_steps = 0
        self._speech_steps = 0.0
        return Unduck(after_ms)
