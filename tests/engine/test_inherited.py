import os
import subprocess
import sys

import pytest

from sentra_tui.domain import config_file
from sentra_tui.engine.wiring.inherited import take_keys

CONFIG = b"""
[providers.house]
base_url = "https://house.example/v1"
key_env = "HOUSE_KEY"
broker_url = "https://tokens.example/"
broker_key_env = "HOUSE_TOKEN"
[[providers.house.ice_servers]]
urls = ["turn:turn.example"]
credential_env = "TURN_PASSWORD"
"""
KEYS = ("HOUSE_KEY", "HOUSE_TOKEN", "TURN_PASSWORD", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "SENTRA_KEY_X_EXAMPLE")


def test_no_process_that_is_started_inherits_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS, "SENTRA_LLM_KEY"):
        monkeypatch.setenv(name, f"canary of {name}")
    kept = take_keys(os.environ, config_file.parse(CONFIG, "config.toml").providers)
    assert {kept[name] for name in KEYS} == {f"canary of {name}" for name in KEYS}
    child = "import os; print([name for name, value in os.environ.items() if value.startswith('canary')])"
    done = subprocess.run([sys.executable, "-c", child], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "['SENTRA_LLM_KEY']", "which the local provider needs"
    assert os.environ["PATH"] == kept["PATH"]
