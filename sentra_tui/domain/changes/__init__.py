"""What happened: the only way in which `AppState` moves.

Past tense. Machines and drivers make changes; `reduce`, the journal and every front end read them. Between processes
they travel as JSON, one object a line, tagged by `type`. `at_ms` is milliseconds since the engine started, or, in a
talk that was reopened, since the talk began.
"""

from __future__ import annotations

from typing import TypeAlias

from sentra_tui.domain.changes.answers import (
    AnswerCut,
    AnswerEnded,
    AnswerExpired,
    AnswerExtended,
    AnswerStarted,
    DraftJudged,
    QuestionDropped,
    QuestionQueued,
    QuestionRaised,
)
from sentra_tui.domain.changes.cost import (
    Billed,
)
from sentra_tui.domain.changes.engine import (
    PROTOCOL_VERSION,
    EngineLost,
    EngineStarted,
    EventLogged,
    Noticed,
    TalkOpened,
)
from sentra_tui.domain.changes.metrics import (
    MetricMeasured,
    WireLogged,
)
from sentra_tui.domain.changes.network import (
    NetworkChanged,
    RecoveryProgressed,
    SessionLimited,
    StreamSuspected,
)
from sentra_tui.domain.changes.sound import (
    DevicesListed,
    DevicesMeasured,
    DevicesWatched,
    EchoChanged,
    HeadphonesChanged,
    LineEchoed,
    OffRecordChanged,
    OutputChosen,
    OutputOpened,
    RecordingChanged,
    SourceChosen,
    SourceTroubled,
    TalkingChanged,
)
from sentra_tui.domain.changes.streams import (
    AnswerVoiceChanged,
    CommandsChanged,
    ContactHeard,
    EconomyChanged,
    LanguageChanged,
    LevelMeasured,
    Measurement,
    MuteChanged,
    QualityMeasured,
    SourceEnded,
    SourceFailed,
    SourceOpened,
    SpeedChanged,
    StreamAdded,
    StreamClosed,
    StreamConnected,
    StreamConnecting,
    StreamFailed,
    StreamReconnecting,
    VoiceChanged,
)
from sentra_tui.domain.changes.transcripts import (
    LineNoted,
    LineOpened,
    TranscriptCommitted,
    TranscriptExtended,
    TranscriptFailed,
    TranscriptRevised,
)

__all__ = [
    "PROTOCOL_VERSION",
    "AnswerCut",
    "AnswerEnded",
    "AnswerExpired",
    "AnswerExtended",
    "AnswerStarted",
    "AnswerVoiceChanged",
    "Billed",
    "Change",
    "CommandsChanged",
    "ContactHeard",
    "DevicesListed",
    "DevicesMeasured",
    "DevicesWatched",
    "DraftJudged",
    "EchoChanged",
    "EconomyChanged",
    "EngineLost",
    "EngineStarted",
    "EventLogged",
    "HeadphonesChanged",
    "LanguageChanged",
    "LevelMeasured",
    "LineEchoed",
    "LineNoted",
    "LineOpened",
    "Measurement",
    "MetricMeasured",
    "MuteChanged",
    "NetworkChanged",
    "Noticed",
    "OffRecordChanged",
    "OutputChosen",
    "OutputOpened",
    "QualityMeasured",
    "QuestionDropped",
    "QuestionQueued",
    "QuestionRaised",
    "RecordingChanged",
    "RecoveryProgressed",
    "SessionLimited",
    "SourceChosen",
    "SourceEnded",
    "SourceFailed",
    "SourceOpened",
    "SourceTroubled",
    "SpeedChanged",
    "StreamAdded",
    "StreamClosed",
    "StreamConnected",
    "StreamConnecting",
    "StreamFailed",
    "StreamReconnecting",
    "StreamSuspected",
    "TalkOpened",
    "TalkingChanged",
    "TranscriptCommitted",
    "TranscriptExtended",
    "TranscriptFailed",
    "TranscriptRevised",
    "VoiceChanged",
    "WireLogged",
]

Change: TypeAlias = (
    EngineStarted
    | EngineLost
    | EventLogged
    | TalkOpened
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
    | LanguageChanged
    | AnswerVoiceChanged
    | SpeedChanged
    | EconomyChanged
    | CommandsChanged
    | DevicesListed
    | DevicesMeasured
    | DevicesWatched
    | EchoChanged
    | HeadphonesChanged
    | LineEchoed
    | OffRecordChanged
    | OutputChosen
    | OutputOpened
    | RecordingChanged
    | SourceChosen
    | SourceTroubled
    | TalkingChanged
    | LineOpened
    | TranscriptExtended
    | TranscriptRevised
    | TranscriptCommitted
    | TranscriptFailed
    | LineNoted
    | AnswerStarted
    | AnswerExtended
    | AnswerEnded
    | AnswerCut
    | AnswerExpired
    | QuestionRaised
    | QuestionQueued
    | QuestionDropped
    | DraftJudged
    | Billed
    | NetworkChanged
    | StreamSuspected
    | SessionLimited
    | RecoveryProgressed
    | MetricMeasured
    | WireLogged
    | Noticed
)
