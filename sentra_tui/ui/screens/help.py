"""All keys on one screen, from the same registry that binds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from sentra_tui.domain.state import Engine
from sentra_tui.domain.text import clean_line
from sentra_tui.ui.keys import FIXED, GROUPS, face, keys_of

_KEY_CELLS = 15
SIGNS = (
    ("●", "live"),
    ("◐", "weak: little is heard of the peer"),
    ("↻", "reconnecting"),
    ("✕", "failed, no sound; an answer: withdrawn"),
    ("!", "heard, but silent, clipping, too quiet"),
    ("◉", "you talk; the assistant is silent"),
    ("■", "off the record: no sound goes out"),
    ("● REC", "the streams are recorded"),
    ("↺", "kept over a break, written down later"),
    ("echo ▮▮▮", "how much echo is taken out"),
    ("◌ half-duplex", "mic held while an answer sounds"),
    ("▌ ⋯", "words that may still change"),
    ("›", "typed by you"),
    ("✎", "marked by you"),
    ("~", "an echo of the other stream"),
    ("┄", "a gap: nothing was heard there"),
    ("◌", "processing: the assistant works on it"),
    ("◐", "draft: an answer that is not checked yet"),
    ("✓", "confirmed by the main assistant"),
    ("▸", "corrected by the main assistant"),
    ("▪", "cut short, or dropped"),
)


class HelpScreen(ModalScreen[None]):
    """Lists what each key does and what the signs mean."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,enter", "dismiss", "Back")]

    def __init__(self, keymap: Mapping[str, str], engine: Engine) -> None:
        super().__init__()
        self._keymap = keymap
        self._engine = engine

    def compose(self) -> ComposeResult:
        """Yield the list, which scrolls where it does not fit."""
        with Vertical(classes="dialog -tall-dialog"):
            yield Static(Content("Keys"), classes="heading")
            with VerticalScroll():
                yield Static(_listing(self._keymap))
            yield Static(self._footing(), classes="footing")

    def _footing(self) -> Content:
        engine = self._engine
        session = clean_line(f"sentra-tui {engine.version} · {engine.provider}", 60) if engine.running else "sentra-tui"
        return Content.assemble(("esc", "$accent bold"), " back    ", (session, "$muted"))


def _listing(keymap: Mapping[str, str]) -> Content:
    parts: list[str | tuple[str, str]] = []
    for group, commands in GROUPS.items():
        listed = [each for each in commands if each.in_help]
        rows = [(" ".join(map(face, keys_of(each, keymap).split(","))), each.description) for each in listed]
        parts.append((f"{group}\n", "bold"))
        for keys, description in [*rows, *(FIXED if group == "Panes" else ())]:
            parts += [(keys.ljust(_KEY_CELLS), "$accent bold"), f"{description}\n"]
        parts.append("\n")
    parts.append(("Signs\n", "bold"))
    for sign, meaning in SIGNS:
        parts += [(sign.ljust(_KEY_CELLS), "bold"), f"{meaning}\n"]
    return Content.assemble(*parts).rstrip()
