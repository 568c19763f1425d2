"""The settings that the documentation shows are the defaults."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
from msgspec.structs import asdict

from sentra_tui.domain import config_file
from sentra_tui.domain.config import SHIPPED_PROVIDERS, Config

ASSISTANTS = Path(__file__).parents[2] / "docs" / "assistants.md"


def test_the_settings_of_the_assistants_are_documented_as_they_are() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", ASSISTANTS.read_text(encoding="utf-8"), re.DOTALL)
    shown = config_file.parse(block.encode(), "docs/assistants.md")
    named = tomllib.loads(block)
    for section in ("aux", "main", "cost", "commands", "journal"):
        assert getattr(shown, section) == getattr(Config(), section), section
        known = set(asdict(getattr(Config(), section))) - {"instructions"}
        assert set(named[section]) == known, section
    openai = SHIPPED_PROVIDERS["openai"]
    for name, value in named["providers"]["openai"].items():
        assert msgspec.to_builtins(getattr(openai, name)) == value, name
