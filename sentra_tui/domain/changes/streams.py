"""What happens to a stream: its source, its call, its settings."""

from __future__ import annotations

from typing import TypeAlias

from sentra_tui.domain.changes.base import ChangeBase
from sentra_tui.domain.changes.sound import DevicesMeasured
from sentra_tui.domain.state import Quality


class StreamAdded(ChangeBase, frozen=True):
    """There is a stream of this name."""

    stream: str


class SourceOpened(ChangeBase, frozen=True):
    """The stream's sound comes from here."""

    stream: str
    label: str


class SourceEnded(ChangeBase, frozen=True):
    """The recording is over; the call goes on in silence."""

    stream: str


class SourceFailed(ChangeBase, frozen=True):
    """The stream has no sound."""

    stream: str
    cause: str
    hint: str = ""


class StreamConnecting(ChangeBase, frozen=True):
    """The provider is being dialled; `attempt` counts from 1 since the last live call."""

    stream: str
    at_ms: int
    attempt: int = 1


class StreamConnected(ChangeBase, frozen=True):
    """The call stands: sound and messages flow."""

    stream: str
    at_ms: int
    transport: str
    dial_ms: float = 0.0
    detour: str = ""
    """Why it does not go by a better road, a few words; empty where it does."""


class StreamReconnecting(ChangeBase, frozen=True):
    """The call, or the attempt at one, broke; the next dial is due at `retry_at_ms`."""

    stream: str
    at_ms: int
    attempt: int
    retry_at_ms: int
    cause: str
    hint: str = ""


class StreamFailed(ChangeBase, frozen=True):
    """The call was refused, or no attempt is left; only the user dials again."""

    stream: str
    at_ms: int
    cause: str
    hint: str = ""


class StreamClosed(ChangeBase, frozen=True):
    """The user hung up."""

    stream: str
    at_ms: int


class ContactHeard(ChangeBase, frozen=True):
    """The peer of this call was heard."""

    stream: str
    at_ms: int


class QualityMeasured(ChangeBase, frozen=True):
    """How well the call travels."""

    stream: str
    at_ms: int
    quality: Quality


class LevelMeasured(ChangeBase, frozen=True):
    """How loud the source is: root mean square and peak of the time since the last measurement, in dBFS."""

    stream: str
    at_ms: int
    rms_dbfs: float
    peak_dbfs: float


Measurement: TypeAlias = LevelMeasured | QualityMeasured | ContactHeard | DevicesMeasured
"""What is measured again and again: only the newest of each kind counts, and it is in no hurry."""


class MuteChanged(ChangeBase, frozen=True):
    """The stream is muted, or no longer."""

    stream: str
    muted: bool


class VoiceChanged(ChangeBase, frozen=True):
    """Answers are spoken, or only written."""

    on: bool


class LanguageChanged(ChangeBase, frozen=True):
    """The language that is expected in a stream, as ISO 639-1; empty lets the provider find out."""

    stream: str
    language: str


class AnswerVoiceChanged(ChangeBase, frozen=True):
    """The voice in which answers are spoken."""

    voice: str


class SpeedChanged(ChangeBase, frozen=True):
    """How fast answers are spoken; 1 is the voice's own pace."""

    speed: float


class EconomyChanged(ChangeBase, frozen=True):
    """Money is saved, or no longer: answers are written, and smaller models give them."""

    on: bool


class CommandsChanged(ChangeBase, frozen=True):
    """Voice commands in the user's own speech are obeyed, or no longer."""

    on: bool
