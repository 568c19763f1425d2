"""An answer as it is spoken: sentence by sentence, one fetched ahead while another is heard."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from sentra_tui.domain.errors import SentraError, TransportLost
from sentra_tui.protocol.http_session.conversation import words_within
from sentra_tui.protocol.http_session.requests import Drop, Names, Outcome, Play, Speak
from sentra_tui.protocol.sentences import SentenceSplitter
from sentra_tui.protocol.sounding import CHARS_PER_S

HELD_MAX = 2
"""How many sentences are fetched or heard at a time: more would be paid for in vain when the user speaks."""


@dataclass(slots=True)
class Track:
    """The sound of one sentence."""

    request_id: str
    text: str
    voice: str
    speed: float
    sound_ms: int = 0
    """How much of it there is."""
    heard_ms: int = 0
    fetched: bool = False
    retried: bool = False

    @property
    def heard_text(self) -> str:
        """About the words that were heard, by the share of the sound; whole words only."""
        expected_ms = len(self.text) / CHARS_PER_S / self.speed * 1000
        whole_ms = self.sound_ms if self.fetched else max(self.sound_ms, expected_ms)
        return words_within(self.text, self.heard_ms, whole_ms)


class Voicing:
    """Has one answer spoken. Until it is released nothing of it is heard, and only its first piece is fetched.

    `ahead` is a sentence that was fetched for an answer that was not given: this one may begin with the same words.
    """

    def __init__(self, names: Names, voice: str, speed: float, ahead: Track | None = None) -> None:
        self.response_id = ""
        """The response that it is the sound of; empty while it is not told."""
        self.item_id = ""
        self.started = False
        """Some of it was heard."""
        self.stopped = False
        """There is nothing more to hear."""
        self.heard_ms = 0
        """How much of it was heard."""
        self._names = names
        self._voice = voice
        self._speed = speed
        self._ahead = ahead
        self._splitter = SentenceSplitter()
        self._waiting: deque[str] = deque()
        self._tracks: deque[Track] = deque()
        self._said: list[str] = []
        self._finished = False
        self._released = False

    @property
    def heard_text(self) -> str:
        """About the words that were heard."""
        return " ".join(filter(None, [*self._said, *(track.heard_text for track in self._tracks)]))

    def knows(self, request_id: str) -> bool:
        """Return whether this request is one of its sentences."""
        return self._track(request_id) is not None

    def feed(self, delta: str) -> Outcome:
        """Take more words."""
        self._waiting += [] if self._finished else self._splitter.feed(delta)
        return self._go()

    def finish(self) -> Outcome:
        """There are no more words."""
        if not self._finished:
            self._waiting += self._splitter.flush()
            self._finished = True
        return [*self._go(), *self._end()]

    def release(self) -> Outcome:
        """Let it be heard, from now on."""
        self._released = True
        return [*(Play(track.request_id) for track in self._tracks), *self._go(), *self._end()]

    def arrived(self, request_id: str, sound_ms: int) -> None:
        """So much sound of a sentence came until now."""
        track = self._track(request_id)
        if track is not None:
            track.sound_ms = sound_ms

    def fetched(self, request_id: str) -> None:
        """All sound of a sentence came."""
        track = self._track(request_id)
        if track is not None:
            track.fetched = True

    def retry(self, request_id: str, failure: SentraError) -> Outcome:
        """Ask again for a sentence that was lost on the way, once; nothing where that is no help."""
        track = self._track(request_id)
        if track is None or track.retried or track.sound_ms or not isinstance(failure, TransportLost):
            return []
        track.retried = True
        return [Speak(track.request_id, track.text, track.voice, track.speed)]

    def taken(self, request_id: str, duration_ms: int) -> Outcome:
        """Sound of a sentence is heard."""
        track = self._track(request_id)
        if track is None:
            return []
        track.heard_ms += duration_ms
        self.heard_ms += duration_ms
        if self.started:
            return []
        self.started = True
        return [self._names.say("output_audio_buffer.started", response_id=self.response_id)]

    def played(self, request_id: str) -> Outcome:
        """All of a sentence was heard."""
        track = self._track(request_id)
        if track is None or track is self._ahead:
            return []
        self._tracks.remove(track)
        self._said.append(track.text)
        return [*self._go(), *self._end()]

    @property
    def first(self) -> Track | None:
        """Its first sentence, where it was asked for."""
        return self._tracks[0] if self._tracks else self._ahead

    def close(self, keep: Track | None = None) -> Outcome:
        """Stop it for good, all but the sound of `keep`, which another answer may take over."""
        tracks = [*self._tracks, *([self._ahead] if self._ahead is not None else [])]
        self._tracks.clear()
        self._waiting.clear()
        self._ahead = None
        self._finished = self.stopped = True
        return [Drop(track.request_id) for track in tracks if track is not keep]

    def give_up(self) -> Outcome:
        """Nothing more of it can be spoken: it ends here, for whoever waits for its end."""
        was_over = self.stopped
        dropped = self.close()
        if was_over or not self.response_id:
            return dropped
        return [*dropped, self._names.say("output_audio_buffer.stopped", response_id=self.response_id)]

    def cut_short(self) -> Outcome:
        """Fetch no more of it: what is heard already goes on."""
        self._waiting.clear()
        self._finished = True
        unheard = [track for track in self._tracks if not track.heard_ms]
        dropped: Outcome = [Drop(track.request_id) for track in unheard]
        self._tracks = deque(track for track in self._tracks if track.heard_ms)
        return [*dropped, *self._drop_ahead(), *self._end()]

    def _go(self) -> Outcome:
        asked: Outcome = []
        held_max = HELD_MAX if self._released else 1
        while self._waiting and len(self._tracks) < held_max:
            asked += self._fetch(self._waiting.popleft())
        return asked

    def _fetch(self, text: str) -> Outcome:
        track, asked = self._ahead, Outcome()
        if track is not None and (track.text, track.voice, track.speed) == (text, self._voice, self._speed):
            self._ahead = None
        else:
            asked += self._drop_ahead()
            track = Track(self._names.next("request"), text, self._voice, self._speed)
            asked.append(Speak(track.request_id, text, self._voice, self._speed))
        self._tracks.append(track)
        return [*asked, Play(track.request_id)] if self._released else asked

    def _drop_ahead(self) -> Outcome:
        track, self._ahead = self._ahead, None
        return [] if track is None else [Drop(track.request_id)]

    def _end(self) -> Outcome:
        """Say that it is over, once all of it was heard."""
        if self.stopped or not (self._finished and self._released) or self._waiting or self._tracks:
            return []
        self.stopped = True
        return [*self._drop_ahead(), self._names.say("output_audio_buffer.stopped", response_id=self.response_id)]

    def _track(self, request_id: str) -> Track | None:
        held = [*self._tracks, *([self._ahead] if self._ahead is not None else [])]
        return next((track for track in held if track.request_id == request_id), None)
