"""The driver of a call, over a call that stays in this process."""

from __future__ import annotations

from typing import ClassVar

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.errors import ProtocolError, TransportRefused
from sentra_tui.domain.ports import Transport
from sentra_tui.domain.state import Connection
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.call import CallDriver
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.connection import CallMachine
from sentra_tui.protocol.context import ContextEntry
from sentra_tui.protocol.liveness import Liveness
from sentra_tui.protocol.session import Session
from tests.engine.peers import LoopTransport, until

LONG = "a very long line"


class NarrowTransport(LoopTransport):
    """A call through which long lines do not go."""

    def send(self, message: str) -> None:
        if LONG in message:
            raise TransportRefused("A message of 300 kB is too large for the call.")
        super().send(message)


class Nobody:
    """Listens to a call, and does nothing."""

    observers: ClassVar[list[CallObserver]] = []

    def call_began(self, dialled: Dialled) -> None: ...

    def call_ended(self) -> None: ...

    def flush_playback(self) -> None: ...

    def begin_playback(self) -> None: ...

    def refuse_voice(self, cause: str) -> None: ...

    def meter(self, lane: str, usage: Usage) -> None: ...


class Listening(Nobody):
    """Keeps which call carries the sound."""

    def __init__(self) -> None:
        self.carries: list[Transport | None] = []

    def call_began(self, dialled: Dialled) -> None:
        self.carries.append(dialled.transport)

    def call_ended(self) -> None:
        self.carries.append(None)


def machine() -> CallMachine:
    return CallMachine("mic", ReconnectConfig(), lambda: 0.0)


def liveness() -> Liveness:
    return Liveness(ReconnectConfig())


def session(now_ms: int, _: Dialled) -> Session:
    return Session("mic", now_ms, now_ms, answers=True, mark="m", context_lines=9)


class Fickle(Nobody):
    """Wants the first call to be another one as soon as it stands."""

    def __init__(self) -> None:
        self.began: list[Transport] = []
        self.call: CallDriver | None = None

    def call_began(self, dialled: Dialled) -> None:
        self.began.append(dialled.transport)
        if len(self.began) == 1 and self.call is not None:
            self.call.renew("This choice needs a new session.")


async def test_a_call_that_is_renewed_as_it_begins_is_let_go_although_nobody_speaks_in_it() -> None:
    store, tasks, listener = Store(), TaskOwner(), Fickle()
    context = EngineContext(tasks, lambda: 1_000, store.publish)
    store.publish(c.StreamAdded("mic"))
    dialled: list[LoopTransport] = []

    async def dial() -> Dialled:
        dialled.append(LoopTransport())
        return Dialled(dialled[-1], {})

    call = listener.call = CallDriver("mic", machine(), liveness, dial, session, listener, context)
    call.connect()
    await until(lambda: len(listener.began) == 2)
    await until(lambda: dialled[0].closed)
    assert not dialled[1].closed
    assert call.state is Connection.LIVE
    call.hang_up()
    await tasks.close()


async def test_what_is_too_large_to_be_sent_is_said_and_harms_nobody() -> None:
    store, tasks, transport = Store(), TaskOwner(), NarrowTransport()
    context = EngineContext(tasks, lambda: 1_000, store.publish)
    store.publish(c.StreamAdded("mic"))

    async def dial() -> Dialled:
        return Dialled(transport, {})

    call = CallDriver("mic", machine(), liveness, dial, session, Nobody(), context)
    call.connect()
    await until(lambda: call.session is not None)
    transport.say('{"type": "session.created", "session": {}}')
    assert call.session is not None
    for text in (LONG, "a short line"):
        call.perform(call.session.tell(ContextEntry(text, "speaker", text)))
    await until(lambda: bool(transport.sent))
    assert [notice.text for notice in store.state.notices] == ["A message of 300 kB is too large for the call."]
    assert ["a short line" in message for message in transport.sent] == [True]
    assert call.state is Connection.LIVE
    call.hang_up()
    await tasks.close()


async def test_a_better_call_takes_the_place_of_the_one_that_stands_and_its_words_come_from_there() -> None:
    store, tasks, listener = Store(), TaskOwner(), Listening()
    context = EngineContext(tasks, lambda: 1_000, store.publish)
    store.publish(c.StreamAdded("mic"))
    first, second = LoopTransport(), LoopTransport()

    async def dial() -> Dialled:
        return Dialled(first, {}, detour="webrtc: UDP is blocked")

    call = CallDriver("mic", machine(), liveness, dial, session, listener, context)
    call.connect()
    await until(lambda: call.session is not None)
    assert store.state.streams[0].detour == "webrtc: UDP is blocked"
    before = call.session
    call.take(Dialled(second, {}))
    await until(lambda: first.closed)
    await until(lambda: call.session not in (None, before))
    assert listener.carries == [first, None, second]
    assert (store.state.streams[0].connection, store.state.streams[0].detour) == (Connection.LIVE, "")
    second.say('{"type": "input_audio_buffer.speech_started", "item_id": "i", "audio_start_ms": 0}')
    await until(lambda: len(store.state.streams[0].transcript) == 1)
    call.hang_up()
    await until(lambda: second.closed)
    await tasks.close()


async def test_a_better_call_that_is_hung_up_before_it_began_is_closed() -> None:
    store, tasks = Store(), TaskOwner()
    context = EngineContext(tasks, lambda: 1_000, store.publish)
    first, second = LoopTransport(), LoopTransport()

    async def dial() -> Dialled:
        return Dialled(first, {})

    call = CallDriver("mic", machine(), liveness, dial, session, Nobody(), context)
    call.connect()
    await until(lambda: call.session is not None)
    call.take(Dialled(second, {}))
    call.hang_up()
    await until(lambda: first.closed and second.closed)
    await tasks.close()


async def test_without_a_call_there_is_none_to_take_the_place_of() -> None:
    tasks = TaskOwner()
    context = EngineContext(tasks, lambda: 1_000, Store().publish)

    async def dial() -> Dialled:
        return Dialled(LoopTransport(), {})

    call = CallDriver("mic", machine(), liveness, dial, session, Nobody(), context)
    with pytest.raises(ProtocolError):
        call.take(Dialled(LoopTransport(), {}))
    await tasks.close()
