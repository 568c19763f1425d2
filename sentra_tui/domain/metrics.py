"""What the program measures of itself while it runs: names, units, and the newest values of each."""

from __future__ import annotations

import math
from enum import StrEnum

from msgspec import Struct

VALUES_KEPT = 240
"""How many values of each series are kept; its count goes on."""


class Metric(StrEnum):
    """What is measured. Names end in their unit; shares are 0 to 1, and a name without a unit is a count."""

    DIAL_MS = "dial_ms"
    """From the beginning of a dial to a call that stands."""
    DIAL_ANSWER_MS = "dial_answer_ms"
    """From the first request to the answer to the offer."""
    DIAL_PATH_MS = "dial_path_ms"
    """From the answer to a way for sound (ICE)."""
    DIAL_CHANNEL_MS = "dial_channel_ms"
    """From there to keys and an open channel (DTLS, SCTP), or, on a socket, to an agreed session."""
    DETECTION_MS = "detection_ms"
    """From the last sign of life to the suspicion that the call is dead."""
    RECOVERY_MS = "recovery_ms"
    """From that suspicion, or the break, to a call that stands."""
    OUTAGE_MS = "outage_ms"
    """From the last sign of life to a call that stands."""
    ROLLOVER_GAP_MS = "rollover_gap_ms"
    """How long no call took sound while one session took the place of another."""
    DISCONNECTS = "disconnects"
    """Calls that broke, one for each."""
    RECOVERED_WORDS = "recovered_words"
    """Words that came from sound kept over a break, for each line."""
    RECOVERED_SHARE = "recovered_share"
    """Of the sound with speech in it that no call took, how much became words."""
    TURN_COMMIT_MS = "turn_commit_ms"
    """From the end of speech to the end of the turn, as the server tells both."""
    TURN_WORDS_MS = "turn_words_ms"
    """From the end of speech to the final words."""
    TURN_EVENT_MS = "turn_event_ms"
    """From the end of speech to the first event of an answer."""
    TURN_SOUND_MS = "turn_sound_ms"
    """From the end of speech to the first sound of an answer."""
    ROUND_TRIP_MS = "round_trip_ms"
    JITTER_MS = "jitter_ms"
    LOSS_UP_SHARE = "loss_up_share"
    LOSS_DOWN_SHARE = "loss_down_share"
    PLAYOUT_MS = "playout_ms"
    REPAIRED_SHARE = "repaired_share"
    """Of the frames played, those repaired from the packet after them (in-band FEC)."""
    CONCEALED_SHARE = "concealed_share"
    """Of the frames played, those made up."""


WORDS = {
    Metric.DIAL_MS: "dial",
    Metric.DIAL_ANSWER_MS: "  offer answered",
    Metric.DIAL_PATH_MS: "  way for sound",
    Metric.DIAL_CHANNEL_MS: "  keys, channel",
    Metric.DETECTION_MS: "break noticed",
    Metric.RECOVERY_MS: "back again",
    Metric.OUTAGE_MS: "away in all",
    Metric.ROLLOVER_GAP_MS: "rollover gap",
    Metric.DISCONNECTS: "disconnects",
    Metric.RECOVERED_WORDS: "words recovered",
    Metric.RECOVERED_SHARE: "sound recovered",
    Metric.TURN_COMMIT_MS: "turn ends",
    Metric.TURN_WORDS_MS: "final words",
    Metric.TURN_EVENT_MS: "answer begins",
    Metric.TURN_SOUND_MS: "answer sounds",
    Metric.ROUND_TRIP_MS: "round trip",
    Metric.JITTER_MS: "jitter",
    Metric.LOSS_UP_SHARE: "lost up",
    Metric.LOSS_DOWN_SHARE: "lost down",
    Metric.PLAYOUT_MS: "playout delay",
    Metric.REPAIRED_SHARE: "repaired",
    Metric.CONCEALED_SHARE: "made up",
}
"""What the screen calls each, at most 16 characters; two spaces before a part of what stands above it."""
LOGGED = frozenset(
    {
        Metric.DIAL_MS,
        Metric.DETECTION_MS,
        Metric.RECOVERY_MS,
        Metric.OUTAGE_MS,
        Metric.TURN_EVENT_MS,
        Metric.TURN_SOUND_MS,
    }
)
"""What is told in the event log, too, by whoever measures it."""


def unit(metric: Metric) -> str:
    """Return the unit of a metric as it is written behind a value: ` ms`, ` %` or nothing."""
    suffixes = {"_ms": " ms", "_share": " %"}
    return next((written for suffix, written in suffixes.items() if metric.endswith(suffix)), "")


def figure(metric: Metric, value: float) -> str:
    """Return a value with its unit, at most 7 characters for all that happens in practice."""
    written = unit(metric)
    if written == " %":
        return f"{100 * value:.1f} %"
    if written == " ms" and value >= 999.5:
        return f"{value / 1000:.{2 if value < 9_995 else 1 if value < 99_950 else 0}f} s"
    return f"{value:.0f}{written}"


def worded(metric: Metric, value: float) -> str:
    """Return one measurement in words, for the event log."""
    return f"{WORDS[metric].strip()}: {figure(metric, value)}"


class Series(Struct, frozen=True):
    """The values of one metric of one stream."""

    metric: Metric
    stream: str = ""
    count: int = 0
    """How many there were."""
    total: float = 0.0
    """Their sum."""
    values: tuple[float, ...] = ()
    """The newest, oldest first."""

    def with_value(self, value: float) -> Series:
        """Return the series with one more value."""
        values = (*self.values, value)[-VALUES_KEPT:]
        return Series(self.metric, self.stream, self.count + 1, self.total + value, values)

    def percentile(self, share: float) -> float:
        """Return the smallest kept value that `share` of the kept ones (0 to 1) do not exceed; 0 without any."""
        if not self.values:
            return 0.0
        return sorted(self.values)[max(0, math.ceil(share * len(self.values)) - 1)]
