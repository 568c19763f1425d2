"""What a plan of faults may order for the endpoints beside calls: Responses, Conversations, chat, Assistants, audio."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sentra_tui.provider.fault_rules import Milliseconds, ReplyFault, Seconds

TextApi = Literal["responses", "conversations", "chat", "assistants", "transcriptions", "speech"]
Lack = (
    TextApi
    | Literal[
        "background",
        "usage",
        "stream_options",
        "transcription_stream",
    ]
)
"""What a server may be without: a whole API, `background` of the Responses, or what chats and transcriptions gained
later."""


class RunFailure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run fails: after this many words of its answer."""

    code: str = "server_error"
    message: str = "Failed, as the plan says."
    after_words: Annotated[int, Meta(ge=0)] = 0


class TextFault(ReplyFault, frozen=True, kw_only=True):
    """What happens to a request of these endpoints, and to the run that it starts."""

    api: TextApi | None = None
    method: Literal["GET", "POST", "DELETE"] | None = None
    path: str = "*"
    """A shell pattern for the path, such as `/v1/responses/*/cancel`."""

    poll_after_ms: Milliseconds | None = None
    """Told in the header `openai-poll-after-ms` of the answer."""
    drop_stream_after_events: Annotated[int, Meta(ge=0)] | None = None
    """The connection is closed behind this many events of the stream that the request opened, or pieces of speech."""
    half_event: bool = False
    """Half of the next event is sent before the stream is dropped."""

    stuck: Literal["queued", "in_progress"] | None = None
    """The run that the request starts stays here until it is cancelled."""
    word_interval_s: Seconds = 0.0
    """The time before each piece of the run's answer, each word of a streamed transcript, each 100 ms of speech."""
    fail: RunFailure | None = None
    requires_action: bool = False
    """A run of the Assistants API wants a function called first."""
    expire_after_s: Seconds = 600.0
    """The longest that a run of the Assistants API lasts."""

    wav: bool = False
    """Speech comes as a WAV file, whatever was asked for."""
    rate_hz: Annotated[int, Meta(ge=8000, le=48_000)] | None = None
    """Speech has this rate, in place of 24 kHz."""

    def fits(self, api: TextApi, method: str, path: str) -> bool:
        """Return whether the rule is for a request like this."""
        return self.api in (None, api) and self.method in (None, method) and fnmatch(path, self.path)
