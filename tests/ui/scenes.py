"""Recorded sessions to show: each a list of changes."""

from __future__ import annotations

from typing import Any

from sentra_tui.domain import changes as c
from sentra_tui.domain.sound import (
    DeviceKind,
    DeviceLevel,
    Echo,
    EchoMode,
    SoundDevice,
    Trouble,
)
from sentra_tui.domain.state import AnswerStatus, Lane, Quality, Severity, Verdict
from sentra_tui.domain.transcript import LineKey
from sentra_tui.domain.usage import Usage

STARTED_AT = 1_795_262_400.0  # 2026-11-21 12:00:00 UTC
NOTE = "demo talk: small language model"


def key(item_id: str) -> LineKey:
    return LineKey(1, item_id)


def said(stream: str, number: int, at_ms: int, text: str, kind: str = "speech") -> c.Change:
    return c.TranscriptCommitted(stream, key(f"{stream}{number}"), text, at_ms, at_ms + 2_000, kind)  # type: ignore[arg-type]


def idle() -> list[c.Change]:
    return [
        c.EngineStarted("0.1.0", STARTED_AT, "local", NOTE),
        c.StreamAdded("mic"),
        c.StreamAdded("speaker"),
        c.SourceOpened("mic", "demo talk: Ada"),
        c.SourceOpened("speaker", "demo talk: Grace"),
    ]


def live(at_ms: int = 1_000) -> list[c.Change]:
    return [
        *idle(),
        c.StreamConnecting("mic", at_ms),
        c.StreamConnecting("speaker", at_ms),
        c.StreamConnected("mic", at_ms + 300, "webrtc", 300.0),
        c.StreamConnected("speaker", at_ms + 350, "webrtc", 350.0),
    ]


def detour(at_ms: int = 1_000) -> list[c.Change]:
    """Return a talk without UDP, in which the microphone has no realtime model either."""
    words = [said("speaker", i, at, text) for i, (at, text) in enumerate(TALK_THEM[:2])]
    return [
        *idle(),
        c.StreamConnecting("mic", at_ms),
        c.StreamConnecting("speaker", at_ms),
        c.StreamConnected("mic", at_ms + 900, "http", 900.0, "webrtc: the model was refused"),
        c.StreamConnected("speaker", at_ms + 1_700, "websocket", 1_700.0, "webrtc: UDP is blocked"),
        c.QualityMeasured("mic", at_ms + 2_000, Quality(round_trip_ms=180.0)),
        c.QualityMeasured("speaker", at_ms + 2_000, Quality(round_trip_ms=62.0, playout_ms=100.0)),
        c.Noticed(
            Severity.WARNING,
            "Calls go by websocket, not webrtc: UDP is blocked.",
            "A better road is tried again later, or with r.",
        ),
        *words,
        c.ContactHeard("mic", 48_000),
        c.ContactHeard("speaker", 48_000),
    ]


TALK_THEM = (
    (15_000, "good morning can you explain how the write through path stays consistent"),
    (38_000, "and what happens when the cache node restarts in the middle of a write"),
    (61_000, "so the reader never sees a value that the store does not have"),
    (95_000, "what about two writers at the same time"),
)
TALK_YOU = (
    (24_000, "so the cache is invalidated when the store has acknowledged the write"),
    (47_000, "the entry is gone then and the next read goes to the store"),
    (74_000, "right and the lease keeps a slow reader from putting an old value back"),
)


def in_call() -> list[c.Change]:
    changes = live()
    changes += [said("speaker", i, at, text) for i, (at, text) in enumerate(TALK_THEM)]
    changes += [said("mic", i, at, text) for i, (at, text) in enumerate(TALK_YOU)]
    return [
        *changes,
        said("mic", 8, 101_000, "what is a lease?", "typed"),
        c.LineOpened("mic", key("open"), 118_000),
        c.TranscriptExtended("mic", key("open"), 118_500, "the lease is held by one writer and then the region"),
        c.LineOpened("speaker", key("wait"), 121_000),
        c.AnswerStarted("a1", Lane.AUX, 39_000),
        c.AnswerExtended("a1", Lane.AUX, 39_400, "Write-through: store first, then cache; "),
        c.AnswerEnded(
            "a1",
            Lane.AUX,
            40_000,
            AnswerStatus.COMPLETED,
            "Write-through: store first, then cache; reads never see a value the store lacks.",
        ),
        c.AnswerStarted("a2", Lane.AUX, 62_000),
        c.AnswerEnded("a2", Lane.AUX, 63_000, AnswerStatus.CANCELLED, "A restarted node comes up empty, and"),
        c.AnswerStarted("a3", Lane.AUX, 102_000),
        c.AnswerExtended("a3", Lane.AUX, 103_000, "A lease is a lock that runs out by itself: whoever holds it"),
        c.LevelMeasured("mic", 122_000, -18.0, -9.0),
        c.LevelMeasured("speaker", 122_000, -31.0, -24.0),
        c.QualityMeasured("mic", 122_000, Quality(round_trip_ms=62.0, loss_up=0.0, loss_down=0.0)),
        c.QualityMeasured("speaker", 122_000, Quality(round_trip_ms=58.0, loss_up=0.0, loss_down=0.0)),
        c.ContactHeard("mic", 122_400),
        c.ContactHeard("speaker", 122_600),
        c.LevelMeasured("speaker", 123_000, -31.0, -24.0),
    ]


def question(number: int, at_ms: int, text: str, stream: str = "speaker") -> c.Change:
    return c.QuestionRaised(f"q{number}", at_ms, text, stream, key(f"{stream}{number}") if stream else None, "recent")


def answered(number: int, lane: Lane, at_ms: int, text: str, **how: Any) -> list[c.Change]:
    answer_id = f"{lane.value}{number}"
    status = how.pop("status", AnswerStatus.COMPLETED)
    return [
        c.AnswerStarted(answer_id, lane, at_ms, f"q{number}", "sentra-local-text"),
        c.AnswerEnded(answer_id, lane, at_ms + 800, status, text, **how),
    ]


def two_lanes() -> list[c.Change]:
    """A talk in which every kind of verdict was given, and one is being worked on."""
    texts = [text for _, text in TALK_THEM]
    return [
        *live(),
        *(said("speaker", i, at, text) for i, (at, text) in enumerate(TALK_THEM)),
        *(said("mic", i, at, text) for i, (at, text) in enumerate(TALK_YOU)),
        c.LineNoted("mic", key("mic1"), 60_000),
        question(0, 15_000, texts[0]),
        *answered(0, Lane.AUX, 15_600, "Write-through: store first, then cache; reads never see a value it lacks."),
        c.QuestionQueued("q0", 16_400),
        *answered(0, Lane.MAIN, 17_000, "The store is written first, as said at [12:00:24], then the cache."),
        c.DraftJudged("q0", 17_500, Verdict.CONFIRMED),
        question(1, 38_000, texts[1]),
        *answered(1, Lane.AUX, 38_500, "The restarted node keeps the old value."),
        *answered(
            1,
            Lane.MAIN,
            40_000,
            "No: it comes up empty, and the next read goes to the store [12:00:47]. A lease keeps slow readers "
            "from putting an old value back [12:01:14].",
        ),
        c.DraftJudged("q1", 40_200, Verdict.CORRECTED),
        question(2, 61_000, texts[2]),
        *answered(2, Lane.AUX, 61_500, "That was not a question."),
        *answered(2, Lane.MAIN, 63_000, "Nobody asked anything here."),
        c.DraftJudged("q2", 63_200, Verdict.WITHDRAWN),
        question(3, 95_000, texts[3]),
        *answered(3, Lane.AUX, 95_500, "The lease orders them: the second writer waits or fails."),
        c.QuestionQueued("q3", 96_600),
        c.AnswerStarted("main3", Lane.MAIN, 97_000, "q3"),
        question(4, 98_000, "what is a lease?", ""),
        c.QuestionQueued("q4", 98_100),
        c.EventLogged(98_200, "main", "the answer is taken from the stream, resumed at 12"),
        c.EventLogged(98_400, "history", "4 older turns were summarised, 2,100 tokens became 240"),
        c.Billed(60_000, "sentra-local", Usage(3_000, 12_000, 0, 2_000, 8_000, 0, 400), "mic", "aux", 0.2104),
        c.Billed(61_000, "sentra-local-text", Usage(text_in=4_100, text_out=310), "", "main", 0.0999),
        c.Billed(62_000, "pocketsphinx", Usage(seconds=96.0), "speaker", "", None),
        c.LanguageChanged("speaker", "de"),
        c.AnswerVoiceChanged("marin"),
        c.QualityMeasured("mic", 99_000, Quality(62.0, 4.0, 0.001, 0.0, 80.0)),
        c.ContactHeard("mic", 99_100),
        c.ContactHeard("speaker", 99_100),
    ]


def aftermath() -> list[c.Change]:
    """What is left of answers that were cut, failed, dropped or have become old."""
    return [
        *two_lanes(),
        c.AnswerCut("aux3", 99_200, 1_400, 27),
        c.AnswerEnded(
            "main3",
            Lane.MAIN,
            99_300,
            AnswerStatus.UNKNOWN,
            "",
            "the provider remembers nothing of it",
            "Press A to ask again.",
        ),
        c.QuestionDropped("q4", 99_350, "a newer question took its place"),
        c.AnswerExpired("aux0", 99_400),
        c.AnswerExpired("main0", 99_400),
        c.EconomyChanged(True),
    ]


def failing() -> list[c.Change]:
    return [
        *in_call(),
        c.MuteChanged("mic", True),
        c.StreamReconnecting("mic", 124_000, 3, 126_500, "The peer was not heard for 3 s.", "r dials now."),
        c.StreamFailed("speaker", 124_000, "OpenAI refused the key (401).", "Set another key, then press r."),
        c.SourceFailed("speaker", "talk.wav is not a WAV file.", "Choose another with --speaker."),
        c.TranscriptFailed("speaker", key("wait"), 124_500, "no words"),
        c.AnswerEnded("a3", Lane.AUX, 124_600, AnswerStatus.FAILED, None, "the model is overloaded"),
        c.VoiceChanged(True),
        c.Noticed(Severity.ERROR, "OpenAI refused the key (401).", "Set another key, then press r to retry."),
        c.ContactHeard("mic", 124_900),
    ]


def lost() -> list[c.Change]:
    return [*in_call(), c.EngineLost("The engine stopped (signal 11). Starting it again.")]


def outage() -> list[c.Change]:
    return [
        *in_call(),
        c.NetworkChanged(120_500, "down", "wlan0 lost its address"),
        c.StreamSuspected("mic", 122_000, True, "Nothing came from the provider for 2.1 s."),
        c.StreamReconnecting("speaker", 124_000, 3, 126_500, "Nothing came from the provider for 6.0 s."),
        c.RecoveryProgressed("speaker", 124_500, 7_000),
        c.ContactHeard("mic", 120_000),
    ]


def recovered() -> list[c.Change]:
    """A break is over: its lines stand where they were said, and one stretch could not be had."""
    late = [
        (100_400, 103_200, "so one of them has to wait until the lease of the other ends"),
        (104_000, 108_800, "which is why the numbers had a hole on Tuesday, and nobody noticed before the report"),
    ]
    gap = LineKey(109_000, "missing_113000")
    changes: list[c.Change] = []
    for start_ms, end_ms, text in late:
        line = LineKey(1, f"recovered_{start_ms}")
        changes += [
            c.LineOpened("speaker", line, start_ms, before=key("wait")),
            c.TranscriptCommitted("speaker", line, text, start_ms, end_ms, recovered=True),
        ]
    return [
        *in_call(),
        c.StreamReconnecting("speaker", 106_000, 1, 106_200, "Nothing came from the provider for 6.0 s."),
        c.StreamConnected("speaker", 113_000, "websocket"),
        *changes,
        c.LineOpened("speaker", gap, 109_000, kind="gap", before=key("wait")),
        c.TranscriptCommitted("speaker", gap, "4 s missing: more was said than is kept", 109_000, 113_000, "gap"),
        c.TranscriptCommitted("speaker", key("wait"), "anyway, it is fixed now", 121_000, 124_000),
        c.RecoveryProgressed("speaker", 128_000, 0),
        c.ContactHeard("mic", 128_000),
        c.ContactHeard("speaker", 128_000),
    ]


SCENES = {
    "recovered": recovered,
    "outage": outage,
    "idle": idle,
    "live": live,
    "in-call": in_call,
    "failing": failing,
    "lost": lost,
    "two-lanes": two_lanes,
    "aftermath": aftermath,
    "detour": detour,
}


def hostile_session(texts: list[str]) -> list[c.Change]:
    """Put every text wherever one from outside can stand."""
    everything = " ".join(texts)
    changes: list[c.Change] = [
        c.EngineStarted("0.1.0" + texts[0], STARTED_AT, "local" + texts[1], everything),
        c.StreamAdded("mic"),
        c.StreamAdded("speaker"),
        c.SourceOpened("mic", everything),
        c.SourceFailed("speaker", everything, everything),
        c.StreamConnected("mic", 1_000, everything),
        c.StreamReconnecting("mic", 1_500, 2, 99_000, everything, everything),
        c.StreamFailed("speaker", 1_500, everything, everything),
        c.AnswerVoiceChanged(everything),
        c.LanguageChanged("mic", everything),
        c.SourceTroubled("mic", 1_600, Trouble.FLAT, everything),
        c.EchoChanged(1_600, Echo(EchoMode.GUARD, cause=everything)),
        c.RecordingChanged(False, 1_700, (everything,), everything),
        c.OutputChosen(everything),
        c.OutputOpened(everything),
        c.DevicesListed(
            tuple(SoundDevice(text, text, DeviceKind.INPUT, text, (), text) for text in texts), everything, everything
        ),
        c.DevicesMeasured(tuple(DeviceLevel(text, cause=text) for text in texts)),
    ]
    for number, text in enumerate(texts):
        at_ms = 2_000 + number
        changes += [
            said("mic", number, at_ms, text),
            said("mic", number + 1_000, at_ms, text, "gap"),
            c.TranscriptExtended("speaker", key(f"d{number}"), at_ms, text),
            c.AnswerStarted(f"a{number}", Lane.AUX, at_ms),
            c.AnswerExtended(f"a{number}", Lane.AUX, at_ms, text),
            c.AnswerEnded(f"a{number}", Lane.AUX, at_ms, AnswerStatus.FAILED, None, text),
            c.QuestionRaised(f"q{number}", at_ms, text, "speaker"),
            c.AnswerStarted(f"m{number}", Lane.MAIN, at_ms, f"q{number}", text),
            c.AnswerEnded(f"m{number}", Lane.MAIN, at_ms, AnswerStatus.INCOMPLETE, text, text, text),
            c.QuestionRaised(f"d{number}", at_ms, text, ""),
            c.QuestionDropped(f"d{number}", at_ms, text),
            c.AnswerEnded(f"c{number}", Lane.MAIN, at_ms, AnswerStatus.CANCELLED, f"{text} {text} [12:00:02]"),
            c.AnswerCut(f"c{number}", at_ms, 1, 3),
            c.Billed(at_ms, text, Usage(text_in=1), "mic", text, None),
            c.EventLogged(at_ms, text, text),
            c.Noticed(Severity.ERROR, text, text),
        ]
    return changes
