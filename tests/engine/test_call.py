"""The driver of a call, over a call that stays in this process."""

from __future__ import annotations

from sentra_tui.domain import changes as c
from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.ports import Transport
from sentra_tui.domain.state import Connection
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.call import CallDriver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.connection import CallMachine
from sentra_tui.protocol.context import ContextEntry
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

    def call_began(self, transport: Transport) -> None: ...

    def call_ended(self) -> None: ...

    def flush_playback(self) -> None: ...

    def begin_playback(self) -> None: ...

    def refuse_voice(self, cause: str) -> None: ...

    def meter(self, lane: str, usage: Usage) -> None: ...


def session(now_ms: int, _: Transport) -> Session:
    return Session("mic", now_ms, now_ms, answers=True, mark="m", context_lines=9)


class Fickle(Nobody):
    """Wants the first call to be another one as soon as it stands."""

    def __init__(self) -> None:
        self.began: list[Transport] = []
        self.call: CallDriver | None = None

    def call_began(self, transport: Transport) -> None:
        self.began.append(transport)
        if len(self.began) == 1 and self.call is not None:
            self.call.renew("This choice needs a new session.")


async def test_a_call_that_is_renewed_as_it_begins_is_let_go_although_nobody_speaks_in_it() -> None:
    store, tasks, listener = Store(), TaskOwner(), Fickle()
    context = EngineContext(tasks, lambda: 1_000, store.publish)
    store.publish(c.StreamAdded("mic"))
    dialled: list[LoopTransport] = []

    async def dial() -> Transport:
        dialled.append(LoopTransport())
        return dialled[-1]

    machine = CallMachine("mic", ReconnectConfig(), lambda: 0.0)
    call = listener.call = CallDriver("mic", machine, dial, session, listener, context)
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

    async def dial() -> Transport:
        return transport

    machine = CallMachine("mic", ReconnectConfig(), lambda: 0.0)
    call = CallDriver("mic", machine, dial, session, Nobody(), context)
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
