"""Both streams on a real sound server, through each backend, while things happen to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from sentra_tui.domain.sound import Trouble
from sentra_tui.services.audio.live.backend import Backend
from sentra_tui.services.audio.live.parec_capture import ParecCapture
from sentra_tui.services.audio.live.portaudio_capture import PortAudioCapture
from tests.pulse import PulseServer
from tests.services.audio.live.room import (
    LOUD,
    QUIET,
    Listener,
    given_three_chances,
    listening,
    loudspeaker,
    microphone,
    noise,
    playing,
    until,
    watcher_is_gone,
)

MIC = ("module-remap-source", "source_name=mic", "master=mic_feed.monitor")


@pytest.fixture(params=["PortAudio", "parec"], autouse=True)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each of the two ways to capture."""
    name = str(request.param)

    async def choose_backend() -> Backend:
        return Backend(name, PortAudioCapture if name == "PortAudio" else ParecCapture)

    monkeypatch.setattr("tests.services.audio.live.room.choose_backend", choose_backend)
    yield name
    assert watcher_is_gone()


def measured(request: pytest.FixtureRequest, what: str, since: float, listener: Listener, report: int) -> None:
    """Write how long it took to where `-rP` shows it: on a noisy machine it is no reason to fail."""
    took_ms = (listener.times[report] - since) * 1000
    print(f"{request.node.callspec.id}: {what} after {took_ms:.0f} ms")  # noqa: T201


@given_three_chances
async def test_both_streams_are_captured_bit_exact_at_once(pulse: PulseServer) -> None:
    said, played = noise(1, 1), noise(1, 2)
    async with listening(microphone()) as mic, listening(loudspeaker()) as speaker:
        with playing(pulse, said, "mic_feed"), playing(pulse, played, "spk"):
            await asyncio.gather(mic.hears(said), speaker.hears(played))
        assert (mic.pcm.count(played[:96]), speaker.pcm.count(said[:96])) == (0, 0)
    assert [report.label for report in speaker.reports if report.label] == ["Null Output"]


@given_three_chances
async def test_a_microphone_that_is_unplugged_is_gone_and_taken_again_and_the_other_stream_loses_nothing(
    pulse: PulseServer, request: pytest.FixtureRequest
) -> None:
    played = noise(2.5, 3)
    async with listening(loudspeaker()) as speaker, listening(microphone()) as mic:
        with playing(pulse, noise(60, 4, QUIET), "mic_feed"), playing(pulse, played, "spk"):
            await asyncio.gather(mic.hears_something(), speaker.hears_something())
            unplugged = time.monotonic()
            pulse.control("unload-module", "module-remap-source")
            report = await mic.told(Trouble.GONE)
            measured(request, "gone", unplugged, mic, -1)
            assert "is gone" in report.advice
            await asyncio.sleep(0.3)
            plugged, before = time.monotonic(), len(mic.reports)
            pulse.control("load-module", *MIC)
            await mic.told(Trouble.NONE, before)
            measured(request, "taken again", plugged, mic, -1)
            await mic.hears_something()
            await speaker.hears(played)
        assert speaker.troubles == [Trouble.NONE]
        assert loud_ms(mic) == 0


@given_three_chances
async def test_a_pinned_output_that_goes_is_taken_again_and_the_microphone_loses_nothing(
    pulse: PulseServer, request: pytest.FixtureRequest
) -> None:
    said = noise(2.5, 5)
    # Were it the default, its return would move to it what plays into the microphone.
    pulse.control("load-module", "module-null-sink", "norewinds=1", "sink_name=other", "rate=48000", "channels=1")
    pulse.control("set-default-sink", "other")
    async with listening(microphone()) as mic, listening(loudspeaker("spk")) as speaker:
        with playing(pulse, said, "mic_feed"):
            await mic.hears_something()
            unplugged = time.monotonic()
            pulse.control("unload-module", spk_module(pulse))
            await speaker.told(Trouble.GONE)
            measured(request, "gone", unplugged, speaker, -1)
            plugged, before = time.monotonic(), len(speaker.reports)
            pulse.control("load-module", "module-null-sink", "norewinds=1", "sink_name=spk", "rate=48000", "channels=1")
            await speaker.told(Trouble.NONE, before)
            measured(request, "taken again", plugged, speaker, -1)
            await mic.hears(said)
        assert not any(speaker.pcm)
        played = noise(0.5, 6)
        with playing(pulse, played, "spk"):
            await speaker.hears(played)


async def test_the_default_output_is_followed(pulse: PulseServer, request: pytest.FixtureRequest) -> None:
    new = ("module-null-sink", "norewinds=1", "sink_name=new", "rate=48000", "channels=1",
           "sink_properties=device.description=Headphones")  # fmt: skip
    pulse.control("load-module", *new)
    async with listening(loudspeaker()) as speaker:
        with playing(pulse, played := noise(0.5, 7), "spk"):
            await speaker.hears(played)
        changed, before = time.monotonic(), len(speaker.reports)
        pulse.control("set-default-sink", "new")
        report = await speaker.told(Trouble.NONE, before)
        measured(request, "new default", changed, speaker, -1)
        assert report.label == "Headphones"
        await until(lambda: "new.monitor" in capturing(pulse), "the stream on the new monitor")
        await asyncio.sleep(0.5)
        with playing(pulse, played := noise(0.5, 8), "new"):
            await speaker.hears(played)
        assert set(speaker.troubles) == {Trouble.NONE}


async def test_a_server_that_dies_is_told_and_its_return_brings_both_streams_back(
    pulse: PulseServer, request: pytest.FixtureRequest
) -> None:
    async with listening(microphone()) as mic, listening(loudspeaker()) as speaker:
        died = time.monotonic()
        pulse.kill()
        for listener in (mic, speaker):
            await until(partial(ends_with, listener, "sound server stopped"), "the server's end")
        measured(request, "server gone", died, mic, -1)
        frames = mic.frames
        await until(lambda: mic.frames > frames + 10, "silence while there is no server")
        before = {listener: len(listener.reports) for listener in (mic, speaker)}
        await asyncio.to_thread(pulse.start)
        back = time.monotonic()
        for listener in (mic, speaker):
            await listener.told(Trouble.NONE, before[listener])
            measured(request, "server back", back, listener, -1)
        said, played = noise(0.5, 9), noise(0.5, 10)
        with playing(pulse, said, "mic_feed"), playing(pulse, played, "spk"):
            await asyncio.gather(mic.hears(said), speaker.hears(played))


async def test_a_suspended_microphone_is_stalled_until_it_is_resumed(
    pulse: PulseServer, request: pytest.FixtureRequest
) -> None:
    async with listening(microphone()) as mic:
        suspended = time.monotonic()
        pulse.control("suspend-source", "mic", "1")
        await mic.told(Trouble.STALLED)
        measured(request, "stalled", suspended, mic, -1)
        pulse.control("suspend-source", "mic", "0")
        with playing(pulse, said := noise(2, 11), "mic_feed"):
            await mic.hears_something()
        assert bytes(mic.pcm).strip(b"\0")[:96] in said
        await mic.told(Trouble.NONE, mic.troubles.index(Trouble.STALLED))


async def test_nothing_of_another_source_is_heard_when_the_server_moves_the_stream(
    pulse: PulseServer, request: pytest.FixtureRequest
) -> None:
    async with listening(microphone()) as mic:
        with playing(pulse, noise(60, 12, QUIET), "mic_feed"), playing(pulse, noise(60, 13, LOUD), "spk"):
            await mic.hears_something()
            stream = next(line.split()[0] for line in outputs(pulse) if "protocol-native" in line)
            moved = time.monotonic()
            pulse.control("move-source-output", stream, "spk.monitor")
            report = await mic.told(Trouble.MOVED)
            measured(request, "moved", moved, mic, -1)
            assert "Monitor of Null Output" in report.advice
            await mic.told(Trouble.NONE, mic.troubles.index(Trouble.MOVED))
            measured(request, "rebound", moved, mic, -1)
            await mic.hears_something()
        assert loud_ms(mic) == 0


async def test_a_monitor_is_never_taken_for_a_microphone(pulse: PulseServer) -> None:
    async with listening(microphone()) as mic:
        await asyncio.sleep(0.5)  # what a player that was ended left in the sink
        mic.pcm.clear()
        with playing(pulse, noise(60, 14, LOUD), "spk"):
            pulse.control("set-default-source", "spk.monitor")
            report = await mic.told(Trouble.GONE)
            assert "Press d" in report.advice
            frames = mic.frames
            await until(lambda: mic.frames > frames + 10, "silence while there is no microphone")
        assert not any(mic.pcm)
        pulse.control("set-default-source", "mic")
        with playing(pulse, said := noise(1, 15), "mic_feed"):
            await mic.hears_something()
        assert bytes(mic.pcm).strip(b"\0")[:96] in said


async def test_stereo_is_averaged(pulse: PulseServer) -> None:
    pulse.control("load-module", "module-null-sink", "norewinds=1", "sink_name=wide", "rate=48000", "channels=2")
    async with listening(loudspeaker("wide")) as speaker:
        with playing(pulse, played := noise(0.5, 16, 32_000), "wide"):
            await speaker.hears(played)


def ends_with(listener: Listener, words: str) -> bool:
    return words in listener.reports[-1].advice


def loud_ms(listener: Listener) -> float:
    """Return how much was heard that was not meant to be."""
    samples = np.frombuffer(bytes(listener.pcm), "<i2").astype(int)
    return np.count_nonzero(np.abs(samples) > QUIET) / 48


def outputs(pulse: PulseServer) -> list[str]:
    return pulse.control("list", "short", "source-outputs").splitlines()


def capturing(pulse: PulseServer) -> set[str]:
    """Return the sources that are captured."""
    names = {line.split()[0]: line.split()[1] for line in pulse.control("list", "short", "sources").splitlines()}
    return {names[line.split()[1]] for line in outputs(pulse) if line.split()[1] in names}


def spk_module(pulse: PulseServer) -> str:
    modules = pulse.control("list", "short", "modules").splitlines()
    return next(line.split()[0] for line in modules if "sink_name=spk" in line.split())
