"""What docs/providers.md says of roads, reasons and profiles is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from msgspec.structs import asdict

from sentra_tui.domain import config_file
from sentra_tui.domain.config import Config
from sentra_tui.domain.provider_config import HttpModeConfig, ProviderProfile, Supports, shipped_providers
from sentra_tui.domain.roads import WORDS, Reason, Road

TEXT = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
HOUSE, TEAM = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
ELSEWHERE = {
    "broker_url", "broker_key_env", "economy_model", "main", "main_model", "small_main_model", "voices", "note",
    "mic_transcription_model", "speaker_transcription_model", "ice_servers", "http", "supports",
}  # fmt: skip
"""Shown in another block, or in another document."""


def first_column(header: str) -> list[str]:
    table = TEXT.partition(header)[2]
    return re.findall(r"^\| `([^`]+)` \|", table.partition("\n\n")[0], re.MULTILINE)


def test_every_road_and_every_shipped_profile_is_in_its_table() -> None:
    assert first_column("| road | is | taken when |") == [road.value for road in Road]
    assert set(first_column("| name | server | differs in | tried against |")) == set(shipped_providers())


def test_every_reason_that_the_screen_can_give_is_explained_in_its_words() -> None:
    told_as_errors = {Reason.OTHER, Reason.TOO_MANY, Reason.NO_CREDIT}
    shown = {WORDS[reason] for reason in Reason if reason not in told_as_errors}
    assert set(first_column("| the screen says | it means | what helps |")) == shown


def test_every_setting_of_a_profile_is_shown_and_can_be_written_so() -> None:
    parsed = config_file.parse(HOUSE.encode(), "docs/providers.md").require_profile("house")
    named = tomllib.loads(HOUSE)["providers"]["house"]
    assert parsed.wrapped_messages
    assert set(named) >= set(asdict(ProviderProfile())) - ELSEWHERE
    assert set(named["supports"]) == set(asdict(Supports()))
    assert set(named["http"]) == set(asdict(HttpModeConfig()))
    team = config_file.parse(TEAM.encode(), "docs/providers.md").require_profile("team")
    assert team.broker_key_env == "TEAM_TOKEN"


def test_every_choice_of_a_setting_is_named_beside_it() -> None:
    lines = {line.split(" = ")[0]: line for line in HOUSE.splitlines() if " = " in line}
    for section in (ProviderProfile, HttpModeConfig):
        for name, kind in get_type_hints(section).items():
            if get_origin(kind) is Literal and name in lines:
                missing = [word for word in get_args(kind) if not re.search(rf"\b{word}\b", lines[name])]
                assert missing == [], name


def test_the_times_that_are_promised_are_the_defaults() -> None:
    config = Config()
    assert f"stuck for {config.deadlines.head_start_s:g} s (`[deadlines] head_start_s`)" in TEXT
    assert f"stuck {config.deadlines.unanswered_s:g} s (`unanswered_s`) after the provider was asked" in TEXT
    assert (config.reconnect.probe_s, "After a minute (`[reconnect] probe_s`" in TEXT) == (60.0, True)
