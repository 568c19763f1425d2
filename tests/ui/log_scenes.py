"""A recorded call that was measured, broke, and whose wire is watched."""

from __future__ import annotations

from sentra_tui.domain import changes as c
from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.state import Quality
from tests.ui.scenes import live

SERIES = {
    Metric.DIAL_MS: (310.0, 355.0, 290.0),
    Metric.DIAL_ANSWER_MS: (140.0, 180.0, 120.0),
    Metric.DIAL_PATH_MS: (20.0, 25.0, 22.0),
    Metric.DIAL_CHANNEL_MS: (150.0, 150.0, 148.0),
    Metric.DETECTION_MS: (2_310.0, 2_480.0),
    Metric.RECOVERY_MS: (1_210.0, 640.0),
    Metric.OUTAGE_MS: (3_520.0, 62_300.0),
    Metric.DISCONNECTS: (1.0, 1.0),
    Metric.RECOVERED_WORDS: (12.0, 22.0),
    Metric.RECOVERED_SHARE: (1.0, 0.965),
    Metric.TURN_COMMIT_MS: tuple(500.0 + 13 * (n * 7 % 11) for n in range(40)),
    Metric.TURN_WORDS_MS: tuple(900.0 + 31 * (n * 5 % 13) for n in range(40)),
    Metric.TURN_EVENT_MS: tuple(620.0 + 40 * (n * 3 % 7) for n in range(40)),
    Metric.ROUND_TRIP_MS: tuple(60.0 + (n * 7 % 9) + (90 if n % 50 == 47 else 0) for n in range(300)),
    Metric.JITTER_MS: tuple(4.0 + (n % 3) for n in range(300)),
    Metric.LOSS_UP_SHARE: tuple(0.001 * (n % 4) for n in range(300)),
}


def measured() -> list[c.Change]:
    """Return two streams' worth of measurements, and what the program did meanwhile."""
    changes = [
        *live(),
        c.StreamReconnecting("mic", 1_201_000, 1, 1_201_000, "not heard for 6 s"),
        c.StreamConnected("mic", 1_202_210, "webrtc", 290.0),
        c.SessionLimited("mic", 1_202_300, 4_802_000),
        c.RecoveryProgressed("mic", 1_202_400, 3_400),
    ]
    changes += [c.MetricMeasured(1_203_000, metric, value, "mic") for metric, row in SERIES.items() for value in row]
    changes += [c.MetricMeasured(1_203_000, Metric.ROUND_TRIP_MS, value, "speaker") for value in (58.0, 61.0, 57.0)]
    for number, (source, text) in enumerate(
        [
            ("mic", "dial: 310 ms"),
            ("history", "4 older turns were summarised, 2,100 tokens became 240"),
            ("mic", "break noticed: 2.31 s"),
            ("mic", "back again: 1.21 s"),
            ("cost", "the soft budget is spent"),
        ]
    ):
        changes.append(c.EventLogged(1_203_100 + number, source, text))
    return [
        *changes,
        c.QualityMeasured("mic", 1_204_000, Quality(62.0, 4.0, 0.001, 0.0, 80.0, 0.002, 0.0)),
        c.ContactHeard("mic", 1_204_100),
        c.ContactHeard("speaker", 1_204_100),
    ]


WIRE = [
    c.WireLogged(1_204_200, "mic", True, "session.update", "session 4 entries, event_id event_12"),
    c.WireLogged(1_204_260, "mic", False, "session.updated", "id sess_8f2, type realtime, model gpt-realtime"),
    c.WireLogged(
        1_204_300, "speaker", False, "input_audio_buffer.speech_stopped", "item_id item_41, audio_end_ms 90120"
    ),
    c.WireLogged(
        1_204_380, "speaker", False, "input_audio_buffer.committed", "item_id item_41, previous_item_id item_40"
    ),
    c.WireLogged(
        1_204_390, "mic", True, "conversation.item.create", "role user, content 1 parts of 220 chars, id ctx_41"
    ),
    c.WireLogged(1_204_391, "mic", True, "response.create", "metadata 1 entries, event_id event_14"),
    c.WireLogged(1_204_520, "mic", False, "response.created", "id resp_7, status in_progress, metadata 1 entries"),
    c.WireLogged(
        1_204_560, "mic", False, "response.output_text.delta", "response_id resp_7, item_id item_99, delta 12 chars"
    ),
    c.WireLogged(1_205_600, "", False, "passed over", "312 events in a burst"),
    c.WireLogged(1_205_700, "mic", False, "error", "type invalid_request_error, code bad_voice, message 48 chars"),
]


def watched() -> list[c.Change]:
    """Return the same with a wire that is watched."""
    return [*measured(), *WIRE]
