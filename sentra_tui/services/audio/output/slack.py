"""How much sound an output holds: as little as lasts, and more where it ran dry."""

from __future__ import annotations

LATENCIES_S = (0.02, 0.04, 0.08)
"""20 ms are enough for a machine that is not busy: 0 gaps in a minute were measured, and an answer is cut sooner."""
XRUNS = 2
WINDOW_S = 60.0
SETTLING_S = 0.5
"""For so long a stream that begins is not judged: it runs dry before it sounds where the server is slow to start it."""


class Slack:
    """Decides on the latency of an output from how often it ran dry."""

    def __init__(self) -> None:
        self._step = 0
        self._settled_at = 0.0
        self._since: float | None = None
        self._before = 0

    @property
    def latency_s(self) -> float:
        """What the next stream is to hold."""
        return LATENCIES_S[self._step]

    def grows(self, xruns: int, now: float) -> bool:
        """Return whether a stream that ran dry so often is to be opened anew with more; `latency_s` is more then."""
        if self._since is None or xruns < self._before:
            self._settled_at = now + SETTLING_S
        if self._since is None or now < self._settled_at or now - self._since > WINDOW_S:
            self._since, self._before = now, xruns
        if xruns - self._before < XRUNS or self._step == len(LATENCIES_S) - 1:
            return False
        self._step += 1
        self._since, self._before = None, 0
        return True
