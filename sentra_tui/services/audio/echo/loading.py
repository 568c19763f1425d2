"""The right canceller for a stream."""

from __future__ import annotations

from sentra_tui.domain.sound_ports import EchoCanceller
from sentra_tui.services.audio.echo.canceller import LiveKitEchoCanceller
from sentra_tui.services.audio.echo.subtraction import AnswerSubtractor


async def load_canceller(
    *,
    exact: bool = False,
    noise_suppression: bool = True,
    high_pass: bool = True,
    gain_control: bool = False,
    delay_ms: int = 0,
    may_rest: bool = False,
) -> EchoCanceller:
    """Return a canceller that knows nothing of the room yet; raises SourceError where there is none.

    `exact` is for a loopback, in which what was played is found again as it was; the rest as in
    `LiveKitEchoCanceller.load`.
    """
    if exact:
        return AnswerSubtractor()
    return await LiveKitEchoCanceller.load(
        noise_suppression=noise_suppression,
        high_pass=high_pass,
        gain_control=gain_control,
        delay_ms=delay_ms,
        may_rest=may_rest,
    )
