"""An app in the user's colours."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual.theme import BUILTIN_THEMES, Theme

from sentra_tui.ui import themes
from sentra_tui.ui.internals import CalmApp

_FALLBACK_THEME = "textual-dark"
"""The one of Textual's themes that must stay: it reaches for it when there is no other."""


class ThemedApp(CalmApp):
    """Begins in the wanted theme alone, and loads the others when there is time."""

    def __init__(self, theme: str, dirs: Iterable[Path]) -> None:
        self._defaults_of: Theme | None = None
        self._defaults: dict[str, str] = {}
        super().__init__()
        self._wanted_theme = theme
        self._theme_dirs = (themes.bundled_dir(), *dirs)
        for name in set(BUILTIN_THEMES) - {_FALLBACK_THEME}:
            self.unregister_theme(name)
        for name in dict.fromkeys((themes.DEFAULT_THEME, theme)):
            for found in themes.load_theme(name, self._theme_dirs).values():
                self.register_theme(found)
                self.begin_with_theme(found.name)

    @property
    def theme_names(self) -> set[str]:
        """The themes to choose from."""
        return set(self.available_themes) - {_FALLBACK_THEME}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return our own variables for a theme that does not set them."""
        theme = self.current_theme
        if theme is not self._defaults_of:
            self._defaults_of, self._defaults = theme, themes.variable_defaults(theme)
        return dict(self._defaults)

    def load_themes(self) -> list[str]:
        """Load all themes; return one line about each file that is not right."""
        loaded, messages = themes.load_themes(self._theme_dirs)
        for theme in loaded.values():
            self.register_theme(theme)
        if self._wanted_theme not in loaded:
            messages.insert(0, f"There is no theme {self._wanted_theme!r}; ctrl+p lists them.")
        return messages

    def set_theme(self, name: str) -> None:
        """Change the colours."""
        self.theme = name
