"""`sentra-tui devices`, as a user runs it: with a sound server, without one, and without PortAudio."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pulse import PulseServer, running_pulse

DEADLINE_S = 30.0
NOWHERE = {"PULSE_SERVER": "unix:/nowhere"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sound servers are of Linux")


@pytest.fixture(scope="module")
def pulse() -> Iterator[PulseServer]:
    yield from running_pulse()


@pytest.fixture
def without_portaudio(tmp_path: Path) -> dict[str, str]:
    """An environment in which sounddevice is what it is where the library is missing."""
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    return {"PYTHONPATH": str(tmp_path)}


def devices(environ: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sentra_tui", "devices", *options],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
        timeout=DEADLINE_S,
    )


def test_devices_are_a_table_by_kind_with_a_mark_at_what_is_used(pulse: PulseServer) -> None:
    done = devices(pulse.environ)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    marked = [line.split()[1] for line in lines if line.startswith("  * ")]
    assert marked == ["device:mic", "loopback:spk", "spk"]
    assert any("loopback:mic_feed" in line and not line.startswith("  *") for line in lines)
    assert any(line.startswith("Sound: PulseAudio ") for line in lines)
    assert "default, virtual" in done.stdout
    assert done.stderr == ""


def test_devices_are_one_json_document(pulse: PulseServer) -> None:
    done = devices(pulse.environ, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["used"] == {"input": "device:mic", "monitor": "loopback:spk", "output": "spk"}
    assert {"source", "name", "kind", "host_api", "flags", "note"} == set(document["devices"][0])
    assert document["backend"].startswith("PulseAudio")


def test_without_portaudio_the_server_is_reached_by_parec_and_the_reason_is_said(
    pulse: PulseServer, without_portaudio: dict[str, str]
) -> None:
    done = devices({**pulse.environ, **without_portaudio})
    assert done.returncode == 0, done.stderr
    assert "through parec and pacat." in done.stdout
    assert "PortAudio is not installed. Install" in done.stdout


def test_without_a_server_and_without_portaudio_it_says_what_brings_sound(without_portaudio: dict[str, str]) -> None:
    done = devices({**NOWHERE, **without_portaudio})
    assert done.returncode == 2
    assert done.stdout.startswith("No sound server answers. PortAudio is not installed. Install")
    assert "No sound devices." in done.stdout
    assert done.stderr == ""


def test_without_devices_the_json_document_has_the_reason(without_portaudio: dict[str, str]) -> None:
    done = devices({**NOWHERE, **without_portaudio}, "--json")
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert document["devices"] == []
    assert document["reason"].startswith("No sound server answers.")


def test_no_language_changes_what_is_found(pulse: PulseServer) -> None:
    assert devices({**pulse.environ, "LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}).returncode == 0


def test_a_terminal_that_knows_only_ascii_gets_the_list_too(pulse: PulseServer) -> None:
    sink = "sink_properties=device.description=Lautsprecher\u2011\u00fc"
    module = pulse.control("load-module", "module-null-sink", "sink_name=umlaut", sink)
    try:
        done = devices({**pulse.environ, "PYTHONIOENCODING": "ascii"})
    finally:
        pulse.control("unload-module", module)
    assert done.returncode == 0, done.stderr
    assert "umlaut" in done.stdout
