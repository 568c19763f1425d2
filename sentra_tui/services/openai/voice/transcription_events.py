"""What is said on a socket to have a recording written down, and what is heard of it.

Source: https://platform.openai.com/docs/guides/realtime-transcription. In the beta dialect the session is flat, and has
an event of its own; xAI reads turn detection at the top of a session.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from sentra_tui.domain.provider_config import DialectName
from sentra_tui.services.openai.voice.session_errors import SessionError

SessionKind = Literal["transcription", "realtime"]
"""A session that only transcribes, or a conversation in which nobody is asked to answer."""

CREATED = ("session.created", "transcription_session.created")
UPDATED = ("session.updated", "transcription_session.updated")
COMMIT = '{"type": "input_audio_buffer.commit"}'
COMMITTED = "input_audio_buffer.committed"
DELTA = "conversation.item.input_audio_transcription.delta"
COMPLETED = "conversation.item.input_audio_transcription.completed"
FAILED = "conversation.item.input_audio_transcription.failed"
NOTHING_TO_COMMIT = "input_audio_buffer_commit_empty"

_ObjectT = TypeVar("_ObjectT", bound=Struct)


class TranscriptEvent(Struct, frozen=True):
    """One event; which fields have a meaning depends on its type."""

    type: str = ""
    item_id: str = ""
    delta: Any = None
    transcript: Any = None
    usage: Any = None
    error: Any = None

    @property
    def words(self) -> str:
        """The words that it brings."""
        words = self.delta if self.type == DELTA else self.transcript
        return words if isinstance(words, str) else ""

    @property
    def details(self) -> SessionError:
        """What an error says; empty where that cannot be read."""
        if isinstance(self.error, str):
            return SessionError(message=self.error)
        return _read(self.error, SessionError)


def read_event(message: str) -> TranscriptEvent:
    """Return what a message says; one without a type where that cannot be read."""
    try:
        return msgspec.json.decode(message, type=TranscriptEvent)
    except (msgspec.MsgspecError, RecursionError):
        return TranscriptEvent()


def session_update(kind: SessionKind, dialect: DialectName, model: str, language: str, rate_hz: int) -> str:
    """Return the event that makes a session one that writes down what is committed, and nothing else."""
    transcription = {"model": model, "language": language} if language else {"model": model}
    if dialect == "beta":
        return _beta_update(kind, transcription)
    sound: dict[str, Any] = {
        "format": {"type": "audio/pcm", "rate": rate_hz},
        "transcription": transcription,
        "turn_detection": None,
    }
    session: dict[str, Any] = {"type": kind, "audio": {"input": sound}}
    if kind == "realtime":
        session["output_modalities"] = ["text"]
    if dialect == "xai":
        session["turn_detection"] = {"type": None}
        if language:
            transcription["language_hint"] = language
    return json.dumps({"type": "session.update", "session": session})


def append(pcm: bytes) -> str:
    """Return the event that gives a piece of sound."""
    return json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()})


def _beta_update(kind: SessionKind, transcription: dict[str, str]) -> str:
    session: dict[str, Any] = {
        "input_audio_format": "pcm16",
        "input_audio_transcription": transcription,
        "turn_detection": None,
    }
    if kind == "realtime":
        return json.dumps({"type": "session.update", "session": {**session, "modalities": ["text"]}})
    return json.dumps({"type": "transcription_session.update", "session": session})


def _read(value: Any, kind: type[_ObjectT]) -> _ObjectT:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return kind()
