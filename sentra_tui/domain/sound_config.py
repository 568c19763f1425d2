"""The configuration of sound."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from sentra_tui.domain.config_section import Section


class SoundConfig(Section, frozen=True, kw_only=True):
    """Sound, `[sound]`."""

    output: str = ""
    """Where answers are played, as `sentra-tui devices` names it; empty is the system's default."""
    headphones: bool = False
    """Nothing of what is played is heard in the room: no echo is looked for."""
    echo: Literal["auto", "cancel", "guard", "off"] = "auto"
    """`cancel` takes echo out of the microphone, `guard` holds the microphone while an answer sounds; `auto` cancels
    where it can, and holds where it cannot or where that is weak.
    """
    noise_suppression: bool = True
    gain_control: bool = False
    """Even out how loud the microphone is: it makes echo harder to take out."""
    guard_tail_ms: Annotated[int, Meta(ge=0, le=5000)] = 800
    """How long after an answer the microphone is still held."""
    barge_in: Literal["voice", "server", "key"] = "voice"
    """Who stops an answer when the user speaks: we ourselves, once it is surely speech; the provider, at any sound; or
    only a key.
    """
    speech_detector: Literal["webrtc", "silero"] = "webrtc"
    utterance_s: Annotated[float, Meta(ge=1, le=120)] = 15.0
    """The longest utterance of a stream whose provider does not find turns by itself."""


class RecordingConfig(Section, frozen=True, kw_only=True):
    """Recordings, `[recording]`: made only on a key."""

    format: Literal["wav", "opus"] = "wav"
    directory: str = ""
    """Where recordings go; empty is the program's data directory."""
