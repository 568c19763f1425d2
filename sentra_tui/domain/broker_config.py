"""What the token service of a team is set to: `[broker]`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from sentra_tui.domain.config_section import Section

PerMinute = Annotated[float, Meta(gt=0, le=1_000_000)]
Burst = Annotated[int, Meta(ge=1, le=1_000_000)]


class BrokerConfig(Section, frozen=True, kw_only=True):
    """The token service, `[broker]`: who may ask how often, and what every session is made of."""

    provider: str = "openai"
    """The profile whose key it has."""
    names: list[str] = field(default_factory=list)
    """The names by which members reach it, like `broker.example.org`; with a port where that is not its own."""
    models: list[str] = field(default_factory=list)
    """The realtime models that may be asked for, the default first; empty takes those of the profile."""
    transcription_models: list[str] = field(default_factory=list)
    """The same for sessions that only transcribe."""
    voices: list[str] = field(default_factory=list)
    """The voices that may be asked for, the default first; empty takes those of the profile."""
    instructions: str = ""
    """What the assistant is told; empty takes what `[aux]` says."""
    silence_ms: Annotated[int, Meta(ge=200, le=6000)] = 1200
    """How long a pause ends a turn."""
    max_output_tokens: Annotated[int, Meta(ge=1, le=4096)] = 300
    ttl_s: Annotated[int, Meta(ge=10, le=60)] = 60
    """How long a secret opens calls: one that leaked does so, too."""
    member_per_minute: PerMinute = 10
    member_burst: Burst = 5
    """How many sessions a member may ask for at once, before the rate counts."""
    all_per_minute: PerMinute = 1200
    all_burst: Burst = 400
    """The same for all members together."""
    concurrency: Annotated[int, Meta(ge=1, le=4096)] = 256
    """How many requests are worked on at the same time; more are told to come back."""
