"""A call over a WebSocket: sound as base64 in messages (RFC 6455, OpenAI's Realtime over WebSocket)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from itertools import count
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed

from sentra_tui.domain.audio import FrameSpan
from sentra_tui.domain.config import DeadlinesConfig
from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.ports import Credential, Opening
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.state import Quality
from sentra_tui.services.transport.deadline import end, outcome, within
from sentra_tui.services.transport.one_dial import OneDial
from sentra_tui.services.transport.socket.address import SocketAddress
from sentra_tui.services.transport.socket.agreement import Agreement
from sentra_tui.services.transport.socket.dial import Socket, open_socket
from sentra_tui.services.transport.socket.failures import ending
from sentra_tui.services.transport.socket.inbox import Inbox
from sentra_tui.services.transport.socket.outbox import MAX_SOUND_MS, Outbox, type_of
from sentra_tui.services.transport.socket.server_sound import ServerSound

Authorize = Callable[[Secret], dict[str, str]]
"""Gives the headers that show a secret."""

READ_AT_ONCE = 64
"""How many messages that came together are taken without a pause."""

T = TypeVar("T")


class WebSocketTransport:
    """One call, as `sentra_tui.domain.ports.Transport` has it. For the loop it is made on; nothing in it blocks.

    `opening` agrees with the server on the session before sound flows. `rate_hz` is the rate of mono s16le sound, both
    ways. What is heard is known here alone, so `messages` yields `output_audio_buffer.started`, `.stopped` and
    `.cleared`, as the server would say them over WebRTC, and takes out the messages that carry sound.
    """

    name = "websocket"
    server_truncates = False

    def __init__(
        self,
        *,
        address: SocketAddress,
        authorize: Authorize,
        opening: Opening,
        deadlines: DeadlinesConfig | None = None,
        rate_hz: int = 24_000,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._address = address
        self._authorize = authorize
        self._opening = opening
        self._deadlines = deadlines or DeadlinesConfig()
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox()
        self._outbox = Outbox(rate_hz)
        self._sound = ServerSound(rate_hz, self._inbox.note)
        self._socket: Socket | None = None
        self._stands = False
        self._one_dial = OneDial()
        self._made_at_s = self._loop.time()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None

    async def connect(self, credential: Awaitable[Credential]) -> None:
        """Dial; raises TransportLost or TransportRefused, and leaves nothing behind, cancelled or not."""
        await self._one_dial.run(self._dial, credential, self.close)

    def send(self, message: str) -> None:
        """Queue a message, behind the sound so far; raises TransportLost when the call is gone.

        `input_audio_buffer.clear` takes back the sound that still waits; `output_audio_buffer.clear` is obeyed here.
        """
        if self._inbox.broken.done():
            raise self._inbox.broken.result().with_traceback(None)
        if not self._stands:
            raise TransportLost("There is no call yet.")
        if type_of(message) == "output_audio_buffer.clear":
            self.flush_audio()
        else:
            self._outbox.put(message)
            self._check_outbox()

    async def messages(self) -> AsyncIterator[str]:
        """Yield what the peer says, without its sound, until the call breaks: then TransportLost is raised."""
        if not (self._stands or self._inbox.broken.done()):
            raise TransportLost("There is no call yet.")
        async for message in self._inbox.read(self._take_sound):
            yield message

    def send_audio(self, frame: bytes) -> None:
        """Send one frame; before the call stands, and after it broke, it goes nowhere."""
        if self._stands and not self._inbox.broken.done():
            self._outbox.put_audio(frame)
            self._check_outbox()

    def receive_audio(self) -> bytes | None:
        """Return the next frame, to be called each 20 ms; None while there is none."""
        return self._sound.pull()

    async def audio_arrives(self) -> None:
        """Return when there is more sound to play."""
        await self._sound.arrives()

    def flush_audio(self) -> None:
        """Forget the sound that was received and not yet taken, and what still comes of the same answers."""
        self._sound.flush()

    async def quality(self) -> Quality:
        """Return how well the call travels, as far as a socket tells."""
        latency_s = 0.0 if self._socket is None else self._socket.latency
        return Quality(round_trip_ms=latency_s * 1000 or None, playout_ms=self._sound.depth_ms)

    def contact_age_s(self) -> float:
        """Return how long ago anything was received; before that, since the transport was made."""
        heard_at_s = self._made_at_s if self._socket is None else self._socket.heard_at_s
        return self._loop.time() - heard_at_s

    def answer_age_s(self) -> float | None:
        """Return how long ago a ping was answered; None before the first."""
        answered_at_s = None if self._socket is None else self._socket.answered_at_s
        return None if answered_at_s is None else self._loop.time() - answered_at_s

    def take_losses(self) -> Sequence[FrameSpan]:
        """Return nothing: TCP loses none, or all that follows."""
        return ()

    async def close(self) -> None:
        """Hang up, stop everything, wait for it; a cancelled wait does not stop the closing."""
        if self._closing is None:
            self._closing = self._loop.create_task(self._shut())
        await asyncio.shield(self._closing)

    # Dialling

    async def _dial(self, minting: asyncio.Future[Credential]) -> None:
        offer_s, greeting_s = self._deadlines.offer_s, self._deadlines.greeting_s
        label, host = self._address.label, self._address.host
        late = TransportLost(f"Nothing to open the call with within {offer_s:g} s.", reason=Reason.SILENT)
        credential = await self._step(outcome(minting), offer_s, late)
        late = TransportLost(f"{host} does not answer.", hint="Check the network.", reason=Reason.UNREACHABLE)
        socket = await self._step(self._open(credential.secret), offer_s, late)
        agreement = Agreement(socket, self._opening, self._inbox, label)
        late = TransportLost(f"{label} took the call and said nothing for {greeting_s:g} s.", reason=Reason.SILENT)
        await self._step(agreement.greet(), greeting_s, late)
        late = TransportLost(f"{label} did not agree on a session within {greeting_s:g} s.", reason=Reason.SILENT)
        await self._step(agreement.settle(), greeting_s, late)
        self._stands = True
        for work in (self._read(socket), self._write(socket)):
            self._tasks.add(self._loop.create_task(work))

    async def _step(self, work: Coroutine[Any, Any, T], deadline_s: float, late: TransportLost) -> T:
        return await within(deadline_s, work, fault=self._inbox.broken, late=late)

    async def _open(self, secret: Secret) -> Socket:
        # Kept here, inside the task: one that was opened as the dial was cancelled must be closed, too.
        self._socket = await open_socket(
            self._address, lambda: self._authorize(secret), greeting_s=self._deadlines.greeting_s, tls=self._tls
        )
        return self._socket

    # While it stands

    async def _read(self, socket: Socket) -> None:
        try:
            for number in count(1):
                self._inbox.put(await socket.message())
                if not number % READ_AT_ONCE:  # what came together is there without a wait: others have their turn
                    await asyncio.sleep(0)
        except ConnectionClosed as closed:
            self._inbox.break_off(ending(closed, self._address.label))

    async def _write(self, socket: Socket) -> None:
        try:
            while True:
                await socket.send(await self._outbox.next(), text=True)
        except ConnectionClosed:
            return  # reading tells why

    def _take_sound(self, message: str) -> bool:
        """Take the sound out of `message`; return whether nothing else is in it."""
        only_sound = self._sound.take(message)
        if self._sound.overflows:
            self._inbox.break_off(TransportLost("The provider sends more sound than can be played."))
        return only_sound

    def _check_outbox(self) -> None:
        if self._outbox.overflows:
            lost = TransportLost(
                f"The network has not taken {MAX_SOUND_MS // 1000} s of sound.", hint="It may be too slow for a call."
            )
            self._inbox.break_off(lost)

    # The end

    async def _shut(self) -> None:
        self._inbox.break_off(TransportLost("The call was closed."))
        await self._one_dial.settled()
        for task in self._tasks:
            await end(task)
        if self._socket is not None:
            await self._socket.hang_up()
