"""The one registry of what the user can do: it feeds the keys, the hint bar, the help screen and the palette."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from msgspec import Struct
from textual.binding import Binding

from sentra_tui.domain.text import clean_line


class Command(Struct, frozen=True):
    """One thing the user can do."""

    id: str
    """Names it in the configuration, `[keys]`."""
    key: str
    action: str
    description: str
    hint: str = ""
    """Its word in the hint bar; empty keeps it out of there."""
    in_palette: bool = True
    in_help: bool = True


GROUPS = {
    "Talking": (
        Command("mic", "i", "toggle_stream('mic')", "Connect or hang up the microphone", "mic"),
        Command("speaker", "o", "toggle_stream('speaker')", "Connect or hang up the speaker", "speaker"),
        Command("mute", "m", "toggle_mute", "Mute the microphone, or unmute it", "mute"),
        Command("talk", "space", "push_to_talk", "Talk, or end that: push-to-talk", "talk"),
        Command("retry", "r", "retry", "Dial again now, try the sound again"),
        Command("note", "b", "note", "Mark the newest line in view"),
    ),
    "Asking": (
        Command("ask", "a", "ask", "Ask about the last minutes", "ask"),
        Command("ask.now", "g", "answer_now", "Answer now, do not wait for a pause"),
        Command("ask.again", "A", "ask_again", "Ask the main assistant again"),
        Command("prompt", "enter", "open_prompt", "Type to the assistant", "type"),
        Command("cancel", "escape", "cancel", "Stop the answer; leave the prompt"),
        Command("voice", "v", "toggle_voice", "Have answers spoken, or only written", "voice"),
        Command("cite", "c", "cite", "Go to a line that an answer cites"),
    ),
    "Sound": (
        Command("devices", "d", "devices", "Choose devices, with live meters"),
        Command("headphones", "H", "toggle_headphones", "Headphones on or off"),
        Command("record", "R", "toggle_recording", "Record the streams, or stop"),
        Command("record.off", "x", "toggle_off_record", "Off the record, or on again"),
        Command("echoes", "e", "toggle_echoes", "Show hidden echoes, or hide them"),
        Command("echoes.mark", "E", "mark_echo", "Call the newest line an echo, or not"),
    ),
    "Panes": (
        Command("pane.zoom", "z", "zoom", "Show one pane alone, or all of them"),
        Command("pane.next", "tab", "step_pane(1)", "Go to the next pane", in_palette=False),
        Command("pane.previous", "shift+tab", "step_pane(-1)", "Go to the pane before", in_palette=False),
        Command("pane.you", "1", "choose_pane(0)", "Go to You"),
        Command("pane.them", "2", "choose_pane(1)", "Go to Them"),
        Command("pane.aux", "3", "choose_pane(2)", "Go to Aux"),
        Command("pane.main", "4", "choose_pane(3)", "Go to Main"),
        Command("pane.5", "5", "choose_pane(4)", "Go to one more stream; also 6 to 9", in_palette=False),
        *(
            Command(f"pane.{number}", str(number), f"choose_pane({number - 1})", "", in_palette=False, in_help=False)
            for number in range(6, 10)
        ),
    ),
    "Program": (
        Command("settings", "s", "settings", "Languages, voice, speed, voice commands"),
        Command("log", "l", "show_log", "Cost, latency, events and the wire"),
        Command("palette", "ctrl+p", "app.command_palette", "Find a command", in_palette=False),
        Command("help", "question_mark", "help", "Show the keys", "help"),
        Command("quit", "q", "app.quit", "Quit", "quit"),
    ),
}
COMMANDS = tuple(command for commands in GROUPS.values() for command in commands)

FIXED = (
    ("end", "Follow what is new"),
    ("↑ ↓ pgup pgdn", "Scroll the pane"),
    ("ctrl+c", "Copy what is selected, else quit"),
)
"""Keys that belong to a widget or to Textual, for the help screen; they act on panes."""

PROMPT_HINTS = (("enter", "send"), ("escape", "leave"))

_FACES = {
    "enter": "⏎",
    "escape": "esc",
    "question_mark": "?",
    "shift+tab": "⇧tab",
    "space": "space",
}
_KEYS = re.compile(r"[^\s,]+(,[^\s,]+)*")


def bindings() -> list[Binding]:
    """Return a binding for each command."""
    return [Binding(command.key, command.action, command.description, id=command.id) for command in COMMANDS]


def face(keys: str) -> str:
    """Return how the first of `keys` is written on the screen."""
    key = keys.split(",")[0]
    return _FACES.get(key, key)


def keys_of(command: Command, keymap: Mapping[str, str]) -> str:
    """Return the keys of a command, the user's own or the usual ones."""
    return keymap.get(command.id, command.key)


def face_of(command_id: str, keymap: Mapping[str, str]) -> str:
    """Return how the key of a command is written on the screen."""
    return next(face(keys_of(command, keymap)) for command in COMMANDS if command.id == command_id)


def check_keymap(keys: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the usable part of the user's `keys`, and a line about each part that is not."""
    known = [command.id for command in COMMANDS] + ["pane.follow"]
    usable: dict[str, str] = {}
    messages: list[str] = []
    for name, value in keys.items():
        if name not in known:
            messages.append(f"keys: there is no command {clean_line(name, 40)}.{_nearest(name, known)}")
        elif not _KEYS.fullmatch(value):
            messages.append(f"keys: {name} = {clean_line(value, 40)!r} is not a key.")
        else:
            usable[name] = value
    return usable, [*messages, *_shared(usable)]


def _shared(keymap: Mapping[str, str]) -> Iterable[str]:
    """Yield a line about each key that two commands want; the one that the user gave it has it."""
    taken: dict[str, str] = {}
    for command in sorted(COMMANDS, key=lambda command: command.id not in keymap):
        for key in keys_of(command, keymap).split(","):
            first = taken.setdefault(key, command.id)
            if first != command.id:
                yield f"keys: {key} does {first} now: give {command.id} another key."


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else ""
