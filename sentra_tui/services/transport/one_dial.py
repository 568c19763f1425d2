"""The one dial of a call: made once, over before the call is closed, and with nothing left of it where it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sentra_tui.domain.errors import ProtocolError
from sentra_tui.domain.ports import Credential
from sentra_tui.services.transport.deadline import end


class OneDial:
    """Runs the dial of one transport."""

    def __init__(self) -> None:
        self._begun = False
        self._settled = asyncio.Event()
        self._settled.set()

    async def settled(self) -> None:
        """Return when no dial is under way."""
        await self._settled.wait()

    async def run(
        self,
        dial: Callable[[asyncio.Future[Credential]], Awaitable[None]],
        credential: Awaitable[Credential],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        """Dial with a credential that is minted meanwhile; `close` the call where that fails or is cancelled.

        Raises what `dial` does, and ProtocolError the second time.
        """
        minting = asyncio.ensure_future(credential)
        try:
            if self._begun:
                raise ProtocolError("A transport makes one call only.")
            self._begun = True
            self._settled.clear()
            try:
                await dial(minting)
            finally:
                self._settled.set()
                await end(minting)
        except BaseException:
            await close()
            raise
