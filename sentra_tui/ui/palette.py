"""The commands of the palette: those of the registry, settings by their values, and a theme each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from textual.app import SystemCommand

from sentra_tui.domain.actions import (
    Action,
    RepeatAnswer,
    SetAnswerVoice,
    SetCommands,
    SetHeadphones,
    SetLanguage,
    StepSpeed,
)
from sentra_tui.domain.briefing import SPEAKERS
from sentra_tui.ui.keys import COMMANDS, face, keys_of
from sentra_tui.ui.screens.asking import AskingScreen
from sentra_tui.ui.tongues import LANGUAGES, VOICES
from sentra_tui.ui.words import NOUNS

FIRST_OTHER_PANE = 5


def palette_commands(
    screen: AskingScreen, keymap: Mapping[str, str], themes: Iterable[str], set_theme: Callable[[str], None]
) -> Iterator[SystemCommand]:
    """Yield what the palette offers; `screen` runs the commands of the registry and passes requests on."""
    for command in COMMANDS:
        if command.in_palette:
            key = face(keys_of(command, keymap))
            yield SystemCommand(command.description, f"key: {key}", partial(screen.run_action, command.action))
    streams = [stream.name for stream in screen.state.streams]
    for number, name in enumerate((name for name in streams if name not in SPEAKERS), FIRST_OTHER_PANE):
        show = partial(screen.run_action, f"choose_pane({number - 1})")
        yield SystemCommand(f"Go to {name}", f"key: {number}", show)
        yield SystemCommand(f"Connect or hang up {name}", "Its call", partial(screen.action_toggle_stream, name))
    for title, note, action in _requests(streams):
        yield SystemCommand(title, note, partial(screen.request, action))
    for name in sorted(themes):
        yield SystemCommand(f"Theme: {name}", "Change the colours", partial(set_theme, name))


def _requests(streams: Iterable[str]) -> Iterator[tuple[str, str, Action]]:
    yield "Repeat the last answer", "Say it once more", RepeatAnswer()
    yield "Speak faster", "Speed of spoken answers", StepSpeed(1)
    yield "Speak slower", "Speed of spoken answers", StepSpeed(-1)
    yield "Headphones: on", "No echo has to be taken out", SetHeadphones(True)
    yield "Headphones: off", "Answers are heard in the room", SetHeadphones(False)
    yield "Voice commands: on", "Obey them in what you say", SetCommands(True)
    yield "Voice commands: off", "Hear them as words", SetCommands(False)
    for stream in streams:
        of = f"Language of the {NOUNS.get(stream, stream)}"
        yield f"{of}: find out by itself", "No language is expected", SetLanguage(stream, "")
        for code, language in LANGUAGES.items():
            yield f"{of}: {language}", f"Expect {code}", SetLanguage(stream, code)
    for voice in VOICES:
        yield f"Voice of answers: {voice}", "Speak with this voice", SetAnswerVoice(voice)
