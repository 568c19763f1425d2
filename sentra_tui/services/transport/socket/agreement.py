"""Agreeing on a session, before a socket is a call."""

from __future__ import annotations

from collections.abc import Sequence

from websockets.exceptions import ConnectionClosed

from sentra_tui.domain.errors import TransportError
from sentra_tui.domain.ports import Opening
from sentra_tui.services.transport.socket.dial import Socket
from sentra_tui.services.transport.socket.failures import early_ending
from sentra_tui.services.transport.socket.inbox import Inbox


class Agreement:
    """Talks on `socket` as `opening` wants it; what is heard goes to `inbox` as well.

    Its methods raise what `opening` raises, and an error of the same kinds where the socket closes.
    """

    def __init__(self, socket: Socket, opening: Opening, inbox: Inbox, label: str) -> None:
        self._socket = socket
        self._opening = opening
        self._inbox = inbox
        self._label = label

    async def greet(self) -> None:
        """Say what is to be said first, and hear the first words of the server, unless it need not say any."""
        await self._say(self._opening.begin())
        if not self._opening.agreed:
            await self._hear()

    async def settle(self) -> None:
        """Hear and say more until there is agreement."""
        while not self._opening.agreed:
            await self._hear()

    async def _hear(self) -> None:
        failure: TransportError
        try:
            message = await self._socket.message()
        except ConnectionClosed as closed:
            failure = early_ending(closed, self._label)
        else:
            self._inbox.put(message)
            await self._say(self._opening.hear(message))
            return
        raise failure

    async def _say(self, messages: Sequence[str]) -> None:
        try:
            for message in messages:
                await self._socket.send(message)
        except ConnectionClosed:
            return  # the server may have said why: hearing tells
