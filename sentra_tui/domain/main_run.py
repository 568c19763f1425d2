"""What the main assistant is asked, and what it tells while it works: the nouns of the `MainAssistant` port."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from sentra_tui.domain.tags import snake_case
from sentra_tui.domain.usage import Usage


class RunRef(Struct, frozen=True):
    """Names a run at a provider, so that another process finds it again."""

    implementation: str
    """`responses_background`, `responses`, `assistants` or `chat`."""
    run_id: str
    conversation_id: str = ""
    """The conversation or thread that it belongs to; for chained responses the one before it."""
    sequence_number: int | None = None
    """The last event that was read of its stream, where it can be resumed behind that."""


class MainRequest(Struct, frozen=True, kw_only=True):
    """One question to the main assistant.

    A server that holds the conversation is sent `news`, what it does not know yet; a conversation that is new there is
    begun with `full`. Both end with the question.
    """

    question_id: str
    instructions: str
    news: str
    full: str
    model: str
    max_output_tokens: int


class RunStatus(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    """It stopped short: at a limit, a filter, or because the server let it expire."""
    CANCELLED = "cancelled"
    FAILED = "failed"


class _RunEvent(Struct, frozen=True, tag=snake_case):
    """The base of what a run tells."""


class RunNamed(_RunEvent, frozen=True):
    """The run exists at the provider under this name; told before any of its words, and again when the name moves on.

    A stream that can be resumed tells its newest sequence number this way, at most once a second.
    """

    ref: RunRef


class RunProgressed(_RunEvent, frozen=True):
    """The run is at this stage, in the provider's words: `queued`, `in_progress`, …"""

    stage: str


class RunExtended(_RunEvent, frozen=True):
    """More words."""

    delta: str


class RunEnded(_RunEvent, frozen=True):
    """The run is over; always the last event. `text` is all of its words."""

    status: RunStatus
    text: str
    usage: Usage | None = None
    model: str = ""
    """The model that answered, as the provider calls it."""
    cause: str = ""
    hint: str = ""


RunEvent: TypeAlias = RunNamed | RunProgressed | RunExtended | RunEnded
