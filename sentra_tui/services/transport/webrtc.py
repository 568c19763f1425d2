"""A call over WebRTC: Opus and a data channel, on one peer connection (RFC 8825, OpenAI's Realtime over WebRTC)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from aiortc import RTCSessionDescription

from sentra_tui.domain.audio import SILENCE, FrameSpan
from sentra_tui.domain.config import DeadlinesConfig
from sentra_tui.domain.errors import TransportError, TransportLost
from sentra_tui.domain.ports import Credential, SdpAnswer, Signalling, TricklingSignalling
from sentra_tui.domain.roads import Reason, Road, Stage
from sentra_tui.domain.state import Quality
from sentra_tui.media.peer import OpusTrack, read_track, tap
from sentra_tui.media.playout_counters import PlayoutCounters
from sentra_tui.services.transport.channel import MessageChannel
from sentra_tui.services.transport.deadline import end, within
from sentra_tui.services.transport.ice import ResolvedIceServer
from sentra_tui.services.transport.one_dial import OneDial
from sentra_tui.services.transport.path import MediaPath
from sentra_tui.services.transport.reception import Reception
from sentra_tui.services.transport.turn import SEARCH_S
from sentra_tui.services.transport.vitals import Vitals

CHANNEL_LABEL = "oai-events"

_WATCH_S = 0.5
_HANG_UP_S = 3.0
_KEEP_ALIVE_S = 1.0
_GATHER_S = 10.0
_NETWORK_HINT = "UDP may be blocked. Try another network, or set up a TURN server."

T = TypeVar("T")


class WebRtcTransport:
    """One call, as `sentra_tui.domain.ports.Transport` has it. For the loop it is made on; nothing in it blocks.

    `deadlines` bound the steps of the dial. Without `ice_servers` none is asked, which providers with public addresses
    need, and which makes the dial fastest. Where one of them is a TURN server, the call goes through it and by no other
    path, and is called "turn"; `tls` says which authorities count for `turns:`, the system's by default.
    `wrapped_messages` says that the peer's messages come in envelopes. `progress` is told how far the dial has come.
    """

    server_truncates = True
    """The server paces the sound, so it knows what was heard when it is told to clear its buffer."""

    def __init__(
        self,
        signalling: Signalling,
        *,
        deadlines: DeadlinesConfig | None = None,
        ice_servers: Sequence[ResolvedIceServer] = (),
        tls: ssl.SSLContext | None = None,
        wrapped_messages: bool = False,
        progress: Callable[[Stage], None] = lambda stage: None,
    ) -> None:
        self._signalling = signalling
        self._deadlines = deadlines or DeadlinesConfig()
        self._path = MediaPath(ice_servers, tls)
        self._wrapped_messages = wrapped_messages
        self._progress = progress
        self.name: str = Road.TURN if self._path.relayed else Road.WEBRTC
        self._loop = asyncio.get_running_loop()
        self._fault: asyncio.Future[TransportLost] = self._loop.create_future()
        self._path_found = asyncio.Event()
        self._channel: MessageChannel | None = None
        self._reception = Reception()
        self._vitals = Vitals(self._reception)
        self._track = OpusTrack(on_packet=self._vitals.losses.sent)
        self._sent_at_s = self._loop.time()
        self._one_dial = OneDial()
        self._credential: Credential | None = None
        self._call_id = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: asyncio.Task[None] | None = None

    async def connect(self, credential: Awaitable[Credential]) -> None:
        """Dial; raises TransportLost or TransportRefused, and leaves nothing behind, cancelled or not."""
        await self._one_dial.run(self._dial, credential, self.close)

    def send(self, message: str) -> None:
        """Queue a message; raises TransportLost when the call is gone, TransportRefused when it is over 200 kB."""
        if self._fault.done():
            raise self._fault.result().with_traceback(None)
        if self._channel is None:
            raise TransportLost("There is no call yet.")
        self._channel.send(message)

    async def messages(self) -> AsyncIterator[str]:
        """Yield what the peer says, until the call breaks: then TransportLost is raised."""
        if self._channel is None:
            raise TransportLost("There is no call yet.")
        async for message in self._channel.messages():
            yield message

    def send_audio(self, frame: bytes) -> None:
        """Send one frame; before the call stands, and after it broke, it goes nowhere."""
        self._sent_at_s = self._loop.time()
        self._track.send(frame, self._vitals.losses.give())

    def receive_audio(self) -> bytes | None:
        """Return the next frame, to be called each 20 ms; None while there is none."""
        return self._reception.playout.pull()

    async def audio_arrives(self) -> None:
        """Return when the next packet of sound arrives."""
        await self._reception.arrives()

    def flush_audio(self) -> None:
        """Forget the sound that was received and not yet taken; what is still on its way arrives all the same."""
        self._reception.playout.flush()

    async def quality(self) -> Quality:
        """Return how well the call travels; losses are those of the last five seconds."""
        await self._vitals.measure()
        return self._vitals.quality()

    @property
    def playout_counters(self) -> PlayoutCounters:
        """What happened to the packets received."""
        return self._reception.playout.counters

    def contact_age_s(self) -> float:
        """Return how long ago anything was received; before that, since the transport was made."""
        return self._vitals.contact_age_s()

    def answer_age_s(self) -> float | None:
        """Return how long ago a check was answered, or a report told of more received; None before the first."""
        return self._vitals.answer_age_s()

    def take_losses(self) -> Sequence[FrameSpan]:
        """Return between which frames the peer is now known to have missed many, since last asked.

        As its reports have it: what was sent between two of them in which at least three frames and 5 % were lost.
        """
        return self._vitals.losses.take()

    async def close(self) -> None:
        """Hang up, stop everything, wait for it; a cancelled wait does not stop the closing."""
        if self._closing is None:
            self._closing = self._loop.create_task(self._shut())
        await asyncio.shield(self._closing)

    # Dialling

    async def _dial(self, credential: asyncio.Future[Credential]) -> None:
        if self._fault.done():
            raise self._fault.result().with_traceback(None)
        late = TransportLost("The TURN servers do not answer.", hint=_NETWORK_HINT, reason=Reason.TURN_REFUSED)
        opening = self._path.open(self._track, CHANNEL_LABEL, self._on_state)
        opened = await self._step(opening, 2 * SEARCH_S, late)
        self._channel = MessageChannel(opened, wrapped=self._wrapped_messages)
        self._channel.broken.add_done_callback(lambda broken: self._break(broken.result()))
        answer = await self._exchange(credential)
        self._start(self._trickle(answer))
        await self._accept(answer)
        self._progress(Stage.ANSWERED)
        media_s, channel_s = self._deadlines.media_s, self._deadlines.channel_s
        await self._step(self._path_found.wait(), media_s, self._no_path(f"No media path within {media_s:g} s."))
        self._progress(Stage.OPEN)
        late = TransportLost(f"The data channel did not open within {channel_s:g} s.", hint="The network may be poor.")
        await self._step(self._channel.opened.wait(), channel_s, late)
        self._vitals.begin(self._path.connection)
        self._start(self._vitals.check())
        self._start(self._watch())

    async def _exchange(self, credential: asyncio.Future[Credential]) -> SdpAnswer:
        """Post the offer as soon as there is one: the peer learns our addresses from our checks.

        A relayed address it cannot learn so, hence with a TURN server the offer waits for gathering.
        """
        offer = await self._path.connection.createOffer()
        offer_s = self._deadlines.offer_s
        late = TransportLost(
            f"No answer to the call within {offer_s:g} s.",
            hint="The provider or the network is slow.",
            reason=Reason.SILENT,
        )
        if self._path.relayed:
            await self._gather(offer)
            return await self._step(self._post(self._path.sdp, credential), offer_s, late)
        posting = self._loop.create_task(self._post(offer.sdp, credential))
        try:
            await self._gather(offer)
            return await self._step(posting, offer_s, late)
        finally:
            await end(posting)

    async def _gather(self, offer: RTCSessionDescription) -> None:
        late = TransportLost(f"The TURN or STUN server did not answer within {_GATHER_S:g} s.", hint=_NETWORK_HINT)
        await self._step(self._path.gather(offer), _GATHER_S, late)

    async def _post(self, sdp: str, credential: asyncio.Future[Credential]) -> SdpAnswer:
        self._credential = await asyncio.shield(credential)
        answer = await self._signalling.offer(sdp, self._credential)
        self._call_id = answer.call_id
        return answer

    async def _trickle(self, answer: SdpAnswer) -> None:
        """Tell the provider our candidates where it wants that; it may learn them from our checks all the same."""
        if self._credential is None or not isinstance(self._signalling, TricklingSignalling):
            return
        try:
            await self._signalling.candidates(answer.call_id, self._path.candidates(), self._credential)
        except TransportError:
            return

    async def _accept(self, answer: SdpAnswer) -> None:
        await self._path.accept(answer.sdp)
        receiver = self._path.connection.getTransceivers()[0].receiver
        if not tap(receiver, self._reception.take) and receiver.track is not None:
            self._start(read_track(receiver.track, self._reception.take))
        await self._path.end_of_candidates()

    async def _step(self, work: Coroutine[Any, Any, T] | asyncio.Task[T], deadline_s: float, late: TransportLost) -> T:
        return await within(deadline_s, work, fault=self._fault, late=late)

    # While it stands

    def _on_state(self) -> None:
        if self._path.leads_there:
            self._path_found.set()
        if self._path.state not in ("failed", "closed"):
            return
        if self._path_found.is_set():
            self._break(TransportLost("The connection to the provider was closed."))
        else:
            self._break(self._no_path("No media path to the provider could be set up."))

    def _no_path(self, message: str) -> TransportLost:
        """The offer was answered over HTTP, so it is the path that lacks."""
        if self._path.relayed:
            return TransportLost(message, hint="The TURN server reaches nobody there.")
        return TransportLost(message, hint=_NETWORK_HINT, reason=Reason.UDP_BLOCKED)

    async def _watch(self) -> None:
        """Note what was heard; keep a call alive that we send nothing on, so that the peer goes on reporting."""
        while not self._fault.done():
            await asyncio.sleep(_WATCH_S)
            await self._vitals.measure()
            if self._loop.time() - self._sent_at_s > _KEEP_ALIVE_S:
                self._sent_at_s = self._loop.time()
                self._track.send(SILENCE, self._vitals.losses.give(filler=True))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)

    # The end

    def _break(self, reason: TransportLost) -> None:
        """End the call for this reason; only the first one counts."""
        if not self._fault.done():
            self._fault.set_result(reason)
        if self._channel is not None:
            self._channel.break_off(reason)

    async def _shut(self) -> None:
        self._break(TransportLost("The call was closed."))
        await self._one_dial.settled()
        for task in self._tasks:
            await end(task)
        hanging_up = self._loop.create_task(self._hang_up())
        await self._path.close()
        self._track.stop()
        await hanging_up

    async def _hang_up(self) -> None:
        """Tell the provider; when that fails, the closed connection has to be word enough."""
        if not self._call_id or self._credential is None:
            return
        try:
            async with asyncio.timeout(_HANG_UP_S):
                await self._signalling.hang_up(self._call_id, self._credential)
        except (TransportError, TimeoutError):
            return
