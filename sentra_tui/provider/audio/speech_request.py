"""What a client may send to `POST /v1/audio/speech`; what is not named here is taken and does nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.voice import VOICES

SoundFormat = Literal["pcm", "wav"]


class _CustomVoice(Struct, frozen=True):
    id: str


class SpeechRequest(Struct, frozen=True, kw_only=True):
    """One request."""

    model: Annotated[str, Meta(min_length=1)]
    input: Annotated[str, Meta(min_length=1, max_length=4096)]
    voice: str | _CustomVoice
    response_format: str = "mp3"
    """The API's own default, which this server does not make."""
    speed: Annotated[float, Meta(ge=0.25, le=4)] = 1.0
    stream_format: str = "audio"

    @property
    def sound_format(self) -> SoundFormat:
        """The form of the sound; raises ApiError (400) for one that is not made here."""
        if self.stream_format != "audio":
            raise ApiError(400, "The stream format must be audio.", code="invalid_value", param="stream_format")
        match self.response_format:
            case "pcm" | "wav" as known:
                return known
            case _:
                raise ApiError(400, "The format must be pcm or wav.", code="invalid_value", param="response_format")

    @property
    def voice_name(self) -> str:
        """The voice, as `sentra_tui.provider.voice` takes it; raises ApiError (400) for one that there is not."""
        if isinstance(self.voice, _CustomVoice):
            return self.voice.id
        if self.voice not in VOICES:
            known = ", ".join(VOICES)
            raise ApiError(400, f"The voice must be one of {known}.", code="invalid_value", param="voice")
        return self.voice
