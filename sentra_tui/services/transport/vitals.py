"""How a call over WebRTC is doing: when it was heard and answered, how well it travels, what the peer missed."""

from __future__ import annotations

import asyncio

from aiortc import RTCPeerConnection

from sentra_tui.domain.state import Quality
from sentra_tui.media.peer import tap_reports
from sentra_tui.media.stun_check import check_path
from sentra_tui.services.transport.losses import Losses
from sentra_tui.services.transport.meter import LinkMeter
from sentra_tui.services.transport.reception import Reception


class Vitals:
    """Watches one connection, from when it stands."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._loop = asyncio.get_running_loop()
        self._meter = LinkMeter()
        self._connection: RTCPeerConnection | None = None
        self._answered_at_s: float | None = None
        self.losses = Losses()

    def begin(self, connection: RTCPeerConnection) -> None:
        """The call stands: what is sent from now on counts."""
        self._connection = connection
        self._reception.heard()
        self.losses.begin()
        tap_reports(connection.getTransceivers()[0].sender, self._on_report)

    async def check(self) -> None:
        """Ask the peer again and again whether what we send arrives, until cancelled."""
        if self._connection is not None:
            await check_path(self._connection, self.losses.asked, self._on_answer)

    async def measure(self) -> None:
        """Read the counters of the connection: whatever came on it was heard."""
        if self._connection is None:
            return
        report = await self._connection.getStats()
        if self._meter.observe(report, self._reception.playout.counters, self._loop.time()):
            self._reception.heard()

    def quality(self) -> Quality:
        """Return how well the call travelled in the last five seconds, as last measured."""
        return self._meter.quality(self._reception.playout.depth_ms)

    def contact_age_s(self) -> float:
        """Return how long ago anything was received; before that, since the transport was made."""
        return self._reception.age_s()

    def answer_age_s(self) -> float | None:
        """Return how long ago a check was answered, or a report told of more received; None before the first."""
        return None if self._answered_at_s is None else self._loop.time() - self._answered_at_s

    def _answered(self) -> None:
        self._reception.heard()
        self._answered_at_s = self._loop.time()

    def _on_answer(self, asked: int, first_try: bool) -> None:
        self._answered()
        if first_try:
            self.losses.answered(asked)

    def _on_report(self, newest: int, highest: int, lost: int) -> None:
        self._reception.heard()
        if self.losses.report(newest, highest, lost):
            self._answered()
