"""What outputs play on macOS 14.2 and later: Core Audio taps, by catap (the `macos` extra).

The library catap, and https://developer.apple.com/documentation/coreaudio/capturing-system-audio-with-core-audio-taps.
Without a name everything that is played is heard, wherever it is played, so that a default output that changes needs
no following. macOS asks the user once for the terminal; where that was refused there are only zeros. On older systems
a BlackHole device serves, as a microphone: `device:BlackHole 2ch`.

Untested here, where there is no macOS: opening, reading and closing a tap. Tested: turning its samples into ours, and
what is said where the library is missing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from sentra_tui.domain.audio import FULL_SCALE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceFlag, DeviceKind, SoundDevice
from sentra_tui.domain.source_spec import SourceKind
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.loopback.capture import OnSound
from sentra_tui.services.audio.signal_advice import terminal_app

INSTALL = "Install it with: pip install 'sentra-tui[macos]'"
EVERYTHING = "everything that plays"
HOST_API = "Core Audio"
_SETTINGS = "System Settings > Privacy & Security > Screen & System Audio Recording"
_OLDER = "Install BlackHole, and choose it as the source: device:BlackHole 2ch."


class CoreAudioTap:
    """A LoopbackCapture."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._session: Any = None

    def open(self, name: str, on_sound: OnSound) -> str:
        """Begin to hear one output, or all of them; raises SourceError."""
        library = _load()

        def take(buffer: Any) -> None:
            form = buffer.format
            pcm = to_s16le(buffer.data, bits=form.bits_per_sample, is_float=form.is_float)
            on_sound(pcm, round(form.sample_rate), form.num_channels)

        device = name.removeprefix(f"{HOST_API}:")
        try:
            if device:
                self._session = library.record_device(device, on_buffer=take)
            else:
                self._session = library.record_system_audio(on_buffer=take)
            self._session.start()
        except LookupError as error:
            raise SourceError(f"There is no output called {clean_line(device, 60)}.", hint="Connect it.") from error
        except (OSError, ValueError, RuntimeError) as error:
            app = terminal_app(self._environ) or "this terminal"
            cause = clean_line(str(error)).rstrip(".")
            raise SourceError(
                f"What plays cannot be heard: {cause}.", hint=f"Allow {app} under {_SETTINGS}."
            ) from error
        return device or EVERYTHING

    def alive(self) -> bool:
        """Return whether the tap still runs: an output that is unplugged ends it."""
        return self._session is not None and self._session.is_recording and not self._session.capture_failed

    def close(self) -> None:
        """Destroy the tap."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            session.close()
        except (OSError, RuntimeError, ValueError) as error:
            raise SourceError(f"The tap does not end: {clean_line(str(error))}.") from error


def to_s16le(data: bytes, *, bits: int, is_float: bool) -> bytes:
    """Return native PCM, as Core Audio gives it, as s16le; raises ValueError for a format it is not known to give."""
    if is_float and bits in (32, 64):
        samples = np.frombuffer(data, f"<f{bits // 8}")
        scaled = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
        return bytes(scaled.astype("<i2").tobytes())
    if not is_float and bits == 16:
        return data
    if not is_float and bits == 32:
        return bytes((np.frombuffer(data, "<i4") >> 16).astype("<i2").tobytes())
    raise ValueError(f"sound of {bits} bits, {'floating' if is_float else 'fixed'} point")


def list_monitors() -> tuple[SoundDevice, ...]:
    """Return what can be heard: everything, and each output. Blocks; raises SourceError without the library."""
    library = _load()
    everything = SoundDevice(
        source=SourceKind.LOOPBACK.value,
        name=EVERYTHING,
        kind=DeviceKind.MONITOR,
        host_api=HOST_API,
        flags=(DeviceFlag.DEFAULT,),
    )
    return everything, *tap_monitors(library.list_audio_devices())


def tap_monitors(devices: Any) -> tuple[SoundDevice, ...]:
    """Return catap's audio devices that play, as devices to choose from."""
    return tuple(
        SoundDevice(
            source=f"{SourceKind.LOOPBACK}:{device.name}",
            name=clean_line(device.name, 80),
            kind=DeviceKind.MONITOR,
            host_api=HOST_API,
        )
        for device in devices
        if device.output_streams
    )


def _load() -> Any:
    try:
        import catap
    except ModuleNotFoundError as error:
        raise SourceError("What plays cannot be heard: catap is not installed.", hint=INSTALL) from error
    except (ImportError, OSError) as error:
        raise SourceError(f"What plays cannot be heard: {clean_line(str(error)).rstrip('.')}.", hint=_OLDER) from error
    return catap
