"""What happens to sound: devices, echo, recordings, and what is kept off the record."""

from __future__ import annotations

from sentra_tui.domain.changes.base import ChangeBase
from sentra_tui.domain.sound import DeviceLevel, Echo, SoundDevice, Trouble


class SourceChosen(ChangeBase, frozen=True):
    """The stream's sound is to come from here, as in `StreamConfig.source`; `by_user` while the engine runs."""

    stream: str
    choice: str
    by_user: bool = False


class SourceTroubled(ChangeBase, frozen=True):
    """Something is wrong with the source of a stream, or, with `Trouble.NONE`, nothing any more."""

    stream: str
    at_ms: int
    trouble: Trouble
    advice: str = ""
    """What it means and what helps, one line."""


class DevicesListed(ChangeBase, frozen=True):
    """These devices can be chosen."""

    devices: tuple[SoundDevice, ...]
    backend: str = ""
    reason: str = ""


class DevicesMeasured(ChangeBase, frozen=True):
    """How loud the devices are, since the last measurement."""

    levels: tuple[DeviceLevel, ...]


class DevicesWatched(ChangeBase, frozen=True):
    """Devices are listened to so that they can be chosen, or no longer."""

    on: bool


class OutputChosen(ChangeBase, frozen=True):
    """Answers are to be heard from here, as in `SoundConfig.output`; `by_user` while the engine runs."""

    choice: str
    by_user: bool = False


class OutputOpened(ChangeBase, frozen=True):
    """Answers are heard from here."""

    label: str


class EchoChanged(ChangeBase, frozen=True):
    """The state of echo control."""

    at_ms: int
    echo: Echo


class HeadphonesChanged(ChangeBase, frozen=True):
    """The user wears headphones, or no longer."""

    on: bool


class OffRecordChanged(ChangeBase, frozen=True):
    """From here on no sound is sent or kept, or it is again."""

    on: bool
    at_ms: int


class TalkingChanged(ChangeBase, frozen=True):
    """Push-to-talk: the user talks now, or has ended."""

    on: bool


class RecordingChanged(ChangeBase, frozen=True):
    """Streams are recorded into these files, or no longer; `cause` says why it ended by itself."""

    on: bool
    at_ms: int
    files: tuple[str, ...] = ()
    cause: str = ""


class LineEchoed(ChangeBase, frozen=True):
    """This line is what the other stream said, heard again; or, with `echo` false, it is not."""

    stream: str
    session: int
    item_id: str
    echo: bool = True
    by_user: bool = False
    """The user decided: it is not judged again."""
