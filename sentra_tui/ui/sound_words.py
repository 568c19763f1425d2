"""The words for sound: what a source gives, what is wrong with it, and what is done about echo."""

from __future__ import annotations

from sentra_tui.domain.sound import Echo, EchoMode, Trouble
from sentra_tui.domain.state import MIC, SPEAKER, AppState, Source, SourceStatus, Stream
from sentra_tui.domain.text import clean_line
from sentra_tui.ui.words import CAUSE_CHARS, Word

LABEL_CHARS = 60
CALM_AGES_MS = ((10_000, 1_000), (60_000, 5_000), (3_600_000, 60_000))
"""Ages below the first move in steps of the second: the older, the less often."""

_NO_SOUND = (Trouble.GONE, Trouble.BUSY, Trouble.MOVED, Trouble.STALLED, Trouble.PERMISSION)
"""Troubles in which nothing is heard; in the others something is, and it is poor."""
_SINCE_SIGNAL = (Trouble.GONE, Trouble.STALLED, Trouble.SILENT, Trouble.FLAT)
"""Troubles of which it is told how long they last."""

ECHO_BARS_DB = (8.0, 16.0, 24.0)
"""Each bar of the echo light is lit from here on; with none the canceller is weak."""


def only_quiet(stream: Stream) -> bool:
    """Return whether the trouble of a stream is merely that nothing plays just now, which is no fault."""
    hears_output = stream.source.choice.partition(":")[0] == "loopback" or stream.name == SPEAKER
    return hears_output and stream.source.trouble is Trouble.SILENT


def gives_nothing(stream: Stream) -> bool:
    """Return whether nothing is heard from a stream's source, as opposed to something poor."""
    return stream.source.trouble in _NO_SOUND or stream.source.status is SourceStatus.FAILED


def source_word(stream: Stream, now_ms: int) -> Word:
    """Return what is wrong with a stream's source; no text where it is well."""
    source = stream.source
    if only_quiet(stream):
        return Word("·", "silent", "quiet")
    if source.trouble is not Trouble.NONE:
        age_ms = 0 if source.signal_at_ms is None else now_ms - source.signal_at_ms
        lasts = source.trouble in _SINCE_SIGNAL and age_ms >= CALM_AGES_MS[0][1]
        text = f"{source.trouble.value} {calm_age(age_ms)}" if lasts else source.trouble.value
        return Word("✕", text, "bad") if source.trouble in _NO_SOUND else Word("!", text, "busy")
    if source.status is SourceStatus.FAILED:
        return Word("✕", "no sound", "bad")
    return Word("", "", "quiet")


def signal_words(source: Source, now_ms: int) -> str:
    """Return when the source last gave more than silence."""
    if source.status is not SourceStatus.OPEN or source.signal_at_ms is None:
        return ""
    age_ms = now_ms - source.signal_at_ms
    return "signal now" if age_ms < CALM_AGES_MS[0][1] else f"signal {calm_age(age_ms)} ago"


def calm_age(age_ms: int) -> str:
    """Return an age that moves in ever larger steps: `4 s`, `35 s`, `12 min`, `2 h`."""
    age_ms = max(0, age_ms)
    step_ms = next((step for below, step in CALM_AGES_MS if age_ms < below), 3_600_000)
    age_ms -= age_ms % step_ms
    if age_ms < 60_000:
        return f"{age_ms // 1000} s"
    return f"{age_ms // 60_000} min" if age_ms < 3_600_000 else f"{age_ms // 3_600_000} h"


def origin_words(stream: Stream | None, now_ms: int) -> str:
    """Return where a stream's sound comes from, and what it gives: `Yeti · signal 4 s ago`."""
    if stream is None:
        return ""
    source = stream.source
    ended = "ended" if source.status is SourceStatus.ENDED else ""
    state = source_word(stream, now_ms).text or ended or signal_words(source, now_ms)
    return " · ".join(part for part in (clean_line(source.label, LABEL_CHARS), state) if part)


def source_problem(stream: Stream) -> str:
    """Return what is wrong with a stream's source and what helps; empty where it is well."""
    source = stream.source
    if source.trouble is not Trouble.NONE:
        what = source.advice or f"{source.trouble.value}."
        return clean_line(f"{stream.name}: {what}", CAUSE_CHARS * 2)
    if source.status is SourceStatus.FAILED:
        return clean_line(f"{stream.name}: no sound. {source.cause}", CAUSE_CHARS * 2)
    return ""


def in_text_mode(state: AppState) -> bool:
    """Return whether the microphone failed, and no other stream has sound either."""
    mic = state.stream(MIC)
    if mic is None or mic.source.status is not SourceStatus.FAILED:
        return False
    return not any(
        stream.source.status in (SourceStatus.OPEN, SourceStatus.ENDED) and stream.source.choice != "none"
        for stream in state.streams
    )


def cover(stream: Stream, state: AppState) -> str:
    """Return why nothing of a stream goes out just now, in a word or two for its meter; empty where it does."""
    if state.off_record:
        return "OFF RECORD"
    if stream.muted:
        return "MUTED"
    return "HELD" if stream.name == MIC and state.echo.held else ""


def condition(stream: Stream, state: AppState) -> str:
    """Return what the user did to a stream, for its title."""
    if state.off_record:
        return "off the record"
    if stream.muted:
        return "muted"
    return "talking" if stream.name == MIC and state.talking else ""


def echo_word(echo: Echo, roomy: bool) -> Word:
    """Return what is done about echo, and how well; no text where there is nothing to do."""
    match echo.mode:
        case EchoMode.CANCELLING:
            return _cancelling(echo.erle_db, roomy)
        case EchoMode.GUARD if echo.held:
            return Word("◌", "half-duplex: mic held while the answer sounds" if roomy else "mic held", "busy")
        case EchoMode.GUARD:
            return Word("◌", "half-duplex", "busy")
        case EchoMode.HEADPHONES:
            return Word("∩", "headphones", "quiet")
        case EchoMode.OFF:
            return Word("◌", "echo stays in", "busy")
        case _:
            return Word("", "", "quiet")


def _cancelling(erle_db: float | None, roomy: bool) -> Word:
    """Return the echo light: `▮▮▮ 38 dB`."""
    lit = sum((erle_db or 0.0) >= limit for limit in ECHO_BARS_DB)
    bars = "▮" * lit + "▯" * (len(ECHO_BARS_DB) - lit)
    if erle_db is None:
        return Word("echo", f"{bars} measuring" if roomy else bars, "quiet")
    measure = f"{bars} {max(0, round(erle_db))} dB" if roomy else bars
    return Word("echo", measure if lit else f"{measure} weak", "good" if lit > 1 else "busy")
