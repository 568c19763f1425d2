"""The commands of the palette: those of the registry, and a theme each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from textual.app import SystemCommand
from textual.screen import Screen

from sentra_tui.ui.keys import COMMANDS, face, keys_of


def palette_commands(
    screen: Screen[None], keymap: Mapping[str, str], themes: Iterable[str], set_theme: Callable[[str], None]
) -> Iterator[SystemCommand]:
    """Yield what the palette offers; `screen` runs the commands of the registry."""
    for command in COMMANDS:
        if command.in_palette:
            key = face(keys_of(command, keymap))
            yield SystemCommand(command.description, f"key: {key}", partial(screen.run_action, command.action))
    for name in sorted(themes):
        yield SystemCommand(f"Theme: {name}", "Change the colours", partial(set_theme, name))
