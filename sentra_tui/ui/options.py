"""What the screen is given at its start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from sentra_tui.domain.link_port import Link


class ProviderChoice(Struct, frozen=True):
    """One provider that the user may choose."""

    name: str
    label: str
    note: str = ""
    """What speaks for it, one line: `OPENAI_API_KEY is set`."""


class AppOptions(Struct, frozen=True, kw_only=True):
    """How to run the screen."""

    start: Callable[[str], Link]
    """Makes the link, after the first paint, for the chosen provider; an empty name where `choices` is empty."""
    choices: tuple[ProviderChoice, ...] = ()
    """The providers to ask about; empty when that is decided already."""
    theme: str = "sentra-dark"
    keys: dict[str, str] = field(default_factory=dict)
    """Own keys: the id of a binding, and the keys that do it, with commas between them."""
    themes_dirs: tuple[Path, ...] = ()
    """Folders with the user's own themes; later ones win."""
    log_path: Path
    """Where native libraries and crashes write; made with mode 0600."""
    mouse: bool = True
