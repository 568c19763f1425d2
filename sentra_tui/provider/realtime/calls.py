"""All calls of the provider, over WebRTC and over WebSockets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from aiohttp import web

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.faults import Faults
from sentra_tui.provider.realtime.answer_relay import by_way_of
from sentra_tui.provider.realtime.call import Call
from sentra_tui.provider.realtime.edge import Edge
from sentra_tui.provider.realtime.session import Staff
from sentra_tui.provider.realtime.settings import SessionSettings
from sentra_tui.provider.realtime.socket_call import SocketCall
from sentra_tui.provider.relay import strip_candidates

MAX_CALLS = 16

_log = logging.getLogger(__name__)


class Calls:
    """Answers offers and owns the tasks of the calls that come of them."""

    def __init__(self, staff: Staff, faults: Faults, epoch_s: Callable[[], float]) -> None:
        self._staff = staff
        self._faults = faults
        self._epoch_s = epoch_s
        self._calls: dict[str, tuple[Call | SocketCall, asyncio.Task[None]]] = {}

    def describe(self) -> list[dict[str, object]]:
        """Return what calls there are."""
        return [{"id": call.id, "type": call.type, "connected": call.connected} for call, _ in self._calls.values()]

    async def open(self, offer: str, settings: SessionSettings, edge: Edge, session_id: str = "") -> tuple[str, str]:
        """Answer an offer; return the call's id and the SDP answer. Raises ApiError.

        A session that was made before the call brings its id along.
        """
        self.require_room()
        fault = self._faults.for_session(settings.type, "webrtc")
        call = Call(settings, self._staff, fault, self._epoch_s(), edge, session_id)
        relay_url = self._faults.plan.relays.answers_url
        try:
            answer = await call.answer(strip_candidates(offer) if relay_url else offer)
            if relay_url:
                answer = await by_way_of(relay_url, answer)
        except BaseException:
            await call.release()
            raise
        self._start(call)
        return call.id, answer

    async def add_candidate(self, session_id: str, candidate: str, sdp_mid: str | None) -> None:
        """Give the call of a session another way to its client; raises ApiError."""
        for call, _ in self._calls.values():
            if call.session_id == session_id and isinstance(call, Call):
                await call.add_candidate(candidate, sdp_mid)
                return
        raise ApiError(404, "The session has no call.", code="call_not_found", param="session_id")

    async def carry(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        settings: SessionSettings,
        edge: Edge,
    ) -> None:
        """Have a session over an open socket, until it ends."""
        fault = self._faults.for_session(settings.type, "websocket")
        await self._start(SocketCall(socket, transport, settings, self._staff, fault, self._epoch_s(), edge))

    def require_room(self) -> None:
        """Raise ApiError (429) when there is no room for another call."""
        if len(self._calls) >= MAX_CALLS:
            raise ApiError(
                429, f"There are {MAX_CALLS} calls already.", code="rate_limit_exceeded", headers={"Retry-After": "1"}
            )

    async def hang_up(self, call_id: str) -> None:
        """End a call, named by its own id or by that of its session; raises ApiError when there is none."""
        named = [(call, task) for call, task in self._calls.values() if call_id in (call.id, call.session_id)]
        if not named:
            raise ApiError(404, "There is no call with this id.", code="call_not_found", param="call_id")
        call, task = named[0]
        call.hang_up()
        await asyncio.wait([task])

    async def close(self) -> None:
        """End all calls."""
        running = list(self._calls.values())
        for call, _ in running:
            call.hang_up()
        await asyncio.gather(*(task for _, task in running), return_exceptions=True)

    def _start(self, call: Call | SocketCall) -> asyncio.Task[None]:
        task = asyncio.create_task(call.run(), name=call.id)
        self._calls[call.id] = (call, task)
        task.add_done_callback(lambda _: self._forget(call.id))
        _log.info("call %s (%s) began", call.id, call.type)
        return task

    def _forget(self, call_id: str) -> None:
        _, task = self._calls.pop(call_id)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("call %s broke", call_id, exc_info=error)
        else:
            _log.info("call %s ended", call_id)
