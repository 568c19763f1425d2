"""Faults on order: what the provider is told to do wrong, and when.

A plan is one JSON object; every part is optional:

    {
      "kill_after_s": 30,
      "client_secrets": [{"session": "transcription", "numbers": [1], "status": 401}],
      "calls": [{"numbers": [2], "delay_s": 5}, {"status": 429, "retry_after_s": 2}],
      "sessions": [{
        "session": "realtime",
        "numbers": [1],
        "answer_delay_s": 0.5,
        "close_channel_after_s": 4,
        "messages": [{"at_s": 1, "event": {"type": "response.invented"}},
                     {"at_s": 2, "text": "{pad}", "pad_chars": 100000, "repeat": 3, "every_s": 0.1}]
      }]
    }

`client_secrets` and `calls` are rules for HTTP requests, `sessions` for calls that were answered. A rule counts what
it matches, from 1, and acts on the `numbers` given, or on all; `session` narrows it to one type. Of several rules that
act on the same request, the first one wins. Times count in seconds from the moment that the channel
for events opened.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from sentra_tui.domain.errors import ProviderError

SessionType = Literal["realtime", "transcription"]
Seconds = Annotated[float, Meta(ge=0)]


class _Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which requests or calls a rule is for."""

    session: SessionType | None = None
    numbers: list[Annotated[int, Meta(ge=1)]] = field(default_factory=list)


RuleT = TypeVar("RuleT", bound=_Rule)


class RequestFault(_Rule, frozen=True, kw_only=True):
    """What happens to an HTTP request: it waits `delay_s`, and is refused where `status` is given."""

    delay_s: Seconds = 0.0
    status: Annotated[int, Meta(ge=400, le=599)] | None = None
    code: str | None = None
    message: str = "Refused, as the plan says."
    retry_after_s: Seconds | None = None


class ScriptedMessage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the server says out of turn: an `event`, or any `text`; `{pad}` in it becomes `pad_chars` times x.

    What is larger than the client takes (`a=max-message-size`, 262,144 bytes for aiortc) is not sent.
    """

    at_s: Seconds = 0.0
    event: dict[str, Any] | None = None
    text: str = ""
    pad_chars: Annotated[int, Meta(ge=0, le=10_000_000)] = 0
    repeat: Annotated[int, Meta(ge=1, le=100_000)] = 1
    every_s: Seconds = 0.0

    def render(self) -> str:
        """Return the message as it goes on the wire."""
        text = self.text if self.event is None else msgspec.json.encode(self.event).decode()
        return text.replace("{pad}", "x" * self.pad_chars)


class SessionFault(_Rule, frozen=True, kw_only=True):
    """What goes wrong in a call that was answered."""

    unreachable: bool = False
    """The answer names a port where nobody listens: ICE finds no way."""
    silent_answers: bool = False
    """Responses are created and then nothing more is heard of them."""
    answer_delay_s: Seconds = 0.0
    """How long an answer is thought about."""
    freeze_after_s: Seconds | None = None
    """From then on the server says and sends nothing more, but keeps the call."""
    close_channel_after_s: Seconds | None = None
    close_call_after_s: Seconds | None = None
    expire_after_s: Seconds = 3600.0
    """The longest that a session lasts; it ends with `session_expired`."""
    messages: list[ScriptedMessage] = field(default_factory=list)


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is to go wrong in one run of the provider."""

    kill_after_s: Seconds | None = None
    """The provider's process kills itself, without a goodbye."""
    client_secrets: list[RequestFault] = field(default_factory=list)
    calls: list[RequestFault] = field(default_factory=list)
    sessions: list[SessionFault] = field(default_factory=list)


class Faults:
    """A plan under way: counts what came, and says what is to happen to it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._seen: Counter[int] = Counter()

    def for_client_secret(self, session: SessionType) -> RequestFault:
        """Return what happens to this request for a client secret."""
        return self._choose(self.plan.client_secrets, session) or RequestFault()

    def for_call(self, session: SessionType) -> RequestFault:
        """Return what happens to this offer."""
        return self._choose(self.plan.calls, session) or RequestFault()

    def for_session(self, session: SessionType) -> SessionFault:
        """Return what goes wrong in this call."""
        return self._choose(self.plan.sessions, session) or SessionFault()

    def _choose(self, rules: list[RuleT], session: SessionType) -> RuleT | None:
        matching = [rule for rule in rules if rule.session in (None, session)]
        self._seen.update(id(rule) for rule in matching)
        return next((rule for rule in matching if not rule.numbers or self._seen[id(rule)] in rule.numbers), None)


def parse_plan(text: str | bytes) -> Plan:
    """Return the plan that this JSON says; raises ProviderError naming what does not fit."""
    try:
        return msgspec.json.decode(text, type=Plan)
    except msgspec.MsgspecError as error:
        raise ProviderError(f"The plan of faults cannot be used: {error}.") from error


def load_plan(path: Path) -> Plan:
    """Return the plan in a file; raises ProviderError when it cannot be read or does not fit."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ProviderError(f"The plan of faults cannot be read: {error.strerror}: {path.name}.") from error
    return parse_plan(text)
