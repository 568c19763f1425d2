"""Colour themes from TOML files: checked before Textual sees them, since a bad value would end the app.

name = "harbour"
dark = true
[colors]      # primary is required; the names are those of textual.theme.Theme
primary = "#7fb4ca"
[variables]   # any of Textual's design variables, or of VARIABLES below
them = "#98bb6c"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from textual.color import Color, ColorParseError
from textual.theme import Theme

from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.text import clean_line

DEFAULT_THEME = "sentra-dark"
FILE_BYTES_MAX = 32_768
CONTRAST_MIN = 4.5
"""WCAG 2.2, 1.4.3: ordinary text on its background."""

VARIABLES = ("you", "them", "aux", "main", "muted", "frame")
"""Our own: the colours of the four panes, of what is quiet, and of borders."""

Loaded: TypeAlias = tuple[dict[str, Theme], list[str]]

_COLORS = frozenset(
    {"primary", "secondary", "accent", "success", "warning", "error"}
    | {"foreground", "background", "surface", "panel", "boost"}
)
_KEYS = frozenset({"name", "dark", "ansi", "author", "description", "colors", "variables"})
_ANSI_GROUNDS = ("ansi-background", "ansi-foreground")
"""Textual's own style sheets want these of an ANSI theme, and no theme has to set them."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_VARIABLE = re.compile(r"[a-z][a-z0-9-]{0,47}")
_COLOR = re.compile(r"(?P<color>[#\w(),.% ]{1,40}?)(\s+\d{1,3}%)?")
_STYLE_WORDS = frozenset({"none", "bold", "dim", "italic", "underline", "reverse", "strike", "not"})


def bundled_dir() -> Path:
    """Return the folder of the themes that come along: in the wheel, else in the checkout."""
    package = Path(__file__).parents[1]
    shipped = package / "themes"
    return shipped if shipped.is_dir() else package.parent / "themes"


def load_theme(name: str, dirs: Iterable[Path]) -> dict[str, Theme]:
    """Return the theme called `name` alone, without remarks: the quick way to the first paint; see `load_themes`."""
    files = [directory / f"{name}.toml" for directory in dirs] if _NAME.fullmatch(name) else []
    return _load(path for path in files if path.is_file())[0]


def load_themes(dirs: Iterable[Path]) -> Loaded:
    """Return the themes in `dirs`, later folders first served, and one line about each file that is not right."""
    themes, messages = _load(
        path for directory in dirs if directory.is_dir() for path in sorted(directory.glob("*.toml"))
    )
    return themes, messages + [
        f"Theme {theme.name}: {remark}" for theme in themes.values() for remark in _contrast_remarks(theme)
    ]


def _load(paths: Iterable[Path]) -> Loaded:
    themes: dict[str, Theme] = {}
    messages: list[str] = []
    for path in paths:
        name = clean_line(path.name, 60)
        try:
            theme, remarks = parse(_read(path), path.stem)
        except (ConfigError, OSError) as error:
            messages.append(f"Theme {name} is left out: {clean_line(str(error))}")
        else:
            themes[theme.name] = theme
            messages += [f"Theme {name}: {remark}" for remark in remarks]
    return themes, messages


def _read(path: Path) -> str:
    if path.stat().st_size > FILE_BYTES_MAX:
        raise ConfigError("the file is too large.")
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError("the file is not UTF-8 text.") from error


def parse(text: str, stem: str) -> tuple[Theme, list[str]]:
    """Return the theme in `text`, named `stem` where it has no name, with remarks; raises ConfigError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}.") from error
    name = _of_type(data.get("name", stem), str, "name")
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{clean_line(name, 40)!r} is not a theme name.")
    colors = _of_type(data.get("colors", {}), dict, "colors")
    variables = _of_type(data.get("variables", {}), dict, "variables")
    if "primary" not in colors:
        raise ConfigError("colors.primary is missing.")
    hues: dict[str, Any] = {key: _color(key, value) for key, value in colors.items() if key in _COLORS}
    theme = Theme(
        name=name,
        dark=_of_type(data.get("dark", True), bool, "dark"),
        ansi=_of_type(data.get("ansi", False), bool, "ansi"),
        variables={_variable(key): _value(key, value) for key, value in variables.items()},
        **hues,
    )
    strange = sorted((set(data) - _KEYS) | (set(colors) - _COLORS))
    remarks = [f"{clean_line(key, 40)} is not known" for key in strange]
    return theme, remarks


def _of_type(value: Any, kind: type, key: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigError(f"{key} is not a {kind.__name__}.")
    return value


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ConfigError(f"{clean_line(name, 40)!r} is not a variable name.")
    return name


def _value(key: str, value: Any) -> str:
    """Return a value that fits in a stylesheet, and ends nothing there."""
    if not key.endswith("-style"):
        return _color(key, value)
    words = _of_type(value, str, key)
    if not words or set(words.split()) - _STYLE_WORDS:
        raise ConfigError(f"{key}: {clean_line(words, 40)!r} is not a text style.")
    return str(words)


def _color(key: str, value: Any) -> str:
    match = _COLOR.fullmatch(_of_type(value, str, key).strip())
    try:
        if match is None:
            raise ConfigError(f"{key}: {clean_line(value, 40)!r} is not a colour.")
        Color.parse(match["color"])
    except ColorParseError as error:
        raise ConfigError(f"{key}: {clean_line(value, 40)!r} is not a colour.") from error
    return str(value).strip()


def _contrast_remarks(theme: Theme) -> list[str]:
    if theme.ansi:
        return []
    generated = theme.to_color_system().generate()
    ratio = contrast(Color.parse(generated["foreground"]), Color.parse(generated["background"]))
    return [] if ratio >= CONTRAST_MIN else [f"text is hard to read, contrast {ratio:.1f}:1"]


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Color) -> float:
    parts = (channel / 255 for channel in color.rgb)
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def variable_defaults(theme: Theme) -> dict[str, str]:
    """Return `VARIABLES` for a theme that does not set them."""
    if theme.ansi:
        colors = ("ansi_blue", "ansi_magenta", "ansi_cyan", "ansi_green", "ansi_default", "ansi_bright_black")
        grounds = ("ansi_black", "ansi_white") if theme.dark else ("ansi_white", "ansi_black")
        return {**dict(zip(VARIABLES, colors, strict=True)), **dict(zip(_ANSI_GROUNDS, grounds, strict=True))}
    generated = theme.to_color_system().generate()
    color = partial(_solid, generated)
    background, foreground = color("background"), color("foreground")
    mixed = {"muted": background.blend(foreground, 0.62), "frame": background.blend(foreground, 0.25)}
    panes = {"you": "primary", "them": "accent", "aux": "success", "main": "secondary"}
    return {**{name: color(source).hex for name, source in panes.items()}, **{k: v.hex for k, v in mixed.items()}}


def _solid(generated: dict[str, str], name: str) -> Color:
    return Color.parse(generated[name])
