"""What people said in one call, as lines in the order of the conversation.

The words of a turn come from a recogniser of their own, when it likes: before the turn's end, after the answer to it,
or never. So a line is opened when its turn is first told of, and its words find it by the item's id.
"""

from __future__ import annotations

from dataclasses import dataclass

from sentra_tui.domain.changes import (
    Change,
    LineOpened,
    TranscriptCommitted,
    TranscriptExtended,
    TranscriptFailed,
    TranscriptRevised,
)
from sentra_tui.domain.text import clean, clean_join, clean_line
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol.session_config import VAD_PREFIX_MS

NO_WORDS = "nothing was understood"


@dataclass(slots=True)
class _Turn:
    start_ms: int
    end_ms: int | None = None
    words: str = ""
    committed: bool = False
    failed: bool = False

    @property
    def settled(self) -> bool:
        return self.committed or self.failed


class Turns:
    """The lines of one call. Methods take what the server told, and return what changed.

    Moments come as milliseconds of the call's sound (None: not told) and leave as milliseconds of the engine's clock.
    `stood_ms` is when a call stood that waited in silence until `started_ms`: some servers count sound from there, or
    a part of it. Where their clock began shows in what they tell: nothing is heard before it was said.
    """

    def __init__(self, stream: str, number: int, started_ms: int, stood_ms: int | None = None) -> None:
        self._stream = stream
        self._number = number
        self._started_ms = self._origin_ms = started_ms
        self._stood_ms = stood_ms
        self._turns: dict[str, _Turn] = {}
        self._screen: list[str] = []
        self._previous: dict[str, str] = {}
        self._next: dict[str, str] = {}
        self._unnamed = 0
        self._unnamed_start_ms: int | None = None

    def speech_started(self, item_id: str, audio_start_ms: float | None, now_ms: int) -> list[Change]:
        """Somebody began to speak."""
        start_ms = self._engine_ms(audio_start_ms, now_ms, VAD_PREFIX_MS)
        if not item_id:
            self._unnamed_start_ms = start_ms
            return []
        return self._open(item_id, start_ms)

    def speech_stopped(self, item_id: str, audio_end_ms: float | None, now_ms: int) -> list[Change]:
        """The speech ended; its words may still come."""
        turn = self._turns.get(item_id or self._unsettled())
        if turn is not None:
            turn.end_ms = max(turn.start_ms, self._engine_ms(audio_end_ms, now_ms))
        return []

    def committed(self, item_id: str, previous_item_id: str, now_ms: int) -> list[Change]:
        """The turn ended and became an item behind `previous_item_id`."""
        self.linked(item_id, previous_item_id)
        if not item_id:
            return []
        opened = self._open(item_id, now_ms)
        turn = self._turns[item_id]
        if turn.end_ms is None:
            turn.end_ms = now_ms
        return opened

    def linked(self, item_id: str, previous_item_id: str) -> None:
        """The item stands behind `previous_item_id`; what is told first holds."""
        if not item_id or not previous_item_id or item_id == previous_item_id or item_id in self._previous:
            return
        self._previous[item_id] = previous_item_id
        follower = self._next.get(previous_item_id)
        if follower is not None:
            self._next.setdefault(item_id, follower)
        self._next[previous_item_id] = item_id

    def added(self, item_id: str, now_ms: int) -> list[Change]:
        """A spoken item of the user is in the conversation."""
        return self._open(item_id, now_ms) if item_id else []

    def extended(self, item_id: str, delta: str, now_ms: int) -> list[Change]:
        """More interim words. Nothing at all of no turn in particular is nothing: vLLM listens to silence aloud."""
        if not item_id and not delta:
            return []
        item_id, opened = self._named(item_id, now_ms)
        turn = self._turns[item_id]
        if turn.settled or not delta:
            return opened
        words = clean(delta)
        turn.words = clean_join(turn.words, words)
        return [*opened, TranscriptExtended(self._stream, self._key(item_id), now_ms, words)]

    def revised(self, item_id: str, transcript: str, now_ms: int) -> list[Change]:
        """The interim words are these."""
        item_id, opened = self._named(item_id, now_ms)
        turn = self._turns[item_id]
        words = clean(transcript)
        if turn.settled or words == turn.words:
            return opened
        turn.words = words
        return [*opened, TranscriptRevised(self._stream, self._key(item_id), now_ms, words)]

    def completed(self, item_id: str, transcript: str, now_ms: int) -> list[Change]:
        """The final words: they replace the interim ones, once."""
        text = clean(transcript).strip()
        if not item_id and not text and not self._unsettled():
            return []
        item_id, opened = self._named(item_id, now_ms)
        turn = self._turns[item_id]
        if turn.committed:
            return opened
        if text:
            return [*opened, self._commit(item_id, text, now_ms)]
        revised: list[Change] = []
        if turn.words and not turn.failed:
            revised = [TranscriptRevised(self._stream, self._key(item_id), now_ms, "")]
        return [*opened, *revised, *self.failed(item_id, NO_WORDS, now_ms)]

    def failed(self, item_id: str, cause: str, now_ms: int) -> list[Change]:
        """The recogniser gave up."""
        item_id, opened = self._named(item_id, now_ms)
        turn = self._turns[item_id]
        if turn.settled:
            return opened
        turn.failed = True
        failed = TranscriptFailed(self._stream, self._key(item_id), now_ms, clean_line(cause) or NO_WORDS)
        return [*opened, failed]

    def knows(self, item_id: str) -> bool:
        """Return whether this item has a line."""
        return item_id in self._turns

    def typed(self, item_id: str, text: str, now_ms: int) -> list[Change]:
        """The user wrote this instead of saying it."""
        self._turns[item_id] = _Turn(now_ms, now_ms, committed=True)
        self._screen.append(item_id)
        return [TranscriptCommitted(self._stream, self._key(item_id), clean(text), now_ms, now_ms, "typed")]

    def close(self, cause: str, now_ms: int) -> list[Change]:
        """No more words will come: settle every line with those that did."""
        changes: list[Change] = []
        for item_id in self._screen:
            turn = self._turns[item_id]
            words = turn.words.strip()
            if turn.settled:
                continue
            if words:
                changes.append(self._commit(item_id, words, now_ms, partial=True))
            else:
                changes += self.failed(item_id, cause, now_ms)
        return changes

    def _commit(self, item_id: str, text: str, now_ms: int, *, partial: bool = False) -> Change:
        turn = self._turns[item_id]
        turn.committed = True
        turn.words = ""
        end_ms = turn.end_ms if turn.end_ms is not None else max(turn.start_ms, now_ms)
        key = self._key(item_id)
        return TranscriptCommitted(self._stream, key, text, turn.start_ms, end_ms, partial=partial)

    def _named(self, item_id: str, now_ms: int) -> tuple[str, list[Change]]:
        """Return the item meant, and what opened its line; without a name it is the oldest line that waits."""
        name = item_id or self._unsettled()
        if not name:
            self._unnamed += 1
            name = f"unnamed_{self._unnamed}"
        return name, self._open(name, now_ms)

    def _unsettled(self) -> str:
        return next((item_id for item_id in self._screen if not self._turns[item_id].settled), "")

    def _open(self, item_id: str, start_ms: int) -> list[Change]:
        if item_id in self._turns:
            return []
        if self._unnamed_start_ms is not None:
            start_ms, self._unnamed_start_ms = self._unnamed_start_ms, None
        self._turns[item_id] = _Turn(start_ms)
        follower = self._follower(item_id)
        place = self._screen.index(follower) if follower else len(self._screen)
        self._screen.insert(place, item_id)
        after = self._key(self._screen[place - 1]) if follower and place else None
        before = self._key(follower) if follower and not place else None
        return [LineOpened(self._stream, self._key(item_id), start_ms, after, before=before)]

    def _follower(self, item_id: str) -> str:
        """Return the next item of the conversation that has a line; empty where none is known."""
        seen = {item_id}
        following = self._next.get(item_id, "")
        while following and following not in seen:
            if following in self._turns:
                return following
            seen.add(following)
            following = self._next.get(following, "")
        return ""

    def _key(self, item_id: str) -> LineKey:
        return LineKey(self._number, item_id)

    def _engine_ms(self, audio_ms: float | None, now_ms: int, heard_more_ms: int = 0) -> int:
        if audio_ms is None:
            return now_ms
        if self._stood_ms is not None:
            self._origin_ms = int(max(self._stood_ms, min(self._origin_ms, now_ms - audio_ms - heard_more_ms)))
        return int(min(max(self._origin_ms + audio_ms, self._started_ms), now_ms))
