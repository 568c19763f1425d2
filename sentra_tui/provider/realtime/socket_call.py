"""One call over a WebSocket: the messages of its session, and its end.

Sound comes and goes in the messages, as fast as either side likes, so there is nothing to pace; what has its time, the
script of a plan of faults and the end of the session, is looked at every 20 ms.
"""

from __future__ import annotations

import asyncio
import logging

from aiohttp import WSCloseCode, WSMsgType, web

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.faults import SessionFault, SessionType
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.realtime.edge import Edge
from sentra_tui.provider.realtime.event_faults import SpoiltEvents
from sentra_tui.provider.realtime.session import RealtimeSession, Staff
from sentra_tui.provider.realtime.settings import SessionSettings
from sentra_tui.provider.reset import reset
from sentra_tui.provider.script import MOST_AT_ONCE, Script

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
CLOSE_S = 1.0
"""The time for the last messages, and for the client's side of the closing handshake."""

_TICK_S = FRAME_MS / 1000

_log = logging.getLogger(__name__)


class SocketCall:
    """A call from its open socket to its end. `run` releases everything when it ends."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        settings: SessionSettings,
        staff: Staff,
        fault: SessionFault,
        epoch_s: float,
        edge: Edge,
    ) -> None:
        self.id = new_id("sock")
        self._socket = socket
        self._transport = transport
        self._fault = fault
        self._edge = edge
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.time()
        self._over = asyncio.Event()
        self._farewell: tuple[int, str] = (WSCloseCode.GOING_AWAY, "")
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._script = Script(fault)
        self._spoilt = SpoiltEvents(fault.events)
        self._session = RealtimeSession(settings, staff, fault, int(epoch_s + fault.expire_after_s), self._say)

    @property
    def type(self) -> SessionType:
        """Which kind of session it carries."""
        return self._session.settings.type

    @property
    def session_id(self) -> str:
        """The id of the call's session."""
        return self._session.id

    @property
    def connected(self) -> bool:
        """Whether the socket is open."""
        return not self._socket.closed

    def hang_up(self) -> None:
        """Ask the call to end."""
        self._over.set()

    async def run(self) -> None:
        """Live until the call is over, then release everything."""
        writing = asyncio.create_task(self._write())
        living = [asyncio.create_task(part) for part in (self._read(), self._pace())]
        try:
            self._greet()
            ended, _ = await asyncio.wait([*living, writing], return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in living:
                task.cancel()
            await asyncio.gather(*living, return_exceptions=True)
            await self._session.close()
            self._outbox.put_nowait(None)
            await asyncio.wait([writing], timeout=CLOSE_S)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await self._close()

    def _greet(self) -> None:
        if self._fault.greeting is None:
            self._session.begin()
        else:
            self._outbox.put_nowait(self._fault.greeting.render())

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.TEXT and not self._script.frozen(self._age_s()):
                self._session.handle(self._edge.read(message.data))
            elif message.type is WSMsgType.BINARY:
                self._session.refuse(ApiError(400, "A message must be text.", code="invalid_event"))

    async def _write(self) -> None:
        try:
            while (message := await self._outbox.get()) is not None:
                await self._socket.send_str(message)
        except ConnectionError:
            _log.info("call %s: the client is gone", self.id)

    async def _pace(self) -> None:
        while not self._over.is_set():
            age_s = self._age_s()
            if self._outbox.qsize() < MOST_AT_ONCE:
                for message in self._script.due(age_s):
                    self._outbox.put_nowait(message)
            for message in self._spoilt.due(age_s):
                self._put(message)
            self._carry_out(age_s)
            await asyncio.sleep(_TICK_S)

    def _carry_out(self, age_s: float) -> None:
        fault = self._fault
        ends_s = [after_s for after_s in (fault.close_channel_after_s, fault.close_call_after_s) if after_s is not None]
        if ends_s and age_s >= min(ends_s):
            self._farewell = (fault.close_code, fault.close_reason)
            self.hang_up()
        elif age_s >= fault.expire_after_s:
            self._session.expire(fault.expire_after_s)
            self.hang_up()
        if fault.reset_after_s is not None and age_s >= fault.reset_after_s and self._transport is not None:
            reset(self._transport)
            self.hang_up()
        if fault.deaf_after_s is not None and age_s >= fault.deaf_after_s and self._transport is not None:
            self._transport.pause_reading()

    async def _close(self) -> None:
        code, reason = self._farewell
        if code == WSCloseCode.ABNORMAL_CLOSURE and self._transport is not None:
            self._transport.abort()
        await self._socket.close(code=code, message=reason.encode())

    def _age_s(self) -> float:
        """Return how long the socket has been open."""
        return self._loop.time() - self._opened

    def _say(self, message: str) -> None:
        age_s = self._age_s()
        if not self._script.frozen(age_s):
            for each in self._spoilt.take(message, age_s):
                self._put(each)

    def _put(self, message: str) -> None:
        for each in self._edge.write(message):
            self._outbox.put_nowait(each)
