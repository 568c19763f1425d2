from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color

from sentra_tui.domain.errors import ConfigError
from sentra_tui.ui import themes
from tests.ui.conftest import Perform
from tests.ui.scenes import idle

BUNDLED, MESSAGES = themes.load_themes([themes.bundled_dir()])


def test_the_bundled_themes_are_right_and_many_enough() -> None:
    assert MESSAGES == []
    assert {"sentra-dark", "sentra-light", "contrast-dark", "contrast-light", "ansi-dark", "ansi-light"} < set(BUNDLED)
    assert len(BUNDLED) >= 8


@pytest.mark.parametrize("name", [name for name, theme in BUNDLED.items() if not theme.ansi])
def test_every_text_of_a_bundled_theme_can_be_read(name: str) -> None:
    theme = BUNDLED[name]
    colors = {**themes.variable_defaults(theme), **theme.to_color_system().generate(), **theme.variables}
    background = Color.parse(colors["background"])
    texts = ("foreground", "you", "them", "aux", "main", "muted", "error", "warning", "success", "accent")
    least = 7.0 if name.startswith("contrast") else themes.CONTRAST_MIN
    ratios = {text: themes.contrast(Color.parse(colors[text]), background) for text in texts}
    assert all(ratio >= least for ratio in ratios.values()), ratios


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[colors", "not TOML"),
        ("", "colors.primary is missing"),
        ('colors = "red"', "colors is not a dict"),
        ('dark = "yes"\n[colors]\nprimary = "red"', "dark is not a bool"),
        ('name = "../x"\n[colors]\nprimary = "red"', "is not a theme name"),
        ('[colors]\nprimary = "nope"', "is not a colour"),
        ("[colors]\nprimary = 7", "is not a str"),
        ('[colors]\nprimary = "red"\n[variables]\nx = "red; } * { display: none"', "is not a colour"),
        ('[colors]\nprimary = "red"\n[variables]\n"x}" = "red"', "is not a variable name"),
        ('[colors]\nprimary = "red"\n[variables]\nlink-style = "url(x)"', "is not a text style"),
    ],
)
def test_a_bad_theme_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        themes.parse(text, "mine")


def test_unknown_keys_and_low_contrast_are_remarked_but_taken(tmp_path: Path) -> None:
    text = 'colour = 1\n[colors]\nprimary = "red"\nforeground = "#333"\nbackground = "#222"\nborder = "red"'
    theme, remarks = themes.parse(text, "mine")
    assert theme.name == "mine"
    assert remarks == ["border is not known", "colour is not known"]
    (tmp_path / "mine.toml").write_text(text)
    _, messages = themes.load_themes([tmp_path])
    assert messages[-1] == "Theme mine: text is hard to read, contrast 1.3:1"


def test_the_users_theme_wins_over_a_bundled_one_and_bad_files_cost_a_line_each(tmp_path: Path) -> None:
    (tmp_path / "harbour.toml").write_text('[colors]\nprimary = "#abcdef"')
    (tmp_path / "large.toml").write_bytes(b"#" * (themes.FILE_BYTES_MAX + 1))
    (tmp_path / "latin.toml").write_bytes(b'name = "\xff"')
    (tmp_path / "folder.toml").mkdir()
    loaded, messages = themes.load_themes([themes.bundled_dir(), tmp_path])
    assert loaded["harbour"].primary == "#abcdef"
    assert len(messages) == 3
    assert themes.load_theme("harbour", [themes.bundled_dir(), tmp_path])["harbour"].primary == "#abcdef"
    assert themes.load_theme("../harbour", [tmp_path]) == {}


@pytest.mark.parametrize("ansi", ["true", "false"])
async def test_a_theme_of_one_colour_is_enough(perform: Perform, tmp_path: Path, ansi: str) -> None:
    (tmp_path / "tiny.toml").write_text(f'ansi = {ansi}\n[colors]\nprimary = "ansi_blue"')
    async with perform(idle(), theme="tiny", themes_dirs=(tmp_path,)) as stage:
        assert stage.app.theme == "tiny"
        assert "Press i" in stage.text
        stage.app.theme = "paper"
        await stage.settle()
        assert "Press i" in stage.text
