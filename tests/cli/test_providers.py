"""`sentra-tui providers`: what is known, and what a server speaks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from sentra_tui.domain.provider_config import shipped_providers
from sentra_tui.provider.faults import Plan
from sentra_tui.provider.server import ProviderOptions, serving
from sentra_tui.services.key_origins import key_env_for
from tests.cli.test_cli import run


def test_every_known_provider_is_listed_with_its_address_key_roads_and_words() -> None:
    done = run("providers", env={"XAI_API_KEY": "xai-not-shown"})
    assert done.returncode == 0
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert set(shipped_providers()) <= set(rows)
    assert "OPENAI_API_KEY is not set" in rows["openai"]
    assert "XAI_API_KEY is set" in rows["xai"]
    assert rows["speaches"].split()[-1] == "beta"
    assert "xai-not-shown" not in done.stdout


def test_the_users_own_providers_are_listed_too_as_json(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[providers.house]\nlike = "localai"\nbase_url = "https://house.example/v1"\nkey_env = "HOUSE_KEY"'
    )
    done = run("providers", "--json", f"--config={config}")
    listed = {each["name"]: each for each in json.loads(done.stdout)}
    assert listed["house"]["base_url"] == "https://house.example/v1"
    assert (listed["house"]["offer"], listed["house"]["key_set"]) == ("json_sdp", False)
    assert listed["local"]["key_set"] is None


@pytest.mark.parametrize("dialects", [["ga"], ["beta"]])
async def test_a_server_is_asked_what_it_speaks(dialects: list[str]) -> None:
    async with serving(ProviderOptions(plan=Plan(dialects=dialects))) as started:  # type: ignore[arg-type]
        env = {key_env_for(started.base_url): started.api_key}
        shown = await asyncio.to_thread(run, "providers", started.base_url, env=env)
        told = await asyncio.to_thread(run, "providers", started.base_url, "--json", env=env)
        locked = await asyncio.to_thread(run, "providers", started.base_url)
    assert (shown.returncode, told.returncode, locked.returncode) == (0, 0, 0)
    assert f"speak the {dialects[0]} dialect" in shown.stdout
    document = json.loads(told.stdout)
    assert document["dialect"] == dialects[0]
    assert {document["offered"][name]["offered"] for name in ("WebRTC", "WebSocket", "speech")} == {"yes"}
    assert f"set {key_env_for(started.base_url)}" in locked.stdout
    assert started.api_key not in shown.stdout + told.stdout


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/v1", "refused the connection"),
        ("http://example.com/v1", "plain http is for this machine only"),
        ("https://169.254.169.254/v1", "link-local"),
        ("ftp://example.com", "does not fit"),
    ],
)
def test_a_server_that_cannot_be_asked_is_one_clear_line(url: str, said: str) -> None:
    done = run("providers", url)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
