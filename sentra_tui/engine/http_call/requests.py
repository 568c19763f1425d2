"""The requests of one call: a task each, ended when nobody wants it any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

from sentra_tui.domain.errors import NotSupported, SentraError, TransportLost
from sentra_tui.domain.voice_ports import Completion, Speech, TextEnded, TextEvent, Transcription
from sentra_tui.engine.http_call.contact import Contact
from sentra_tui.protocol.http_session.requests import Complete, Speak, Transcribe


class Results(Protocol):
    """Who takes what requests bring, by the id of the request."""

    def wrote(self, request_id: str, event: TextEvent) -> None:
        """Words came."""
        ...

    def sounded(self, request_id: str, sound: bytes) -> None:
        """Sound came."""
        ...

    def ended(self, request_id: str) -> None:
        """All sound came."""
        ...

    def failed(self, request_id: str, failure: SentraError) -> None:
        """It came to nothing."""
        ...


class Requests:
    """Asks the three ports. `on_defect` is told of what no port may raise."""

    def __init__(
        self,
        transcription: Transcription,
        completion: Completion,
        speech: Speech | None,
        contact: Contact,
        results: Results,
        on_defect: Callable[[BaseException], None],
    ) -> None:
        self._transcription = transcription
        self._completion = completion
        self._speech = speech
        self._contact = contact
        self._results = results
        self._on_defect = on_defect
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def transcribe(self, wanted: Transcribe, sound: bytes) -> None:
        """Have this sound written down."""
        self._start(wanted.request_id, lambda: self._transcribe(wanted, sound))

    def complete(self, wanted: Complete) -> None:
        """Have a conversation answered."""
        self._start(wanted.request_id, lambda: self._complete(wanted))

    def speak(self, wanted: Speak) -> None:
        """Have a sentence said."""
        self._start(wanted.request_id, lambda: self._say(wanted))

    def drop(self, request_id: str) -> None:
        """End a request; one that is over is no mistake."""
        task = self._tasks.pop(request_id, None)
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        """End all of them, and wait for it."""
        self._tasks.clear()
        for task in self._ending:
            task.cancel()
        if self._ending:
            await asyncio.wait(self._ending)

    def _start(self, request_id: str, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.get_running_loop().create_task(self._run(request_id, work), name=f"http {request_id}")
        self._tasks[request_id] = task
        self._ending.add(task)
        task.add_done_callback(self._settle)

    def _settle(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._on_defect(failure)

    async def _run(self, request_id: str, work: Callable[[], Awaitable[None]]) -> None:
        self._contact.asked()
        try:
            await work()
        except SentraError as failure:
            self._contact.failed(failure)
            if self._wants(request_id):
                del self._tasks[request_id]
                self._results.failed(request_id, failure)
        else:
            if self._wants(request_id):
                del self._tasks[request_id]
        finally:
            self._contact.over()

    def _wants(self, request_id: str) -> bool:
        return self._tasks.get(request_id) is asyncio.current_task()

    async def _transcribe(self, wanted: Transcribe, sound: bytes) -> None:
        await asyncio.sleep(wanted.delay_s)
        text = self._transcription.transcribe(sound, language=wanted.language, prompt=wanted.prompt)
        await self._write(wanted.request_id, text)

    async def _complete(self, wanted: Complete) -> None:
        await self._write(wanted.request_id, self._completion.complete(wanted.messages, max_tokens=wanted.max_tokens))

    async def _write(self, request_id: str, text: AsyncIterator[TextEvent]) -> None:
        async with aclosing(text) as events:  # type: ignore[type-var]
            async for event in events:
                self._contact.heard()
                if not self._wants(request_id):
                    return
                self._results.wrote(request_id, event)
                if isinstance(event, TextEnded):
                    return
        raise TransportLost("The provider's answer broke off.")

    async def _say(self, wanted: Speak) -> None:
        if self._speech is None:
            raise NotSupported("Nothing here can speak.")
        sound = self._speech.speak(wanted.text, voice=wanted.voice, speed=wanted.speed)
        async with aclosing(sound) as pieces:  # type: ignore[type-var]
            async for piece in pieces:
                self._contact.heard()
                if not self._wants(wanted.request_id):
                    return
                self._results.sounded(wanted.request_id, piece)
        if self._wants(wanted.request_id):
            self._results.ended(wanted.request_id)
