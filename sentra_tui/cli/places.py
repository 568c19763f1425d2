"""Where our files are, as the system wants them: configuration, data, state, log."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def choose_files(choices: dict[str, Any]) -> None:
    """Add where talks, recordings and choices are kept, and the user's own prices, where there are some."""
    import platformdirs

    data = platformdirs.user_data_path("sentra-tui", appauthor=False)
    state = platformdirs.user_state_path("sentra-tui", appauthor=False)
    is_private = choices.pop("no_journal")
    choices["journal"] = None if is_private else data / "journal.db"
    choices["spool"] = None if is_private else state / "spool"
    choices["recordings"] = data / "recordings"
    choices["choices"] = state / "choices.json"
    prices = config_dir() / "prices.toml"
    choices["prices"] = prices if prices.exists() else None


def config_dir() -> Path:
    """Return the directory of the configuration, of prices and of themes."""
    import platformdirs

    return platformdirs.user_config_path("sentra-tui", appauthor=False)


def default_config() -> Path:
    """Return the configuration file."""
    return config_dir() / "config.toml"


def default_log() -> Path:
    """Return the log file."""
    import platformdirs

    return platformdirs.user_log_path("sentra-tui", appauthor=False) / "sentra-tui.log"
