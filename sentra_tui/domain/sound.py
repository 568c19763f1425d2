"""The nouns of sound: what can be wrong with a source, which devices there are, what is done about echo."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from sentra_tui.domain.audio import SILENCE_DBFS

SIGNAL_DBFS = -60.0
"""A peak above this is signal: the quietest rooms and the best microphones are louder."""


class Trouble(StrEnum):
    """What is wrong with a source of sound. One at a time is told: the first in this order."""

    NONE = ""
    GONE = "gone"
    """It was unplugged, or the sound server ended; it is taken again when it comes back."""
    BUSY = "busy"
    """Another program holds it."""
    MOVED = "moved to another device"
    """The sound server gave us another source instead: nothing of that is used."""
    STALLED = "stalled"
    """It is there and gives nothing."""
    PERMISSION = "no permission"
    """The system gives zeros because the terminal may not use the microphone."""
    SILENT = "silent"
    """Exact zeros."""
    FLAT = "flat"
    """One value that is not zero: a broken input."""
    CLIPPING = "clipping"
    QUIET = "too quiet"
    HEADSET = "headset profile"
    """A Bluetooth headset in its call profile: narrow sound in both directions."""


class EchoMode(StrEnum):
    """How the microphone is kept from hearing the loudspeaker."""

    NONE = ""
    """Nothing is needed: the sound does not come from a microphone in a room."""
    CANCELLING = "cancelling"
    GUARD = "half-duplex"
    """The microphone is held while an answer sounds."""
    HEADPHONES = "headphones"
    """The user says that nothing is to be heard in the room."""
    OFF = "off"


class Echo(Struct, frozen=True):
    """The state of echo control."""

    mode: EchoMode = EchoMode.NONE
    erle_db: float | None = None
    """How much echo is taken out (echo return loss enhancement), where it could be measured."""
    held: bool = False
    """The microphone is held just now."""
    cause: str = ""
    """Why it is this mode, one line."""


class DeviceKind(StrEnum):
    """What a device is to us."""

    INPUT = "input"
    MONITOR = "monitor"
    """Hears what an output plays."""
    OUTPUT = "output"


class DeviceFlag(StrEnum):
    """Why a device is not simply a microphone or a loudspeaker."""

    DEFAULT = "default"
    VIRTUAL = "virtual"
    AGGREGATE = "aggregate"
    BLUETOOTH = "bluetooth"
    HEADSET = "headset profile"
    BUSY = "busy"


class SoundDevice(Struct, frozen=True):
    """A device that can be chosen."""

    source: str
    """What chooses it, as in `StreamConfig.source` (`device:NAME`, `loopback:NAME`) or `SoundConfig.output`; it holds
    across restarts, whatever is plugged in.
    """
    name: str
    """What people call it."""
    kind: DeviceKind
    host_api: str = ""
    flags: tuple[DeviceFlag, ...] = ()
    note: str = ""
    """Why it is not chosen by itself, or what to know, one line."""

    @property
    def physical(self) -> bool:
        """Whether it may be chosen without being asked for: a real microphone or loudspeaker."""
        return not {DeviceFlag.VIRTUAL, DeviceFlag.AGGREGATE} & set(self.flags) and self.kind is not DeviceKind.MONITOR


class DeviceLevel(Struct, frozen=True):
    """How loud a device is just now."""

    source: str
    rms_dbfs: float = SILENCE_DBFS
    peak_dbfs: float = SILENCE_DBFS
    cause: str = ""
    """Why it cannot be heard, one line."""


class Devices(Struct, frozen=True):
    """The devices as they were last listed."""

    devices: tuple[SoundDevice, ...] = ()
    levels: tuple[DeviceLevel, ...] = ()
    backend: str = ""
    """How sound is reached: `PulseAudio through PortAudio`."""
    reason: str = ""
    """Why not in a better way, one line; empty where it is the best."""
    watched: bool = False


class Recording(Struct, frozen=True):
    """What is being recorded."""

    on: bool = False
    files: tuple[str, ...] = ()
    since_ms: int = 0
    cause: str = ""
    """Why it stopped by itself, one line."""
