"""What somebody asks for: a key, a palette entry, a line on standard input.

Imperatives. The screen, or whoever drives the engine, sends them one JSON object a line, tagged by `type`.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from sentra_tui.domain.question import Scope
from sentra_tui.domain.tags import snake_case

StreamName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}\Z")]
TypedText = Annotated[str, Meta(min_length=1, max_length=32_000)]
LanguageCode = Annotated[str, Meta(pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})?)?\Z")]
VoiceName = Annotated[str, Meta(min_length=1, max_length=128)]
SourceName = Annotated[str, Meta(min_length=1, max_length=1024)]
OutputName = Annotated[str, Meta(max_length=1024)]
Speed = Annotated[float, Meta(ge=0.25, le=1.5)]


class _Action(Struct, frozen=True, tag=snake_case, forbid_unknown_fields=True):
    """The base of all actions."""


class ConnectStream(_Action, frozen=True):
    """Call the provider for this stream, and keep the call."""

    stream: StreamName


class HangUp(_Action, frozen=True):
    """End this stream's call."""

    stream: StreamName


class RetryNow(_Action, frozen=True):
    """Dial at once every stream that waits for its next attempt or has failed."""


class SetMute(_Action, frozen=True):
    """Send silence instead of this stream's sound, or stop doing so."""

    stream: StreamName
    muted: bool


class SetVoice(_Action, frozen=True):
    """Have answers spoken, or only written."""

    on: bool


class SayText(_Action, frozen=True):
    """Say this to the assistant in writing, on the microphone's session."""

    text: TypedText


class CancelAnswer(_Action, frozen=True):
    """Stop the answer that is being written or spoken."""


class Ask(_Action, frozen=True):
    """Have the main assistant answer, at once; no question asks what should be said now."""

    question: Annotated[str, Meta(max_length=32_000)] = ""
    scope: Scope = "2m"


class AskAgain(_Action, frozen=True):
    """Have the main assistant answer this question once more: by default the newest that has no answer of its."""

    question_id: str = ""


class AnswerNow(_Action, frozen=True):
    """Do not wait for a pause: answer what was said until now, in both lanes."""


class RepeatAnswer(_Action, frozen=True):
    """Say the last answer once more."""


class NoteLine(_Action, frozen=True):
    """Mark a line, to find it again: by default the newest that has words."""

    stream: str = ""
    session: int = 0
    item_id: str = ""


class SetLanguage(_Action, frozen=True):
    """Expect this language in a stream, as ISO 639-1; empty lets the provider find out."""

    stream: StreamName
    language: LanguageCode


class SetAnswerVoice(_Action, frozen=True):
    """Speak answers with this voice: any name that the provider knows."""

    voice: VoiceName


class SetSpeed(_Action, frozen=True):
    """Speak answers this fast; 1 is the voice's own pace."""

    speed: Speed


class StepSpeed(_Action, frozen=True):
    """Speak answers a step faster (1) or slower (-1)."""

    step: Annotated[int, Meta(ge=-5, le=5)]


class SetCommands(_Action, frozen=True):
    """Obey voice commands in the user's own speech, or do not."""

    on: bool


class WatchDevices(_Action, frozen=True):
    """List the devices and listen to all of them, or stop that."""

    on: bool


class ChooseSource(_Action, frozen=True):
    """Take this stream's sound from here from now on, and remember that: as in `StreamConfig.source`."""

    stream: StreamName
    source: SourceName


class ChooseOutput(_Action, frozen=True):
    """Play answers here from now on, and remember that: a device's `source`, or empty for the system's default."""

    output: OutputName


class SetHeadphones(_Action, frozen=True):
    """The user wears headphones: nothing has to be done about echo. Or no longer."""

    on: bool


class SetOffRecord(_Action, frozen=True):
    """Send and keep no sound of any stream, or do again."""

    on: bool


class PushToTalk(_Action, frozen=True):
    """The user talks from now on, with the microphone open and the assistant silent; or has ended, and is muted."""

    on: bool


class SetRecording(_Action, frozen=True):
    """Record every stream into a file of its own, or stop."""

    on: bool


class MarkEcho(_Action, frozen=True):
    """Say that this line is an echo of the other stream, or that it is not."""

    stream: StreamName
    session: int
    item_id: str
    echo: bool


class WatchWire(_Action, frozen=True):
    """Tell of every event on the provider's wire, the newest at once, or stop that."""

    on: bool


class Quit(_Action, frozen=True):
    """Hang up everything and end the engine."""


Action: TypeAlias = (
    ConnectStream
    | HangUp
    | RetryNow
    | SetMute
    | SetVoice
    | SayText
    | CancelAnswer
    | Ask
    | AskAgain
    | AnswerNow
    | RepeatAnswer
    | NoteLine
    | SetLanguage
    | SetAnswerVoice
    | SetSpeed
    | StepSpeed
    | SetCommands
    | WatchDevices
    | ChooseSource
    | ChooseOutput
    | SetHeadphones
    | SetOffRecord
    | PushToTalk
    | SetRecording
    | MarkEcho
    | WatchWire
    | Quit
)
