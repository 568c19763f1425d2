"""What a trouble with the sound of a device means, and what helps: by system, and by the terminal we run in."""

from __future__ import annotations

from collections.abc import Mapping

from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.domain.text import clean_line

_MAC_MICROPHONE = "System Settings > Privacy & Security > Microphone"
_MAC_SYSTEM_AUDIO = "System Settings > Privacy & Security > Screen & System Audio Recording"
_WINDOWS_MICROPHONE = "Settings > Privacy & security > Microphone > Let desktop apps access your microphone"

_APP_NAMES = {
    "Apple_Terminal": "Terminal",
    "iTerm.app": "iTerm",
    "vscode": "Visual Studio Code",
    "WezTerm": "WezTerm",
    "ghostty": "Ghostty",
    "WarpTerminal": "Warp",
    "Hyper": "Hyper",
    "rio": "Rio",
    "Tabby": "Tabby",
    "zed": "Zed",
    "kitty": "kitty",
    "alacritty": "Alacritty",
}
"""How a terminal calls itself in TERM_PROGRAM, and what it is called in the system's settings."""
_APP_VARIABLES = {
    "KITTY_WINDOW_ID": "kitty",
    "ALACRITTY_WINDOW_ID": "Alacritty",
    "WEZTERM_PANE": "WezTerm",
    "GHOSTTY_RESOURCES_DIR": "Ghostty",
}
"""What terminals set that leave TERM_PROGRAM alone, or that a multiplexer passes on."""
_MULTIPLEXERS = ("tmux", "screen", "zellij")


def advise(trouble: Trouble, kind: DeviceKind, platform: str, environ: Mapping[str, str]) -> str:
    """Return one line for a trouble that shows in the sound itself; empty for any other.

    `platform` is `sys.platform`, `environ` the environment of the terminal.
    """
    is_input = kind is DeviceKind.INPUT
    if trouble is Trouble.PERMISSION:
        return _permission(environ)
    if trouble is Trouble.SILENT:
        return _silent_microphone(platform) if is_input else _nothing_plays(platform)
    if trouble is Trouble.CLIPPING:
        return _CLIPPING_MICROPHONE if is_input else _CLIPPING_OUTPUT
    return {Trouble.FLAT: _FLAT, Trouble.QUIET: _QUIET}.get(trouble, "")


_FLAT = "The input gives one unchanging value: it is broken or not wired up. Press d to choose another."
_QUIET = "Speech comes through very faintly: turn the microphone up or come closer, or press d to choose another."
_CLIPPING_MICROPHONE = "The microphone is overdriven, which garbles words: turn its input level down, or move back."
_CLIPPING_OUTPUT = "What plays is overdriven, which garbles words: turn it down in the program that plays it."


def _permission(environ: Mapping[str, str]) -> str:
    if _over_ssh(environ):
        return (
            "macOS gives only silence to programs started over ssh: start it once in a terminal on that Mac and allow "
            "the microphone."
        )
    app = terminal_app(environ)
    if _multiplexer(environ):
        app = app or "the terminal that started it"
        return f"macOS gives only silence: allow {app} under {_MAC_MICROPHONE}, then restart the tmux or screen server."
    return f"macOS gives only silence: allow {app or 'this terminal'} under {_MAC_MICROPHONE}, then restart it."


def _silent_microphone(platform: str) -> str:
    if platform == "win32":
        return f"The microphone gives digital silence: unmute it, or allow it under {_WINDOWS_MICROPHONE}."
    return "The microphone gives digital silence: it is muted in the system or dead. Unmute it, or press d for another."


def _nothing_plays(platform: str) -> str:
    if platform == "darwin":
        return f"Nothing plays. If you hear something, allow this terminal under {_MAC_SYSTEM_AUDIO}."
    return "Nothing plays here at the moment. If you hear something, press d to choose where it plays."


def terminal_app(environ: Mapping[str, str]) -> str:
    """Return what the system's settings call the terminal, as far as the environment tells; else empty."""
    program = environ.get("TERM_PROGRAM", "")
    if program and program not in _MULTIPLEXERS:
        return _APP_NAMES.get(program, clean_line(program, 40))
    outer = environ.get("LC_TERMINAL", "")
    if outer:
        return clean_line(outer.removesuffix("2"), 40)
    return next((name for variable, name in _APP_VARIABLES.items() if environ.get(variable)), "")


def _multiplexer(environ: Mapping[str, str]) -> bool:
    return environ.get("TERM_PROGRAM") in _MULTIPLEXERS or any(map(environ.get, ("TMUX", "STY", "ZELLIJ")))


def _over_ssh(environ: Mapping[str, str]) -> bool:
    return any(map(environ.get, ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")))
