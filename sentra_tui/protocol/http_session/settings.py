"""The session object, as far as HTTP mode can do what it says: GA nesting, updates merged into what holds.

https://platform.openai.com/docs/api-reference/realtime-sessions
"""

from __future__ import annotations

import copy
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from sentra_tui.protocol.http_session.refused import Refused

SPOKEN_TOKENS = 150
"""The longest spoken answer where the session sets no limit: about a minute."""
WRITTEN_TOKENS = 1_000
"""The same of a written one."""

_WHOLE = ("turn_detection", "transcription")
_FIXED = ("type", "model")


class TurnDetection(Struct, frozen=True, kw_only=True):
    """`audio.input.turn_detection`; semantic detection is done by the length of the silence, too."""

    type: Literal["server_vad", "semantic_vad"] = "server_vad"
    prefix_padding_ms: Annotated[int, Meta(ge=0, le=5000)] = 300
    silence_duration_ms: Annotated[int, Meta(ge=100, le=10_000)] = 500
    create_response: bool = True
    interrupt_response: bool = True


class _Transcription(Struct, frozen=True, kw_only=True):
    language: str = ""


class _Input(Struct, frozen=True, kw_only=True):
    transcription: _Transcription | None = None
    turn_detection: TurnDetection | None = TurnDetection()


class _Output(Struct, frozen=True, kw_only=True):
    voice: str = ""
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] = 1.0


class _Audio(Struct, frozen=True, kw_only=True):
    input: _Input = _Input()
    output: _Output = _Output()


class _Session(Struct, frozen=True, kw_only=True):
    type: Literal["realtime", "transcription"] = "realtime"
    instructions: str = ""
    output_modalities: Annotated[list[Literal["text", "audio"]], Meta(min_length=1, max_length=1)] = field(
        default_factory=lambda: ["audio"]
    )
    max_output_tokens: Annotated[int, Meta(ge=1)] | Literal["inf"] = "inf"
    audio: _Audio = _Audio()


class SessionSettings:
    """The settings of one session."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Take a session config; raises Refused where it does not fit."""
        self._config = config
        try:
            self._typed = msgspec.convert(config, _Session)
        except msgspec.ValidationError as error:
            raise Refused(f"The session does not fit: {error}.", param="session") from error

    @property
    def answers(self) -> bool:
        """Whether there is a conversation in it; else turns are only written down."""
        return self._typed.type == "realtime"

    @property
    def instructions(self) -> str:
        """What the model is told to do."""
        return self._typed.instructions

    @property
    def spoken(self) -> bool:
        """Whether answers are to be spoken."""
        return self.answers and self._typed.output_modalities == ["audio"]

    @property
    def detection(self) -> TurnDetection | None:
        """How turns end; None leaves it to the client."""
        return self._typed.audio.input.turn_detection

    @property
    def language(self) -> str:
        """The language that is expected; empty is not known."""
        transcription = self._typed.audio.input.transcription
        return transcription.language if transcription is not None else ""

    @property
    def voice(self) -> str:
        """The voice of spoken answers."""
        return self._typed.audio.output.voice

    @property
    def speed(self) -> float:
        """How fast they are, 1.0 being normal."""
        return self._typed.audio.output.speed

    def max_tokens(self, *, spoken: bool) -> int:
        """Return the length limit of an answer."""
        limit = self._typed.max_output_tokens
        if isinstance(limit, int):
            return limit
        return SPOKEN_TOKENS if spoken else WRITTEN_TOKENS

    def updated(self, update: dict[str, Any]) -> SessionSettings:
        """Return these settings with an update merged in: what is absent stays. Raises Refused."""
        for name in _FIXED:
            if name in self._config and update.get(name, self._config[name]) != self._config[name]:
                raise Refused(f"The {name} of a session cannot be changed.", param=f"session.{name}")
        return SessionSettings(_merged(self._config, update))

    def describe(self, session_id: str) -> dict[str, Any]:
        """Return the session object as the server shows it."""
        return {**copy.deepcopy(self._config), "id": session_id, "object": "realtime.session"}


def _merged(config: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """Return `config` with `update` in it: groups merge, values and whole objects are replaced."""
    merged = dict(config)
    for name, value in update.items():
        known = merged.get(name)
        nested = isinstance(value, dict) and isinstance(known, dict) and name not in _WHOLE
        merged[name] = _merged(known, value) if nested else value  # type: ignore[arg-type]
    return merged
