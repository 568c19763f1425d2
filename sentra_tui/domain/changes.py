"""What happened: the only way in which `AppState` moves.

Past tense. Machines and drivers make changes; `reduce`, the journal and every front end read them. Between processes
they travel as JSON, one object a line, tagged by `type`. `at_ms` is milliseconds since the engine started.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from sentra_tui.domain.state import AnswerStatus, Lane, Quality, Severity
from sentra_tui.domain.tags import snake_case
from sentra_tui.domain.transcript import LineKey, LineKind

PROTOCOL_VERSION = 1


class _Change(Struct, frozen=True, tag=snake_case):
    """The base of all changes. A reader ignores fields that it does not know."""


class EngineStarted(_Change, frozen=True):
    """The engine runs; always its first line."""

    version: str
    started_at: float
    """Wall clock, seconds since 1970."""
    provider: str
    provider_note: str = ""
    protocol: int = PROTOCOL_VERSION


class EngineLost(_Change, frozen=True):
    """The engine is gone, or could not be started: said by whoever started it."""

    cause: str


class StreamAdded(_Change, frozen=True):
    """There is a stream of this name."""

    stream: str


class SourceOpened(_Change, frozen=True):
    """The stream's sound comes from here."""

    stream: str
    label: str


class SourceEnded(_Change, frozen=True):
    """The recording is over; the call goes on in silence."""

    stream: str


class SourceFailed(_Change, frozen=True):
    """The stream has no sound."""

    stream: str
    cause: str
    hint: str = ""


class StreamConnecting(_Change, frozen=True):
    """The provider is being dialled; `attempt` counts from 1 since the last live call."""

    stream: str
    at_ms: int
    attempt: int = 1


class StreamConnected(_Change, frozen=True):
    """The call stands: sound and messages flow."""

    stream: str
    at_ms: int
    transport: str
    dial_ms: float = 0.0


class StreamReconnecting(_Change, frozen=True):
    """The call, or the attempt at one, broke; the next dial is due at `retry_at_ms`."""

    stream: str
    at_ms: int
    attempt: int
    retry_at_ms: int
    cause: str
    hint: str = ""


class StreamFailed(_Change, frozen=True):
    """The call was refused, or no attempt is left; only the user dials again."""

    stream: str
    at_ms: int
    cause: str
    hint: str = ""


class StreamClosed(_Change, frozen=True):
    """The user hung up."""

    stream: str
    at_ms: int


class ContactHeard(_Change, frozen=True):
    """The peer of this call was heard."""

    stream: str
    at_ms: int


class QualityMeasured(_Change, frozen=True):
    """How well the call travels."""

    stream: str
    at_ms: int
    quality: Quality


class LevelMeasured(_Change, frozen=True):
    """How loud the source is: root mean square and peak of the time since the last measurement, in dBFS."""

    stream: str
    at_ms: int
    rms_dbfs: float
    peak_dbfs: float


class MuteChanged(_Change, frozen=True):
    """The stream is muted, or no longer."""

    stream: str
    muted: bool


class VoiceChanged(_Change, frozen=True):
    """Answers are spoken, or only written."""

    on: bool


class LineOpened(_Change, frozen=True):
    """Somebody speaks: words for this line may follow.

    It is the last line, unless `after` names the one that it comes behind, or `before` the one that it comes in front
    of.
    """

    stream: str
    key: LineKey
    at_ms: int
    after: LineKey | None = None
    kind: LineKind = "speech"
    before: LineKey | None = None


class TranscriptExtended(_Change, frozen=True):
    """More interim words of a line."""

    stream: str
    key: LineKey
    at_ms: int
    delta: str


class TranscriptRevised(_Change, frozen=True):
    """The interim words of a line are now these."""

    stream: str
    key: LineKey
    at_ms: int
    text: str


class TranscriptCommitted(_Change, frozen=True):
    """The final words of a line. `start_ms` and `end_ms` are milliseconds since the engine started."""

    stream: str
    key: LineKey
    text: str
    start_ms: int
    end_ms: int
    kind: LineKind = "speech"


class TranscriptFailed(_Change, frozen=True):
    """A line stays without words."""

    stream: str
    key: LineKey
    at_ms: int
    cause: str


class AnswerStarted(_Change, frozen=True):
    """An assistant began to answer."""

    answer_id: str
    lane: Lane
    at_ms: int


class AnswerExtended(_Change, frozen=True):
    """More words of an answer."""

    answer_id: str
    lane: Lane
    at_ms: int
    delta: str


class AnswerEnded(_Change, frozen=True):
    """An answer is over. `text`, where given, replaces the words that came so far."""

    answer_id: str
    lane: Lane
    at_ms: int
    status: AnswerStatus
    text: str | None = None
    cause: str = ""


class Noticed(_Change, frozen=True):
    """Something the user should know: what happened, and what helps."""

    severity: Severity
    text: str
    hint: str = ""


Change: TypeAlias = (
    EngineStarted
    | EngineLost
    | StreamAdded
    | SourceOpened
    | SourceEnded
    | SourceFailed
    | StreamConnecting
    | StreamConnected
    | StreamReconnecting
    | StreamFailed
    | StreamClosed
    | ContactHeard
    | QualityMeasured
    | LevelMeasured
    | MuteChanged
    | VoiceChanged
    | LineOpened
    | TranscriptExtended
    | TranscriptRevised
    | TranscriptCommitted
    | TranscriptFailed
    | AnswerStarted
    | AnswerExtended
    | AnswerEnded
    | Noticed
)
