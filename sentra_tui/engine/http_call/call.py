"""A call where there is none: towards the engine a realtime server, towards the provider three kinds of request."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from functools import singledispatchmethod
from typing import Any

from sentra_tui.domain.audio import FRAME_MS, FrameSpan
from sentra_tui.domain.errors import ProtocolError, SentraError, TransportError, TransportLost
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.roads import Road
from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.domain.state import Quality
from sentra_tui.domain.voice_ports import Completion, Speech, TextEvent, Transcription
from sentra_tui.engine.http_call.contact import Contact, out_of_reach
from sentra_tui.engine.http_call.playlist import Playlist
from sentra_tui.engine.http_call.recording import Recording
from sentra_tui.engine.http_call.requests import Requests
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.http_session import requests as r
from sentra_tui.protocol.http_session.session import HttpSession

PROBE_S = 2.0
"""How long after a failure, and after each probe that failed, the server is asked whether it is there."""
LOST_S = 10.0
"""When requests have failed for so long, the call is lost."""
LONGEST_TURN_MS = 60_000
"""Who does not stop is written down in pieces of about this length, however much the server takes."""


class HttpCall:
    """One call, as `sentra_tui.domain.ports.Transport` has it, for the loop it is made on.

    `session` is the GA session object that the engine wants. `open_check` asks the provider for next to nothing: it
    returns where the provider can be used, and raises a TransportError else. The ports stay the caller's to close.
    A turn is no longer than `longest_turn_ms`, nor than the server takes. When requests have failed for `lost_s`, with
    `open_check` asked each `probe_s` meanwhile, the call is lost.
    """

    name = Road.HTTP.value
    server_truncates = False
    """An answer is cut here to what was given out; the loudspeaker, which holds a little, may say so more exactly.
    Answers are told apart, too: nothing of one that was cut comes later.
    """

    def __init__(
        self,
        transcription: Transcription,
        completion: Completion,
        speech: Speech | None,
        detector: SpeechDetector,
        session: dict[str, Any],
        *,
        open_check: Callable[[], Awaitable[None]],
        longest_turn_ms: int = LONGEST_TURN_MS,
        probe_s: float = PROBE_S,
        lost_s: float = LOST_S,
    ) -> None:
        """`speech` None leaves answers written. Raises Refused where the session cannot be read."""
        self._loop = asyncio.get_running_loop()
        self._detector = detector
        self._open_check = open_check
        self._probe_s = probe_s
        self._lost_s = lost_s
        self._transcription = transcription
        self._longest_turn_ms = longest_turn_ms
        self._session = HttpSession(session, longest_turn_ms=longest_turn_ms, speaks=speech is not None)
        self._contact = Contact(self._loop.time)
        self._requests = Requests(transcription, completion, speech, self._contact, self, self._defect)
        self._recording = Recording()
        self._playlist = Playlist()
        self._outbox: deque[str | r.Play] = deque()
        """What the engine is to read, and between it what is to be heard once that was read."""
        self._news = asyncio.Event()
        self._tasks = TaskOwner()
        self._probing = False
        self._round_trip_ms: float | None = None
        self._fault: TransportLost | None = None
        self._dialled = False
        self._stands = False

    async def connect(self, credential: Awaitable[Credential]) -> None:
        """Ask whether the provider can be used; raises TransportLost or TransportRefused, and is closed then."""
        minting = asyncio.ensure_future(credential)
        try:
            if self._dialled:
                raise ProtocolError("A transport makes one call only.")
            self._dialled = True
            await minting
            await self._check()
        except BaseException:
            minting.cancel()
            await asyncio.wait({minting})
            await self.close()
            raise
        self._stands = True
        self._perform(self._session.begin())

    def send(self, message: str) -> None:
        """Take a client event; raises TransportLost when the call is gone."""
        if self._fault is not None:
            raise self._fault.with_traceback(None)
        if not self._stands:
            raise TransportLost("There is no call yet.")
        event = None
        with suppress(ValueError, RecursionError):
            event = json.loads(message)
        self._perform(self._session.handle(event))

    async def messages(self) -> AsyncIterator[str]:
        """Yield server events, until the call breaks: then TransportLost is raised."""
        while True:
            while self._outbox:
                entry = self._outbox.popleft()
                if isinstance(entry, str):
                    yield entry
                else:
                    self._playlist.play(entry.request_id)
            if self._fault is not None:
                raise self._fault.with_traceback(None)
            self._news.clear()
            await self._news.wait()

    def send_audio(self, frame: bytes) -> None:
        """Hear one frame; before the call stands, and after it broke, it goes nowhere."""
        if not self._stands or self._fault is not None:
            return
        # A server may turn out to take less than it was thought to.
        self._session.longest_turn_ms = min(self._longest_turn_ms, self._transcription.max_ms)
        self._recording.add(frame)
        for speech in self._detector.hear(frame):
            self._perform(self._session.hear(speech))
        self._recording.forget(self._session.needed_from_ms)

    def receive_audio(self) -> bytes | None:
        """Return the next frame of an answer; None while there is none."""
        taken = self._playlist.take()
        if taken.frame is not None:
            self._perform(self._session.sound_taken(taken.request_id, FRAME_MS))
        for request_id in taken.played:
            self._perform(self._session.sound_played(request_id))
        return taken.frame

    async def audio_arrives(self) -> None:
        """Return when more of an answer is there to be heard."""
        await self._playlist.arrives()

    def flush_audio(self) -> None:
        """Forget the sound that was to be heard next, and what of the same answers would still be fetched."""
        self._perform(self._session.silence())

    async def quality(self) -> Quality:
        """Return what is known: how long the provider took to say that it is there."""
        return Quality(round_trip_ms=self._round_trip_ms, playout_ms=float(self._playlist.held_ms))

    def contact_age_s(self) -> float:
        """Return how long ago the provider answered; nothing while it is not asked for anything."""
        return self._contact.age_s

    def answer_age_s(self) -> float | None:
        """Return None: every request says for itself whether it arrived."""
        return None

    def take_losses(self) -> Sequence[FrameSpan]:
        """Return nothing: sound goes in requests, whole or not at all."""
        return ()

    async def close(self) -> None:
        """End every request; may be called at any time, more than once."""
        self._break(TransportLost("The call was closed."))
        await self._requests.close()
        await self._tasks.close()

    # What requests bring

    def wrote(self, request_id: str, event: TextEvent) -> None:
        """Words came."""
        self._perform(self._session.wrote(request_id, event))

    def sounded(self, request_id: str, sound: bytes) -> None:
        """Sound came."""
        self._session.sound_arrived(request_id, self._playlist.feed(request_id, sound))

    def ended(self, request_id: str) -> None:
        """All sound of a sentence came."""
        self._session.sound_ended(request_id)
        self._playlist.end(request_id)

    def failed(self, request_id: str, failure: SentraError) -> None:
        """A request came to nothing."""
        self._perform(self._session.failed(request_id, failure))
        if out_of_reach(failure) and not self._probing and self._fault is None:
            self._probing = True
            self._tasks.start(self._probe(), self._defect, "http probe")

    # What the machine wants

    def _perform(self, outcome: r.Outcome) -> None:
        for effect in outcome:
            if self._fault is None:
                self._carry_out(effect)

    @singledispatchmethod
    def _carry_out(self, effect: r.HttpEffect) -> None:
        raise TypeError(f"no way to carry out {type(effect).__name__}")

    @_carry_out.register
    def _(self, effect: r.Say) -> None:
        self._post(json.dumps(effect.event, ensure_ascii=False))

    @_carry_out.register
    def _(self, effect: r.Play) -> None:
        self._post(effect)

    @_carry_out.register
    def _(self, effect: r.Transcribe) -> None:
        self._requests.transcribe(effect, self._recording.sound(effect.start_ms, effect.end_ms))

    @_carry_out.register
    def _(self, effect: r.Complete) -> None:
        self._requests.complete(effect)

    @_carry_out.register
    def _(self, effect: r.Speak) -> None:
        self._playlist.open(effect.request_id)
        self._requests.speak(effect)

    @_carry_out.register
    def _(self, effect: r.Drop) -> None:
        self._requests.drop(effect.request_id)
        self._playlist.drop(effect.request_id)

    def _post(self, entry: str | r.Play) -> None:
        self._outbox.append(entry)
        self._news.set()

    # The line

    async def _check(self) -> None:
        asked_at_s = self._loop.time()
        await self._open_check()
        self._round_trip_ms = (self._loop.time() - asked_at_s) * 1000
        self._contact.heard()

    async def _probe(self) -> None:
        """Ask whether the provider is there until it is; break the call where it is not for long."""
        while self._contact.failing:
            await asyncio.sleep(self._probe_s)
            try:
                await self._check()
            except TransportError as error:
                self._contact.failed(error)
                if self._contact.failing_s >= self._lost_s:
                    self._break(TransportLost(error.message, hint=error.hint, reason=error.reason))
                    return
        self._probing = False

    def _defect(self, failure: BaseException) -> None:
        self._break(TransportLost(f"Internal error ({type(failure).__name__})."))

    def _break(self, reason: TransportLost) -> None:
        if self._fault is None:
            self._fault = reason
            self._news.set()
