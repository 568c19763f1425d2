"""What may be seen of a stream's calls, for those who measure, keep or log and never interfere."""

from __future__ import annotations

from collections.abc import Sequence

from sentra_tui.domain.audio import FrameSpan
from sentra_tui.domain.roads import Road, Stage
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.protocol.client_events import ClientEvent
from sentra_tui.protocol.server_events import ServerEvent


class CallObserver:
    """Is told, in the engine's loop and in order, what happens to the calls of one stream.

    Every method does nothing; an observer overrides those it needs, and never raises. `number` is the session of
    `LineKey`. Frames that the pump carries between `session_began` and `session_ended` went to that session's call,
    counted from 0 as in `FrameSpan`; all others went nowhere.
    """

    def dial_progressed(self, road: Road, stage: Stage, now_ms: int) -> None:
        """A dial by this road has come so far."""

    def session_began(self, number: int, dialled: Dialled, now_ms: int) -> None:
        """This call takes the stream's sound from now on."""

    def session_ended(self, number: int, now_ms: int) -> None:
        """No call does."""

    def event_came(self, event: ServerEvent, now_ms: int) -> None:
        """The server said this; what it means is not yet told."""

    def event_went(self, event: ClientEvent, now_ms: int) -> None:
        """The server was told this."""

    def looked_after(
        self, heard_age_s: float, answer_age_s: float | None, losses: Sequence[FrameSpan], now_ms: int
    ) -> None:
        """Told four times a second while a call stands: as in `Transport.contact_age_s`, `.answer_age_s`, and which
        frames the peer is newly known to have missed.
        """
