"""Messages over a WebRTC data channel, with an outbox so that nothing is sent faster than it leaves."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from aiortc import RTCDataChannel

from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.services.transport.wrapping import Unwrapper

MAX_MESSAGE_BYTES = 200_000
"""Larger ones close the channel of some peers without a word, whatever size they advertise."""

MAX_BUFFERED_BYTES = 262_144
"""What SCTP may hold: everything behind it waits, a message that interrupts an answer too."""

MAX_OUTBOX_BYTES = 4_000_000
MAX_INBOX_MESSAGES = 10_000


class MessageChannel:
    """Sends and receives text in order; once it has broken, both ways raise what broke it.

    `wrapped` says that what arrives is in envelopes.
    """

    def __init__(self, channel: RTCDataChannel, *, wrapped: bool = False) -> None:
        self._channel = channel
        self._unwrapper = Unwrapper() if wrapped else None
        self._outbox: deque[str] = deque()
        self._outbox_bytes = 0
        self._inbox: asyncio.Queue[str | None] = asyncio.Queue()
        self.opened = asyncio.Event()
        self.broken: asyncio.Future[TransportLost] = asyncio.get_running_loop().create_future()
        """Done once no more messages go or come, with the reason."""
        channel.bufferedAmountLowThreshold = MAX_BUFFERED_BYTES // 4
        channel.on("open", self._on_open)
        channel.on("message", self._on_message)
        channel.on("bufferedamountlow", self._flush)
        channel.on("close", self._on_close)

    def send(self, message: str) -> None:
        """Queue a message; raises TransportRefused when it is too large, TransportLost when the channel is broken."""
        if self.broken.done():
            raise self.broken.result().with_traceback(None)
        size = len(message.encode())
        if size > MAX_MESSAGE_BYTES:
            raise TransportRefused(
                f"A message of {size // 1000} kB is too large for the call.",
                hint=f"At most {MAX_MESSAGE_BYTES // 1000} kB fit.",
            )
        self._outbox.append(message)
        self._outbox_bytes += size
        self._flush()
        if self._outbox_bytes > MAX_OUTBOX_BYTES:
            self.break_off(TransportLost("The provider has stopped taking messages."))
            raise self.broken.result().with_traceback(None)

    async def messages(self) -> AsyncIterator[str]:
        """Yield messages as they come; raises TransportLost after the last."""
        while (message := await self._inbox.get()) is not None:
            yield message
        self._inbox.put_nowait(None)
        raise self.broken.result().with_traceback(None)

    def break_off(self, reason: TransportLost) -> None:
        """End both directions for this reason; only the first reason counts."""
        if not self.broken.done():
            self.broken.set_result(reason)
            self._inbox.put_nowait(None)

    def _on_open(self) -> None:
        self.opened.set()
        self._flush()

    def _on_close(self) -> None:
        self.break_off(TransportLost("The provider closed the call."))

    def _on_message(self, message: str | bytes) -> None:
        if self.broken.done():
            return
        if self._inbox.qsize() >= MAX_INBOX_MESSAGES:
            self.break_off(TransportLost("The provider sends more messages than can be read."))
            return
        text: str | None = message if isinstance(message, str) else message.decode(errors="replace")
        if text is not None and self._unwrapper is not None:
            text = self._unwrapper.feed(text)
        if text is not None:
            self._inbox.put_nowait(text)

    def _flush(self) -> None:
        while self._outbox and self._channel.readyState == "open" and self._channel.bufferedAmount < MAX_BUFFERED_BYTES:
            message = self._outbox.popleft()
            self._outbox_bytes -= len(message.encode())
            self._channel.send(message)
