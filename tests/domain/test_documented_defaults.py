"""The settings that the documentation shows are the defaults."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import asdict

from sentra_tui.domain import config_file
from sentra_tui.domain.broker_config import BrokerConfig
from sentra_tui.domain.config import Config
from sentra_tui.domain.provider_config import shipped_providers
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_config import RecordingConfig, SoundConfig

DOCS = Path(__file__).parents[2] / "docs"
ASSISTANTS, SOUND, BROKER = DOCS / "assistants.md", DOCS / "sound.md", DOCS / "broker.md"
BROKER_CODE = DOCS.parent / "sentra_tui" / "broker"


def test_the_settings_of_the_assistants_are_documented_as_they_are() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", ASSISTANTS.read_text(encoding="utf-8"), re.DOTALL)
    shown = config_file.parse(block.encode(), "docs/assistants.md")
    named = tomllib.loads(block)
    for section in ("aux", "main", "cost", "commands", "journal"):
        assert getattr(shown, section) == getattr(Config(), section), section
        known = set(asdict(getattr(Config(), section))) - {"instructions"}
        assert set(named[section]) == known, section
    openai = shipped_providers()["openai"]
    for name, value in named["providers"]["openai"].items():
        assert msgspec.to_builtins(getattr(openai, name)) == value, name


def test_the_settings_of_sound_are_documented_as_they_are() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", SOUND.read_text(encoding="utf-8"), re.DOTALL)
    block = "".join(blocks)
    shown = config_file.parse(block.encode(), "docs/sound.md")
    named = tomllib.loads(block)
    assert set(named) == {"sound", "recording"}
    for section in named:
        assert getattr(shown, section) == getattr(Config(), section), section
        assert set(named[section]) == set(asdict(getattr(Config(), section))), section


def test_every_choice_of_a_setting_of_sound_is_documented() -> None:
    blocks = "".join(re.findall(r"```toml\n(.*?)```", SOUND.read_text(encoding="utf-8"), re.DOTALL))
    lines = {line.split(" = ")[0]: line for line in blocks.splitlines() if " = " in line}
    for section in (SoundConfig, RecordingConfig):
        for name, type_ in get_type_hints(section).items():
            if get_origin(type_) is Literal:
                assert [word for word in get_args(type_) if not re.search(rf"\b{word}\b", lines[name])] == []


def test_every_trouble_of_a_source_is_documented_by_the_word_on_the_screen() -> None:
    named = re.findall(r"^\| `([^`]+)` \|", SOUND.read_text(encoding="utf-8"), re.MULTILINE)
    assert {trouble.value for trouble in Trouble if trouble} <= set(named)


def test_the_settings_of_the_broker_are_documented_as_they_are() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", BROKER.read_text(encoding="utf-8"), re.DOTALL)
    member, host = blocks
    assert config_file.parse(host.encode(), "docs/broker.md").broker == BrokerConfig()
    assert set(tomllib.loads(host)["broker"]) == set(asdict(BrokerConfig()))
    profile = config_file.parse(member.encode(), "docs/broker.md").require_profile("team")
    assert profile.broker_url.endswith("/api/realtime/session")
    assert profile.broker_key_env


def test_the_options_and_refusals_of_the_broker_are_documented_as_they_are() -> None:
    text = BROKER.read_text(encoding="utf-8")
    source = "".join(path.read_text(encoding="utf-8") for path in BROKER_CODE.glob("*.py"))
    codes = set(re.findall(r'(?:Refusal\(\s*\d+,|_too_many\()\s*"(\w+)"', source))
    assert {code for code in codes if f"`{code}`" not in text} == set()
    named = set(re.findall(r"sentra-tui broker (?:\w[\w-]* )*.*?(--[a-z-]+)", text))
    assert {option for option in named if option != "--help" and f'"{option}"' not in source} == set()
