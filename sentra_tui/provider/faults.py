"""Faults on order: what the provider is told to do wrong, and when.

A plan is one JSON object; every part is optional:

    {
      "kill_after_s": 30,
      "clock_skew_s": 600,
      "client_secrets": [{"session": "transcription", "numbers": [1], "status": 401}, {"ttl_s": 10}],
      "calls": [{"numbers": [2], "delay_s": 5}, {"status": 429, "retry_after_float_s": 2.5}, {"reset": true}],
      "sockets": [{"session": "realtime", "web_page": true}, {"numbers": [3], "close_code": 1013}],
      "sessions": [{
        "session": "realtime",
        "numbers": [1],
        "answer_delay_s": 0.5,
        "close_channel_after_s": 4,
        "expire_after_s": 20,
        "late_transcripts_s": 3,
        "events": [{"type": "*.delta", "every": 5, "copies": 1}, {"type": "conversation.item.*", "behind": 3}],
        "messages": [{"at_s": 1, "event": {"type": "response.invented"}},
                     {"at_s": 2, "text": "{pad}", "pad_chars": 100000, "repeat": 3, "every_s": 0.1}]
      }],
      "text": [
        {"api": "responses", "method": "POST", "numbers": [2], "status": 400, "code": "conversation_locked",
         "param": "conversation", "message": "Another process is using this conversation."},
        {"api": "chat", "numbers": [1], "status": 429, "code": "rate_limit_exceeded", "retry_after_ms": 1500},
        {"api": "responses", "path": "/v1/responses", "word_interval_s": 0.2, "drop_stream_after_events": 9},
        {"api": "responses", "method": "GET", "poll_after_ms": 500},
        {"api": "transcriptions", "delay_s": 0.8}, {"api": "speech", "delay_s": 0.6, "wav": true, "rate_hz": 16000}
      ],
      "without": ["assistants", "background"]
    }

`client_secrets`, `calls` and `sockets` are rules for HTTP requests (for a secret, with an offer, to open a WebSocket),
`sessions` for calls that stand, `text` for requests of the Responses, Conversations, chat, Assistants and audio APIs. A
rule counts what it matches, from 1, and acts on the `numbers` given, or on all. `session` narrows it to one type of
session, `carrier` to calls over WebRTC or WebSockets; `api`, `method` and `path` (a shell pattern) to some requests,
where polls count as well as what starts a run. Of several rules that act on the same request, the first one wins. In
`sessions` times count in seconds from the moment that the channel for events, or the socket, opened: a socket that
opens and says nothing is `freeze_after_s` 0.

Any rule for requests refuses (`status`, `code`, `param`, `message`, and the wait as `retry_after_s`, whole,
`retry_after_float_s`, `retry_after_ms` or `retry_after_date`, the seconds until that date), delays (`delay_s`), answers
with a `web_page`, closes the connection once the request is carried out (`no_reply`, or `reset` by RST), or spoils the
body: `half_body` (truncated), `broken_off` (the connection closes in its middle), `invalid_utf8`, `slow_body_s`. A
client secret may live shorter (`ttl_s`), and may not say so (`dies_after_s`); a socket may be accepted and closed
(`close_code`).

A rule in `sessions` spoils the SDP answer (`answer_sdp`: `garbage`, `half`, `wrong_fingerprint`,
`without_fingerprint`), keeps silent (`silent_answers`, `answer_delay_s`, `freeze_after_s`, `deaf_after_s`), ends the
call (`close_channel_after_s`, `close_call_after_s` with `close_code` and `close_reason`, `reset_after_s`,
`unreachable`, `ice_tcp_only`, `expire_after_s`, which `expires_at` tells truly), tells transcripts when they are
answered already (`late_transcripts_s`), says what belongs to another session (`strangers_after_s`), and does to the
server's own `events`, by `type` and number: `drop`, `copies`, `behind` so many later ones, `late_s`, `without` some
fields, or with other values in `fields`. What the plan itself has said in `messages` may be unknown, broken, giant
(`{pad}`, `pad_chars`), deep (`"{nest}"`, `nest_depth`) or a flood (`repeat`).

A rule in `text` may also drop what is streamed (`drop_stream_after_events`, in the middle of an event with
`half_event`), tell when to poll again (`poll_after_ms`), or go with the run that the request starts: `stuck` at
`queued` or `in_progress`, slow (`word_interval_s`), or failing (`fail`: `code`, `message`, `after_words`); a run of the
Assistants API may also want a function called first (`requires_action`), or expire early (`expire_after_s`). Speech may
come as `wav` whatever was asked for, at another rate (`rate_hz`), or slowly (`word_interval_s`). `without` names the
APIs that answer 404, as on servers that never had them. Without
`background` (or `conversations`) a response that asks for it is refused, without `stream_options` a chat that sends
them; without `usage` chats and transcriptions tell none, without `transcription_stream` a transcript comes whole. By
`clock_skew_s` the provider's clock is ahead, in dates and in expiry. `relays` names those in front of it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.fault_rules import Rule, Seconds
from sentra_tui.provider.session_faults import (
    Carrier,
    EventFault,
    RequestFault,
    ScriptedMessage,
    SessionFault,
    SessionType,
)
from sentra_tui.provider.text_faults import Lack, TextApi, TextFault

__all__ = [
    "Carrier",
    "EventFault",
    "Faults",
    "Plan",
    "Relays",
    "RequestFault",
    "ScriptedMessage",
    "SessionFault",
    "SessionType",
    "load_plan",
    "parse_plan",
]

Road = Literal["webrtc", "websocket", "client_secrets"]
"""What a realtime server may be without."""

RuleT = TypeVar("RuleT", bound=Rule)


class Relays(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The relays that make a bad network between the provider and its clients."""

    ports: list[int] = field(default_factory=list)
    """The ports of this machine where clients knock in place of the provider's own."""
    answers_url: str = ""
    """Each SDP answer is posted here, and given to the client as it comes back: by way of a UDP relay."""


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is to go wrong in one run of the provider."""

    kill_after_s: Seconds | None = None
    """The provider's process kills itself, without a goodbye."""
    client_secrets: list[RequestFault] = field(default_factory=list)
    calls: list[RequestFault] = field(default_factory=list)
    sockets: list[RequestFault] = field(default_factory=list)
    sessions: list[SessionFault] = field(default_factory=list)
    text: list[TextFault] = field(default_factory=list)
    without: list[Lack | Road] = field(default_factory=list)
    udp: bool = True
    """Without, every call over WebRTC is `unreachable`."""
    ice_tcp_only: bool = False
    """Every call over WebRTC is."""
    dialects: Annotated[list[Literal["ga", "beta"]], Meta(min_length=1)] = field(default_factory=lambda: ["ga"])
    """What is served. GA where nothing else is asked for, or the first of them; the beta by the header `OpenAI-Beta`
    or a route of its own."""
    wrapped_messages: bool = False
    """Messages on the data channel are wrapped, long ones in pieces."""
    late_refusals: bool = False
    """A socket opens for any key, and the refusal is the first that is said on it."""
    clock_skew_s: float = 0.0
    """How far the provider's clock is ahead: that of its dates, and of what it says and thinks of expiry."""
    relays: Relays = Relays()


class Faults:
    """A plan under way: counts what came, and says what is to happen to it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._seen: Counter[int] = Counter()

    def change(self, plan: Plan) -> None:
        """Go on by another plan, which counts from the beginning."""
        self.plan = plan
        self._seen.clear()

    def for_client_secret(self, session: SessionType) -> RequestFault:
        """Return what happens to this request for a client secret."""
        return self._choose([rule for rule in self.plan.client_secrets if rule.fits(session)]) or RequestFault()

    def for_call(self, session: SessionType) -> RequestFault:
        """Return what happens to this offer."""
        return self._choose([rule for rule in self.plan.calls if rule.fits(session)]) or RequestFault()

    def for_socket(self, session: SessionType) -> RequestFault:
        """Return what happens to the handshake of this WebSocket."""
        return self._choose([rule for rule in self.plan.sockets if rule.fits(session)]) or RequestFault()

    def for_session(self, session: SessionType, carrier: Carrier) -> SessionFault:
        """Return what goes wrong in this call."""
        fault = self._choose([rule for rule in self.plan.sessions if rule.fits(session, carrier)]) or SessionFault()
        return msgspec.structs.replace(
            fault,
            unreachable=fault.unreachable or not self.plan.udp,
            ice_tcp_only=fault.ice_tcp_only or self.plan.ice_tcp_only,
        )

    def for_text(self, api: TextApi, method: str, path: str) -> TextFault:
        """Return what happens to this request of a text endpoint, and to the run that it starts."""
        return self._choose([rule for rule in self.plan.text if rule.fits(api, method, path)]) or TextFault()

    def lacks(self, part: Lack | Road) -> bool:
        """Return whether the provider acts as a server that is without this part."""
        return part in self.plan.without

    def _choose(self, matching: list[RuleT]) -> RuleT | None:
        self._seen.update(id(rule) for rule in matching)
        return next((rule for rule in matching if not rule.numbers or self._seen[id(rule)] in rule.numbers), None)


def parse_plan(text: str | bytes) -> Plan:
    """Return the plan that this JSON says; raises ProviderError naming what does not fit."""
    try:
        return msgspec.json.decode(text, type=Plan)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderError(f"The plan of faults cannot be used: {error}.") from error


def load_plan(path: Path) -> Plan:
    """Return the plan in a file; raises ProviderError when it cannot be read or does not fit."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ProviderError(f"The plan of faults cannot be read: {error.strerror}: {path.name}.") from error
    return parse_plan(text)
