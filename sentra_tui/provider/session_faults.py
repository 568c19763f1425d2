"""What a plan of faults may order for calls: for the requests that lead to one, and for what is said in one."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from sentra_tui.provider.fault_rules import ReplyFault, Rule, Seconds

SessionType = Literal["realtime", "transcription"]
Carrier = Literal["webrtc", "websocket"]
SpoiltAnswer = Literal["garbage", "half", "wrong_fingerprint", "without_fingerprint"]
CloseCode = Annotated[int, Meta(ge=1000, le=4999)]

_OPEN, _CLOSE = "[", "]"


class RequestFault(ReplyFault, frozen=True, kw_only=True):
    """What happens to a request for a secret, with an offer, or for a WebSocket."""

    session: SessionType | None = None
    ttl_s: Seconds | None = None
    """A client secret lives so long, whatever was asked for, and says so."""
    dies_after_s: Seconds | None = None
    """A client secret is refused from then on, whatever it says of itself."""
    close_code: CloseCode | None = None
    """A WebSocket is opened, and closed with this code before a word is said on it."""

    def fits(self, session: SessionType) -> bool:
        """Return whether the rule is for a session of this type."""
        return self.session in (None, session)


class ScriptedMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server says out of turn: an `event`, or any `text`.

    `{pad}` in it becomes `pad_chars` times x, and `"{nest}"`, with its quotes, as many lists inside each other as
    `nest_depth` says. What is larger than the client takes on a data channel (`a=max-message-size`, 262,144 bytes for
    aiortc) is not sent there.
    """

    at_s: Seconds = 0.0
    event: dict[str, Any] | None = None
    text: str = ""
    pad_chars: Annotated[int, Meta(ge=0, le=70_000_000)] = 0
    nest_depth: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    repeat: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    every_s: Seconds = 0.0

    def render(self) -> str:
        """Return the message as it goes on the wire."""
        text = self.text if self.event is None else msgspec.json.encode(self.event).decode()
        nested = text.replace('"{nest}"', _OPEN * self.nest_depth + _CLOSE * self.nest_depth)
        return nested.replace("{pad}", "x" * self.pad_chars)


class EventFault(Rule, frozen=True, kw_only=True):
    """What happens to the server's own events of a `type`, a shell pattern; each nth of them where `every` is n."""

    type: str = "*"
    every: Annotated[int, Meta(ge=1)] = 1
    drop: bool = False
    copies: Annotated[int, Meta(ge=0, le=1000)] = 0
    """How many more times it is said."""
    late_s: Seconds = 0.0
    behind: Annotated[int, Meta(ge=0, le=1000)] = 0
    """It is said behind so many events that come after it, or a second later."""
    without: list[str] = field(default_factory=list)
    """Fields that it lacks; a dot leads into one, as in `response.id`."""
    fields: dict[str, Any] = field(default_factory=dict)
    """Fields with other values, such as the id of an item of another session, or a value of the wrong type."""

    def fits(self, kind: str) -> bool:
        """Return whether the rule is for events of this type."""
        return fnmatch(kind, self.type)


class SessionFault(Rule, frozen=True, kw_only=True):
    """What goes wrong in a call that was answered, over WebRTC or a WebSocket, or over the `carrier` given only."""

    session: SessionType | None = None
    carrier: Carrier | None = None

    unreachable: bool = False
    """The answer names a port where nobody listens: ICE finds no way."""
    ice_tcp_only: bool = False
    """The answer names passive TCP candidates only, as behind a firewall that lets no UDP through."""
    answer_sdp: SpoiltAnswer | None = None
    """The SDP answer is none, or half of one, or names a certificate that is not shown, or names none."""
    silent_answers: bool = False
    """Responses are created and then nothing more is heard of them."""
    answer_delay_s: Seconds = 0.0
    """How long an answer is thought about."""
    late_transcripts_s: Seconds = 0.0
    """What was said is told so long after it is known, in one piece: mostly when it has been answered already."""
    freeze_after_s: Seconds | None = None
    """From then on the server says and sends nothing more, but keeps the call."""
    deaf_after_s: Seconds | None = None
    """From then on nothing is read from a WebSocket, and no ping answered."""
    close_channel_after_s: Seconds | None = None
    close_call_after_s: Seconds | None = None
    reset_after_s: Seconds | None = None
    """The connection of a WebSocket is reset (RST) then."""
    expire_after_s: Seconds = 3600.0
    """The longest that a session lasts, as its `expires_at` says; it ends with `session_expired`."""
    events: list[EventFault] = field(default_factory=list)
    """What becomes of the server's own events: the first rule that acts on one has it."""
    strangers_after_s: Seconds | None = None
    """A response that nobody asked for, and words of an item that was never announced, as of another session."""
    messages: list[ScriptedMessage] = field(default_factory=list)
    greeting: ScriptedMessage | None = None
    """What is said in place of `session.created`."""
    close_code: CloseCode = 1000
    """The code with which a WebSocket is closed after `close_call_after_s`; 1006 drops it without a word."""
    close_reason: Annotated[str, Meta(max_length=120)] = ""

    def fits(self, session: SessionType, carrier: Carrier) -> bool:
        """Return whether the rule is for such a session over such a carrier."""
        return self.session in (None, session) and self.carrier in (None, carrier)
