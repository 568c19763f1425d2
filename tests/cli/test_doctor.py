"""`sentra-tui doctor`, as a user types it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.test_cli import run


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment of somebody who has just installed the program."""
    return {"HOME": str(tmp_path), **{f"XDG_{name}_HOME": str(tmp_path / name) for name in ("DATA", "STATE", "CONFIG")}}


def test_the_local_provider_works_on_any_machine(home: dict[str, str]) -> None:
    done = run("doctor", "--json", env=home)
    document = json.loads(done.stdout)
    assert (done.returncode, document["summary"]["failed"]) == (0, 0), done.stdout
    states = {check["name"]: check["state"] for check in document["checks"]}
    assert {states[name] for name in ("local provider", "answer", "models", "clock", "dialect")} == {"ok"}
    assert [check["group"] for check in document["checks"]] == sorted(
        (check["group"] for check in document["checks"]), key=["machine", "sound", "provider", "files"].index
    )
    assert done.stderr == ""


def test_what_is_in_the_way_is_told_with_what_helps_and_the_status_says_so(home: dict[str, str]) -> None:
    config = Path(home["HOME"]) / "config.toml"
    config.write_text('provider = "opnai"')
    done = run("doctor", f"--config={config}", env=home)
    assert done.returncode == 1
    assert "Did you mean openai?" in done.stdout
    assert "In the way: provider." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_wrong_configuration_is_a_finding_and_the_rest_is_looked_at(home: dict[str, str]) -> None:
    config = Path(home["HOME"]) / "config.toml"
    config.write_text("[[[")
    done = run("doctor", f"--config={config}", "--provider=https://nowhere.invalid/v1", env=home)
    assert done.returncode == 1
    assert "is not TOML" in done.stdout
    assert "nowhere.invalid cannot be resolved" in done.stdout


def test_a_terminal_without_utf8_gets_ascii(home: dict[str, str]) -> None:
    done = run("doctor", "--provider=nowhere", env={**home, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 1
    assert done.stdout.isascii()
    assert "x failed" in done.stdout


def test_it_has_help_and_takes_no_secret() -> None:
    done = run("doctor", "--help")
    assert done.returncode == 0
    assert not {"--key", "--api-key", "--token"} & set(done.stdout.split())


def test_a_wrong_option_is_a_usage_error() -> None:
    assert run("doctor", "--no-such-thing", env=dict(os.environ)).returncode == 2
