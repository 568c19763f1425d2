"""Sound devices: choosing one, opening it, closing it, off the event loop.

PortAudio is one per process, blocks while it opens and closes, and crashes when two threads do so at once: every such
step runs on a thread of its own, and they take turns.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeVar

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio import portaudio
from sentra_tui.services.audio.thread import on_a_thread

BLOCK_SAMPLES = 480
"""10 ms: the smallest block that never ran dry in measurements; 30 ms from loudspeaker to loopback."""
NAMES_SHOWN = 6

Kind = Literal["input", "output"]
T = TypeVar("T")

_open_devices: set[Device] = set()
_NOUNS: dict[Kind, str] = {"input": "microphone", "output": "loudspeaker"}


class Device:
    """One stream of 48 kHz s16le in blocks of 10 ms, from or to a device.

    `on_block` runs on PortAudio's thread with the block's buffer, to read or to fill; `on_finished` when the stream
    ends without being closed. An empty name is the system's default device. `environ` is set while the stream is
    being opened and no longer: libpulse reads there which source or sink is meant. `latency_s` is how much sound the
    device may hold; the least there is where it is not given.
    """

    def __init__(
        self,
        kind: Kind,
        name: str,
        on_block: Callable[[Any], None],
        on_finished: Callable[[], None],
        *,
        channels: int = 1,
        environ: Mapping[str, str] | None = None,
        latency_s: float | None = None,
    ) -> None:
        self._kind = kind
        self._name = name
        self._on_block = on_block
        self._on_finished = on_finished
        self._channels = channels
        self._environ = environ or {}
        self._wanted_latency = "low" if latency_s is None else latency_s
        self._stream: Any = None
        self._closed = False
        self.latency_s = 0.0
        """How long after the block is handed over its sound is heard; of an output, and as far as PortAudio knows."""
        self.xruns = 0
        """How often the device ran dry or full because `on_block` was not called in time.

        One that holds more sound asks for several blocks in one go, and says so with each of them: that is once.
        """
        self._behind = False

    async def open(self) -> None:
        """Open and start it; raises SourceError."""
        await _in_turn(self._open)

    async def close(self) -> None:
        """Stop it; a device that hangs is left to its thread."""
        self._closed = True
        with contextlib.suppress(SourceError):
            await _in_turn(self._close)

    def _open(self) -> None:
        sounddevice = portaudio.load()
        stream_type = sounddevice.RawInputStream if self._kind == "input" else sounddevice.RawOutputStream
        try:
            device = choose(sounddevice, self._kind, self._name)
            with _set_for_now(self._environ):
                self._stream = stream_type(
                    device=device,
                    samplerate=SAMPLE_RATE_HZ,
                    channels=self._channels,
                    dtype="int16",
                    blocksize=BLOCK_SAMPLES,
                    latency=self._wanted_latency,
                    callback=self._callback,
                    finished_callback=self._finished,
                )
            _open_devices.add(self)
            self.latency_s = float(self._stream.latency)
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            self._close()
            raise portaudio.sound_error(f"The {_NOUNS[self._kind]}", error) from error
        if self._closed:
            self._close()

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        _open_devices.discard(self)

    def _callback(self, block: Any, _frames: int, time: Any, status: Any) -> None:
        was_behind, self._behind = self._behind, bool(status)
        self.xruns += self._behind and not was_behind
        # Behind a sound server the stream's own figure is too small, and not every system says when a block is heard.
        if time.outputBufferDacTime > time.currentTime:
            self.latency_s = time.outputBufferDacTime - time.currentTime
        self._on_block(block)

    def _finished(self) -> None:
        if not self._closed:
            self._on_finished()


async def device_names(kind: Kind, wanted: str = "") -> list[str]:
    """Return what PortAudio calls the devices; where `wanted` is not among them it looks again, if no stream is open.

    Raises SourceError where PortAudio is missing or does not start.
    """

    def look() -> list[str]:
        sounddevice = portaudio.load()
        names = list(_listed(sounddevice, kind).values())
        if wanted not in names and _look_again(sounddevice):
            names = list(_listed(sounddevice, kind).values())
        return names

    return await _in_turn(look)


async def start_anew() -> None:
    """Make PortAudio notice what was plugged in or out at the price of all streams: their owners are told they ended.

    Raises SourceError where PortAudio does not start.
    """

    def restart() -> None:
        sounddevice = portaudio.load()
        for device in tuple(_open_devices):
            device._close()
            device._finished()
        _look_again(sounddevice)

    await _in_turn(restart)


def choose(sounddevice: Any, kind: Kind, name: str) -> int:
    """Return the index of the device called `name` or `HOSTAPI:NAME`, or of the default one; raises SourceError.

    On Linux the default is the sound server, where there is one: the hardware behind it is shared that way.
    """
    devices = _listed(sounddevice, kind)
    if not devices and _look_again(sounddevice):
        devices = _listed(sounddevice, kind)
    if not devices:
        raise SourceError(f"There is no {_NOUNS[kind]}.", hint="Connect one, or use a WAV file.")
    if not name:
        return _default(sounddevice, kind, devices)
    wanted = name.casefold()
    matches = [index for index, listed in _with_host_api(sounddevice, devices).items() if listed.casefold() == wanted]
    matches += [index for index, listed in devices.items() if listed.casefold() == wanted]
    matches += [index for index, listed in devices.items() if wanted in listed.casefold()]
    if not matches:
        names = ", ".join(clean_line(listed, 40) for listed in list(devices.values())[:NAMES_SHOWN])
        raise SourceError(f"There is no {_NOUNS[kind]} called {clean_line(name, 60)}.", hint=f"There is: {names}.")
    return matches[0]


def _look_again(sounddevice: Any) -> bool:
    """Make PortAudio notice new devices, which it never does by itself; not while a stream is open, which that ends."""
    if _open_devices:
        return False
    sounddevice._terminate()
    sounddevice._initialize()
    return True


@contextlib.contextmanager
def _set_for_now(environ: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environ}
    os.environ.update(environ)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _listed(sounddevice: Any, kind: Kind) -> dict[int, str]:
    return {each["index"]: each["name"] for each in sounddevice.query_devices() if each[f"max_{kind}_channels"] > 0}


def _with_host_api(sounddevice: Any, devices: dict[int, str]) -> dict[int, str]:
    """Return `HOSTAPI:NAME` of each device: one name may be that of several, in different host APIs."""
    apis = [api["name"] for api in sounddevice.query_hostapis()]
    return {index: f"{apis[sounddevice.query_devices(index)['hostapi']]}:{name}" for index, name in devices.items()}


def _default(sounddevice: Any, kind: Kind, devices: dict[int, str]) -> int:
    if sys.platform == "linux":
        for index, name in devices.items():
            if name == "pulse":
                return index
    index = int(sounddevice.default.device[kind])
    return index if index in devices else next(iter(devices))


async def _in_turn(work: Callable[[], T]) -> T:
    """Do this step of PortAudio's on a thread, with nobody else in it."""

    def step() -> T:
        with portaudio.turn:
            return work()

    return await on_a_thread(step)
