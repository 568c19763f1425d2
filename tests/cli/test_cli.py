"""The command line, as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sentra_tui import __version__

COMMANDS = [(), ("headless",), ("provider",), ("providers",), ("broker",), ("devices",), ("audio",)]
SENTRA = (sys.executable, "-m", "sentra_tui")


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "OPENAI_API_KEY": "", **(env or {})}
    return subprocess.run(
        [*SENTRA, *arguments], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


def test_the_version_is_told() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"sentra-tui {__version__}\n")


@pytest.mark.parametrize(
    "command", [(), ("headless",), ("provider",), ("providers",), ("broker",), ("broker", "add-member")]
)
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


def test_help_and_version_load_nothing_heavy() -> None:
    program = (
        "import sys, sentra_tui.cli as cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1].replace("'", '"')))
    heavy = {"textual", "rich", "numpy", "aiortc", "av", "httpx", "sounddevice", "aiohttp", "msgspec", "asyncio"}
    assert not loaded & heavy


def test_a_screen_without_a_terminal_is_refused_with_the_next_step() -> None:
    done = run()
    assert done.returncode == 2
    assert "terminal" in done.stderr
    assert "headless" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('theem = "x"', "Did you mean theme?"),
        ("[aux]\nsilence_ms = 'long'", "aux.silence_ms: expected int"),
        ("[[[", "is not TOML"),
    ],
)
def test_a_wrong_configuration_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text)
    done = run("headless", f"--config={config}")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unknown_provider_is_told_with_the_nearest_one() -> None:
    done = run("headless", "--provider=opnai")
    assert done.returncode == 2
    assert "Did you mean openai?" in done.stderr


def test_no_option_takes_a_secret() -> None:
    helps = "".join(
        run(*command, "--help").stdout for command in [(), ("headless",), ("provider",), ("providers",), ("broker",)]
    )
    assert not {"--key", "--api-key", "--token"} & set(helps.split())
