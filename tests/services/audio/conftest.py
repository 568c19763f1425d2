"""Sound for the tests of sound."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pipewire import PipeWireServer, running_pipewire
from tests.pulse import PulseServer, running_pulse, used_by_this_process
from tests.sound_server import SoundServer


@pytest.fixture(scope="package")
def pulse() -> Iterator[PulseServer]:
    """A private PulseAudio, running and used by this process."""
    yield from running_pulse()


@pytest.fixture(scope="package")
def _pipewire() -> Iterator[PipeWireServer]:
    yield from running_pipewire()


@pytest.fixture(params=["pulseaudio", "pipewire"])
def sound(request: pytest.FixtureRequest) -> Iterator[SoundServer]:
    """A private sound server, used by this process while the test runs: each of both in turn."""
    server: SoundServer = request.getfixturevalue("pulse" if request.param == "pulseaudio" else "_pipewire")
    with used_by_this_process(server):
        yield server
