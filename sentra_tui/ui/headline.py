"""The line under the status: what is wrong and what helps, else what is worth knowing; and the lights beside it."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from sentra_tui.domain.spans import span
from sentra_tui.domain.state import AppState, Connection, Stream
from sentra_tui.domain.text import clean_line
from sentra_tui.ui.sound_words import echo_word, gives_nothing, in_text_mode, only_quiet, source_problem
from sentra_tui.ui.words import CAUSE_CHARS, Word, duration

Face = Callable[[str], str]
"""Gives how the key of a command is written on the screen."""

_TONES = {"quiet": "$muted", "good": "$success", "busy": "$warning", "bad": "$error"}


def headline(state: AppState, face: Face) -> Word:
    """Return the line: what the user set comes first if nothing may be sent, then what is wrong, then the rest."""
    engine = state.engine
    if not engine.running:
        cause = clean_line(engine.cause, CAUSE_CHARS)
        return Word("↻", cause, "bad") if cause else Word("◌", "starting…", "quiet")
    text_mode = in_text_mode(state)
    problems = _network(state) or _problems(state.streams, text_mode)
    if state.off_record:
        said = f"OFF THE RECORD: no sound is sent or kept. {face('record.off')} goes on."
        return Word("■", "   ".join([said, *problems]), "loud")
    if problems:
        return Word("!", "   ".join(problems), "bad")
    return _calm_line(state, face, text_mode)


def _calm_line(state: AppState, face: Face, text_mode: bool) -> Word:
    if state.talking:
        return Word("◉", f"Talking: the assistant is silent. {face('talk')} ends it and mutes.", "good")
    if state.recording.cause and not state.recording.on:
        return Word("▪", clean_line(f"Recording stopped: {state.recording.cause}", CAUSE_CHARS), "busy")
    if text_mode:
        return Word("·", f"text mode: type to the assistant; {face('retry')} tries the sound again", "quiet")
    quiet = [source_problem(stream) for stream in state.streams if only_quiet(stream)]
    if quiet:
        return Word("·", "   ".join(quiet), "quiet")
    parts = [clean_line(state.engine.provider, 40), clean_line(state.engine.provider_note, 160), *_remarks(state)]
    return Word("·", " · ".join(part for part in parts if part), "quiet")


def _remarks(state: AppState) -> list[str]:
    """Return what should be known of sound that is well: how it is captured, why echo is not cancelled."""
    ways = [f"{stream.name}: {stream.source.advice}" for stream in state.streams if stream.source.advice]
    return [clean_line(remark, CAUSE_CHARS) for remark in (*ways, state.echo.cause) if remark]


def _network(state: AppState) -> list[str]:
    """Return that there is no network, where that is what a call waits for."""
    waits = any(stream.connection is Connection.RECONNECTING for stream in state.streams)
    return ["There is no network: calls come back by themselves when there is."] if state.network_down and waits else []


def _problems(streams: tuple[Stream, ...], text_mode: bool) -> list[str]:
    """Return what is wrong: calls first, then sources that give nothing, then sources that give too little."""
    calls: list[str] = []
    silent: list[str] = []
    poor: list[str] = []
    for stream in streams:
        if stream.cause and stream.connection in (Connection.RECONNECTING, Connection.FAILED):
            calls.append(clean_line(f"{stream.name}: {stream.cause} {stream.hint}", 200))
        elif stream.suspected and stream.connection is Connection.LIVE:
            calls.append(clean_line(f"{stream.name}: {stream.suspected} Another call is dialled beside it.", 200))
        if text_mode or only_quiet(stream):
            continue
        if source := source_problem(stream):
            (silent if gives_nothing(stream) else poor).append(source)
    return [*calls, *silent, *poor]


def lights(state: AppState, now_ms: int, roomy: bool) -> Content:
    """Return what is on: the recording, and what is done about echo."""
    parts: list[Content | tuple[str, str]] = []
    recording = state.recording
    if recording.on:
        parts.append((f"● REC {duration(now_ms - recording.since_ms)}", "$error bold"))
    kept_ms = max((stream.recovering_ms for stream in state.streams), default=0)
    if kept_ms:
        parts.append((f"↺ {span(kept_ms)} to write down", "$warning"))
    echo = echo_word(state.echo, roomy)
    if echo.text:
        parts.append((f"{echo.sign} {echo.text}", _TONES[echo.tone]))
    return Content("   ").join(Content.assemble(part) for part in parts)
