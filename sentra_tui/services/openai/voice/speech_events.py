"""What is said on a socket to have a text said aloud, and what is heard of it.

Source: https://platform.openai.com/docs/api-reference/realtime-client-events/response/create, `conversation: "none"`.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from sentra_tui.domain.config import READ_ALOUD
from sentra_tui.domain.errors import TransportError, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.services.openai.voice.session_errors import SessionError, failure_of
from sentra_tui.services.openai.voice.voice_status import says

MARK = "sentra_speech"
"""The metadata by which a response is known again."""
AUDIO_DELTAS = ("response.output_audio.delta", "response.audio.delta")
_BENIGN = ("response_cancel_not_active",)
_ObjectT = TypeVar("_ObjectT", bound=Struct)


class _Details(Struct, frozen=True):
    error: Any = None
    reason: str | None = None


class _Response(Struct, frozen=True):
    id: str | None = None
    status: str | None = None
    status_details: Any = None
    metadata: Any = None


class ServerEvent(Struct, frozen=True):
    """One event; which fields have a meaning depends on its type."""

    type: str = ""
    delta: Any = None
    response_id: str | None = None
    response: Any = None
    error: Any = None

    @property
    def name(self) -> str:
        """The id of the response that it is about; empty where it does not say."""
        return self.response_id or self._response.id or ""

    @property
    def mark(self) -> str:
        """What we wrote on the response; empty where the server does not give it back."""
        metadata = self._response.metadata
        return str(metadata.get(MARK, "")) if isinstance(metadata, dict) else ""

    @property
    def sound(self) -> bytes:
        """The sound that an audio delta brings; nothing where it cannot be read."""
        try:
            return base64.b64decode(self.delta, validate=True)
        except (TypeError, ValueError, binascii.Error):
            return b""

    @property
    def has_failed(self) -> bool:
        """Whether a response is over because it failed."""
        return self._response.status == "failed"

    @property
    def is_harmless(self) -> bool:
        """Whether the error is one that changes nothing."""
        return (_read(self.error, SessionError).code or "") in _BENIGN

    def failure(self, label: str) -> TransportError:
        """Return what an error, or the end of a response that failed, means; `label` is what to call the server."""
        error = _read(self.error or _read(self._response.status_details, _Details).error, SessionError)
        failure = failure_of(error, f"{label} does not speak")
        if type(failure) is TransportRefused and failure.reason is Reason.OTHER and _is_voice(error):
            failure.param = "voice"
        return failure

    @property
    def _response(self) -> _Response:
        return _read(self.response, _Response)


def read_event(message: str) -> ServerEvent:
    """Return what a message says; one without a type where that cannot be read."""
    try:
        return msgspec.json.decode(message, type=ServerEvent)
    except (msgspec.MsgspecError, RecursionError):
        return ServerEvent()


def session_update(voice: str, speed: float, rate_hz: int) -> str:
    """Return the event that makes a session one that only reads aloud."""
    output = {**_output(voice, rate_hz), "speed": speed}
    session = {
        "type": "realtime",
        "instructions": READ_ALOUD,
        "output_modalities": ["audio"],
        "audio": {"input": {"turn_detection": None}, "output": output},
    }
    return json.dumps({"type": "session.update", "session": session})


def response_create(text: str, voice: str, rate_hz: int, mark: str) -> str:
    """Return the event that has `text` said aloud, outside of any conversation."""
    message = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    response = {
        "conversation": "none",
        "metadata": {MARK: mark},
        "instructions": READ_ALOUD,
        "output_modalities": ["audio"],
        "audio": {"output": _output(voice, rate_hz)},
        "input": [message],
    }
    return json.dumps({"type": "response.create", "response": response})


def response_cancel(response_id: str) -> str:
    """Return the event that ends a response."""
    return json.dumps({"type": "response.cancel", "response_id": response_id})


def _output(voice: str, rate_hz: int) -> dict[str, Any]:
    form = {"format": {"type": "audio/pcm", "rate": rate_hz}}
    return {**form, "voice": voice} if voice else form


def _is_voice(error: SessionError) -> bool:
    param = (error.param or "").rpartition(".")[2]
    return param == "voice" or (not param and says(error.message or "", "voice"))


def _read(value: Any, kind: type[_ObjectT]) -> _ObjectT:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return kind()
