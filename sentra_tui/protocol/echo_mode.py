"""What is done about echo: a decision from what the user wants and what can be had."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sentra_tui.domain.sound import EchoMode

WEAK_BELOW_DB = 6.0
"""Echo cancelling that takes out less leaves an echo that can be understood, and transcribed."""
STRONG_FROM_DB = 10.0
"""What was weak is trusted again from here on."""

Setting = Literal["auto", "cancel", "guard", "off"]


class EchoSituation(Struct, frozen=True, kw_only=True):
    """All that the decision depends on."""

    setting: Setting = "auto"
    headphones: bool = False
    needed: bool = False
    """A microphone is open in a room in which something is played."""
    ready: bool = False
    """There is an echo canceller."""
    failure: str = ""
    """Why there is none and will be none, one line."""
    weak_db: float | None = None
    """How little it takes out, where that is too little."""
    loopback_held: bool = False
    """What the others say is held while an answer sounds: the answer cannot be taken out of it."""


def decide(situation: EchoSituation) -> tuple[EchoMode, str]:
    """Return what is done about echo, and why where that is not what one would expect, in one line."""
    if situation.headphones or not situation.needed:
        return _without_a_room(situation)
    if situation.setting == "off":
        return EchoMode.OFF, "Echo control is switched off in the configuration."
    if situation.setting == "guard":
        return EchoMode.GUARD, "The configuration says so."
    if situation.failure:
        return EchoMode.GUARD, situation.failure
    if not situation.ready:
        return EchoMode.GUARD, "Echo cancelling is being started."
    return _cancelling(situation)


def _without_a_room(situation: EchoSituation) -> tuple[EchoMode, str]:
    cause = f"The others are not heard while an answer sounds. {situation.failure}".strip()
    if situation.needed:
        return EchoMode.HEADPHONES, cause if situation.loopback_held else ""
    return (EchoMode.GUARD, cause) if situation.loopback_held else (EchoMode.NONE, "")


def _cancelling(situation: EchoSituation) -> tuple[EchoMode, str]:
    if situation.weak_db is None:
        return EchoMode.CANCELLING, ""
    cause = f"Only {situation.weak_db:.0f} dB of the echo can be taken out: headphones help, or a lower volume."
    return (EchoMode.CANCELLING if situation.setting == "cancel" else EchoMode.GUARD), cause


class WeaknessWatch:
    """Tells whether echo cancelling is too weak; each measurement is about a second after the one before."""

    PATIENCE = 3
    """So many weak measurements in a row are no accident."""

    def __init__(self, weak_below_db: float = WEAK_BELOW_DB, strong_from_db: float = STRONG_FROM_DB) -> None:
        self.weak_db: float | None = None
        self._weak_below_db = weak_below_db
        self._strong_from_db = strong_from_db
        self._weak_count = 0

    def measured(self, erle_db: float | None) -> None:
        """Take the latest measurement; None says nothing."""
        if erle_db is None:
            return
        below_db = self._weak_below_db if self.weak_db is None else self._strong_from_db
        self._weak_count = self._weak_count + 1 if erle_db < below_db else 0
        self.weak_db = erle_db if self._weak_count >= self.PATIENCE else None
