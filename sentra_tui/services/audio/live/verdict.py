"""What is told of a live source: of all that is wrong with it, the first in the order of `Trouble`."""

from __future__ import annotations

from sentra_tui.domain.audio import FRAME_MS, SILENCE
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import Report, SourceReport
from sentra_tui.services.audio.live.snapshot import Snapshot
from sentra_tui.services.audio.live.target import CHOOSE, Found, Target, plays_elsewhere
from sentra_tui.services.audio.signal import SignalProbe

SILENT_MS = 3000
"""How long an output may be silent before it is said that another one plays."""
HEADSET_ADVICE = f"A Bluetooth headset in its call profile: narrow sound both ways. {CHOOSE}"
_ORDER = list(Trouble)


class Verdict:
    """Weighs what the device, the sound server and the sound itself say; tells each state once."""

    def __init__(self, target: Target, report: Report, reason: str = "") -> None:
        self._target = target
        self._report = report
        self._reason = reason
        """Said while there is no trouble: why the capture is not made in a better way."""
        self._probe = SignalProbe(target.kind)
        self._silent_ms = 0
        self._told = SourceReport()
        self._label = ""

    def hear(self, frame: bytes) -> None:
        """Take a frame that came from the device."""
        self._probe.feed(frame)
        self._silent_ms = self._silent_ms + FRAME_MS if frame == SILENCE else 0

    def judge(
        self, trouble: Trouble, advice: str, label: str, snapshot: Snapshot | None, device: Found | None = None
    ) -> None:
        """Take what the device's state is, and tell what changed; `device` is the one that is there."""
        if label != self._label:
            self._probe, self._silent_ms = SignalProbe(self._target.kind), 0
        found = [(trouble, advice)]
        other = plays_elsewhere(self._target, snapshot) if snapshot and self._silent_ms >= SILENT_MS else None
        if other is not None:
            found.append((Trouble.SILENT, f"The sound plays on {other.description}: press d to follow it there."))
        found.append((self._probe.trouble, self._probe.advice))
        if device is not None and device.source.headset:
            found.append((Trouble.HEADSET, HEADSET_ADVICE))
        worst = min((each for each in found if each[0]), key=lambda each: _ORDER.index(each[0]), default=None)
        told = SourceReport(*worst) if worst else SourceReport(advice=self._remarks(device))
        if told == self._told and label == self._label:
            return
        changed = label if label != self._label else ""
        self._told, self._label = told, label
        self._report(SourceReport(told.trouble, told.advice, changed))

    def _remarks(self, device: Found | None) -> str:
        return " ".join(filter(None, (self._reason, device.remark if device is not None else "")))
