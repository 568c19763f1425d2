"""The session object: what a client may set, how updates merge, and how the server shows it.

The GA nesting of the Realtime API (`audio.input.turn_detection`, …). Unknown keys are kept and shown, as a server
newer than its client would. https://platform.openai.com/docs/api-reference/realtime-sessions
"""

from __future__ import annotations

import copy
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from sentra_tui.domain.config import LOCAL_MODEL
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.faults import SessionType
from sentra_tui.provider.voice import VOICES

WITHOUT_TURN_DETECTION = ("gpt-live-transcribe", "gpt-realtime-whisper")
"""Transcription models whose turns only the client ends."""

_OPEN_OBJECTS = ("turn_detection", "transcription", "noise_reduction", "reasoning", "tool_choice", "format", "tools")
_FIXED = ("id", "object", "expires_at", "client_secret")


class TurnDetection(Struct, frozen=True, kw_only=True):
    """`audio.input.turn_detection`; semantic detection is done as server detection with a longer silence."""

    type: Literal["server_vad", "semantic_vad"] = "server_vad"
    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.5
    prefix_padding_ms: Annotated[int, Meta(ge=0, le=5000)] = 300
    silence_duration_ms: Annotated[int, Meta(ge=100, le=10_000)] = 500
    create_response: bool = True
    interrupt_response: bool = True


class Transcription(Struct, frozen=True, kw_only=True):
    """`audio.input.transcription`."""

    model: str = ""
    language: str = ""


class AudioFormat(Struct, frozen=True, kw_only=True):
    """`audio.input.format` and `audio.output.format`; servers that run at another rate than OpenAI's exist."""

    type: Literal["audio/pcm", "audio/pcmu", "audio/pcma"] = "audio/pcm"
    rate: Annotated[int, Meta(ge=8000, le=48_000)] = 24_000


class _AudioInput(Struct, frozen=True, kw_only=True):
    format: AudioFormat = AudioFormat()
    transcription: Transcription | None = None
    turn_detection: TurnDetection | UnsetType | None = UNSET


class _CustomVoice(Struct, frozen=True):
    """A voice of the customer's own, by its id; here they all sound alike."""

    id: Annotated[str, Meta(pattern=r"^voice_\w+\Z")]


class _AudioOutput(Struct, frozen=True, kw_only=True):
    format: AudioFormat = AudioFormat()
    voice: str | _CustomVoice = "marin"
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] = 1.0


class _Audio(Struct, frozen=True, kw_only=True):
    input: _AudioInput = _AudioInput()
    output: _AudioOutput = _AudioOutput()


class _Session(Struct, frozen=True, kw_only=True):
    type: SessionType
    model: str = LOCAL_MODEL
    instructions: str = ""
    output_modalities: Annotated[list[Literal["text", "audio"]], Meta(min_length=1, max_length=1)] = field(
        default_factory=lambda: ["audio"]
    )
    max_output_tokens: Annotated[int, Meta(ge=1, le=4096)] | Literal["inf"] = "inf"
    audio: _Audio = _Audio()


class SessionSettings:
    """A session's settings: merged as the client sends them, read as typed values."""

    def __init__(self, config: dict[str, Any], *, undecided: bool = False) -> None:
        """Take a session config; raises ApiError where it does not fit.

        It is `undecided` where the client could not yet say of which type the session is to be: an update may then.
        """
        self._undecided = undecided
        self._config = {key: value for key, value in config.items() if key not in _FIXED}
        self._typed = _check(self._config)

    @property
    def type(self) -> SessionType:
        """Which kind of session it is."""
        return self._typed.type

    @property
    def model(self) -> str:
        """The model asked for."""
        return self._typed.model

    @property
    def instructions(self) -> str:
        """What the model is told to do."""
        return self._typed.instructions

    @property
    def transcription(self) -> Transcription | None:
        """How what is heard is written down; None does not send it to the client."""
        return self._typed.audio.input.transcription

    @property
    def turn_detection(self) -> TurnDetection | None:
        """How turns end; None leaves it to the client."""
        detection = self._typed.audio.input.turn_detection
        if detection is not UNSET:
            return detection
        return None if _takes_no_turns(self._typed) else TurnDetection()

    @property
    def output_modality(self) -> Literal["text", "audio"]:
        """What answers are made of."""
        return self._typed.output_modalities[0]

    @property
    def max_output_tokens(self) -> int | Literal["inf"]:
        """The longest answer."""
        return self._typed.max_output_tokens

    @property
    def voice(self) -> str:
        """The name of the voice of spoken answers."""
        voice = self._typed.audio.output.voice
        return voice if isinstance(voice, str) else voice.id

    @property
    def speed(self) -> float:
        """How fast spoken answers are, 1.0 being normal."""
        return self._typed.audio.output.speed

    @property
    def input_format(self) -> AudioFormat:
        """How sound comes in messages."""
        return self._typed.audio.input.format

    @property
    def output_rate_hz(self) -> int:
        """The sample rate of spoken answers in messages."""
        return self._typed.audio.output.format.rate

    def updated(self, update: dict[str, Any]) -> SessionSettings:
        """Return these settings with an update merged in: what is absent stays, null clears.

        Raises ApiError, and nothing is changed then.
        """
        if self._undecided and update.get("type") in get_args(SessionType) and update["type"] != self.type:
            return SessionSettings(update)
        if update.get("type", self.type) != self.type:
            raise ApiError(400, "The type of a session cannot be changed.", code="invalid_value", param="session.type")
        if update.get("model", self.model) != self.model:
            raise ApiError(
                400, "The model of a session cannot be changed.", code="invalid_value", param="session.model"
            )
        return SessionSettings(_merge(self._config, update), undecided=self._undecided)

    def describe(self, session_id: str, expires_at: int) -> dict[str, Any]:
        """Return the session object as the server shows it, defaults filled in."""
        shown = copy.deepcopy(self._config)
        audio_input = shown.setdefault("audio", {}).setdefault("input", {})
        audio_input["format"] = _shown_format(self.input_format)
        audio_input.setdefault("transcription", None)
        audio_input.setdefault("noise_reduction", None)
        detection = self.turn_detection
        audio_input["turn_detection"] = None if detection is None else msgspec.to_builtins(detection)
        if detection is not None and detection.type == "semantic_vad":
            audio_input["turn_detection"] = {
                key: audio_input["turn_detection"][key] for key in ("type", "create_response", "interrupt_response")
            }
        if self.type == "realtime":
            shown["model"] = self.model
            shown.setdefault("instructions", "")
            shown["output_modalities"] = [self.output_modality]
            shown["max_output_tokens"] = self.max_output_tokens
            output = shown["audio"].setdefault("output", {})
            output["format"] = _shown_format(self._typed.audio.output.format)
            output.setdefault("voice", self.voice)
            output.setdefault("speed", self.speed)
        kind = "realtime.session" if self.type == "realtime" else "realtime.transcription_session"
        return {**shown, "id": session_id, "object": kind, "expires_at": expires_at}


def _shown_format(sound: AudioFormat) -> dict[str, Any]:
    return {"type": sound.type, "rate": sound.rate} if sound.type == "audio/pcm" else {"type": sound.type}


def _check(config: dict[str, Any]) -> _Session:
    try:
        typed = msgspec.convert(config, _Session)
    except msgspec.ValidationError as error:
        raise ApiError(400, f"The session does not fit: {error}.", code="invalid_value", param="session") from error
    voice = typed.audio.output.voice
    if isinstance(voice, str) and voice not in VOICES:
        known = ", ".join(f"'{name}'" for name in VOICES)
        raise ApiError(
            400,
            f"Invalid value: '{voice}'. Supported values are: {known}.",
            code="invalid_value",
            param="session.audio.output.voice",
        )
    detection = typed.audio.input.turn_detection
    if _takes_no_turns(typed) and detection is not UNSET and detection is not None:
        raise ApiError(
            400,
            "Turn detection is not supported for this transcription model.",
            code="invalid_value",
            param="session.audio.input.turn_detection",
        )
    return typed


def _takes_no_turns(session: _Session) -> bool:
    transcription = session.audio.input.transcription
    return (
        session.type == "transcription" and transcription is not None and transcription.model in WITHOUT_TURN_DETECTION
    )


def _merge(config: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """Return `config` with `update` in it: groups merge, values and the open objects are replaced."""
    merged = dict(config)
    for key, value in update.items():
        known = merged.get(key)
        if isinstance(value, dict) and isinstance(known, dict) and key not in _OPEN_OBJECTS:
            merged[key] = _merge(known, value)
        else:
            merged[key] = value
    return merged
