"""What an output plays on Windows: WASAPI loopback, by PyAudioWPatch (the `windows` extra).

PyAudioWPatch carries a PortAudio of its own, which lists each WASAPI output once more as an input called
`NAME [Loopback]`: https://github.com/s0d3s/PyAudioWPatch. The system's mixer format is the only one it takes.

Untested here, where there is no Windows: opening, reading and closing a stream. Tested: which output is chosen, and
what is said where the library is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceFlag, DeviceKind, SoundDevice
from sentra_tui.domain.source_spec import SourceKind
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.loopback.capture import OnSound

INSTALL = "Install it with: pip install 'sentra-tui[windows]'"
HOST_API = "Windows WASAPI"
BLOCKS_PER_S = 100
_SUFFIX = " [Loopback]"


class WasapiLoopback:
    """A LoopbackCapture."""

    def __init__(self) -> None:
        self._manager: Any = None
        self._stream: Any = None

    def open(self, name: str, on_sound: OnSound) -> str:
        """Begin to hear an output; raises SourceError."""
        library = _load()
        try:
            # A new manager starts PortAudio anew: it never notices by itself what was plugged in.
            self._manager = library.PyAudio()
            output = self._manager.get_default_wasapi_device(d_out=True)["name"]
            found = choose_loopback(self._manager.get_loopback_device_info_generator(), output, name)
            rate_hz, channels = int(found["defaultSampleRate"]), int(found["maxInputChannels"])

            def take(pcm: bytes, _frames: int, _time: Any, _status: int) -> tuple[None, int]:
                on_sound(pcm, rate_hz, channels)
                return None, library.paContinue

            self._stream = self._manager.open(
                format=library.paInt16,
                channels=channels,
                rate=rate_hz,
                frames_per_buffer=rate_hz // BLOCKS_PER_S,
                input=True,
                input_device_index=found["index"],
                stream_callback=take,
            )
        except OSError as error:
            cause = clean_line(str(error)).rstrip(".")
            raise SourceError(f"What plays cannot be heard: {cause}.", hint="Choose another output.") from error
        return output_name(found)

    def alive(self) -> bool:
        """Return whether WASAPI still runs it: an output that is unplugged ends it."""
        try:
            return self._stream is not None and bool(self._stream.is_active())
        except OSError:
            return False

    def close(self) -> None:
        """End it, and PortAudio with it."""
        stream, self._stream = self._stream, None
        manager, self._manager = self._manager, None
        try:
            if stream is not None:
                stream.close()
        except OSError as error:
            raise SourceError(f"What plays is still being heard: {clean_line(str(error))}.") from error
        finally:
            if manager is not None:
                manager.terminate()


def choose_loopback(loopbacks: Iterable[Mapping[str, Any]], default_output: str, name: str) -> Mapping[str, Any]:
    """Return the loopback of the output called `name`, or of the default one; raises SourceError.

    The library connects a loopback with its output by name alone, and so do we: exactly, else by how it begins.
    """
    listed = list(loopbacks)
    wanted = (name.removeprefix(f"{HOST_API}:") or default_output).casefold()
    for found in listed:
        if output_name(found).casefold() == wanted:
            return found
    for found in listed:
        if output_name(found).casefold().startswith(wanted):
            return found
    if not name:
        raise SourceError("There is no output to listen to.", hint="Connect one.")
    names = ", ".join(clean_line(output_name(found), 40) for found in listed) or "none"
    raise SourceError(f"There is no output called {clean_line(name, 60)}.", hint=f"There is: {names}.")


def output_name(loopback: Mapping[str, Any]) -> str:
    """Return the name of the output that a loopback hears."""
    return str(loopback["name"]).removesuffix(_SUFFIX)


def wasapi_monitors(loopbacks: Iterable[Mapping[str, Any]], default_output: str) -> tuple[SoundDevice, ...]:
    """Return the loopbacks as devices to choose from."""
    return tuple(
        SoundDevice(
            source=f"{SourceKind.LOOPBACK}:{output_name(found)}",
            name=clean_line(output_name(found), 80),
            kind=DeviceKind.MONITOR,
            host_api=HOST_API,
            flags=(DeviceFlag.DEFAULT,) if output_name(found) == default_output else (),
        )
        for found in loopbacks
    )


def list_monitors() -> tuple[SoundDevice, ...]:
    """Return the outputs that can be heard. Blocks; raises SourceError where the library is missing."""
    library = _load()
    try:
        with library.PyAudio() as manager:
            output = manager.get_default_wasapi_device(d_out=True)["name"]
            return wasapi_monitors(manager.get_loopback_device_info_generator(), output)
    except OSError as error:
        raise SourceError(f"What plays cannot be heard: {clean_line(str(error))}.") from error


def _load() -> Any:
    try:
        import pyaudiowpatch
    except ImportError as error:
        raise SourceError("What plays cannot be heard: PyAudioWPatch is not installed.", hint=INSTALL) from error
    return pyaudiowpatch
