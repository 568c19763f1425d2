"""The lines that the documentation shows are those of the engine: every action and every change, with its fields."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec

from sentra_tui.domain.actions import Action
from sentra_tui.domain.changes import Change

ACTIONS, CHANGES = (
    (Path(__file__).parents[2] / "docs" / "engine-protocol.md").read_text(encoding="utf-8").split("## Changes")
)


def tagged(union: object) -> dict[str, type[msgspec.Struct]]:
    return {each.__struct_config__.tag: each for each in get_args(union)}


def documented_changes() -> dict[str, set[str]]:
    """Return the fields of each change; changes that share a row have theirs behind a semicolon each."""
    found = {}
    for names, fields in re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \| ([^|]*) \|", CHANGES, re.MULTILINE):
        tags = re.findall("`([a-z_]+)`", names)
        parts = fields.split(";") if len(tags) > 1 else [fields]
        for tag, part in zip(tags, parts, strict=True):
            found[tag] = {field.strip() for field in part.split(",") if field.strip()}
    return found


def test_every_action_is_documented_by_a_line_that_is_one() -> None:
    lines = re.findall(r'^\| `(\{"type":.*\})` \|', ACTIONS, re.MULTILINE)
    decoded = [msgspec.json.decode(line, type=Action) for line in lines]
    assert {type(action) for action in decoded} == set(get_args(Action))


def test_every_change_is_documented_with_its_fields() -> None:
    assert documented_changes() == {tag: set(each.__struct_fields__) for tag, each in tagged(Change).items()}
