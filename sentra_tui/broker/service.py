"""What the broker does with a request: `POST /api/realtime/session` for a member, `GET /health` for anybody."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Callable, Container
from typing import Any

import msgspec

from sentra_tui.broker.audit import Audit, AuditLine, secret_mark
from sentra_tui.broker.entry import bearer_token, check_content, check_entry
from sentra_tui.broker.limits import Limits
from sentra_tui.broker.members import Member
from sentra_tui.broker.refusal import Refusal
from sentra_tui.broker.request_reader import Head
from sentra_tui.broker.response import Response, given, refused
from sentra_tui.broker.roster import Roster
from sentra_tui.broker.template import SessionTemplate, read_wanted
from sentra_tui.broker.upstream import MintedSession, Upstream
from sentra_tui.domain.errors import ConfigError, TransportLost, TransportRefused

_log = logging.getLogger(__name__)

SESSION = "/api/realtime/session"
HEALTH = "/health"
_METHODS = {SESSION: "POST", HEALTH: "GET"}
"""The routes, by their exact target, each with its only method."""


class BrokerService:
    """Answers the requests of a running broker. `ours` are the Hosts that are this one; `epoch_s` is the wall clock."""

    def __init__(
        self,
        *,
        ours: Container[bytes],
        roster: Roster,
        limits: Limits,
        template: SessionTemplate,
        upstream: Upstream,
        audit: Audit,
        epoch_s: Callable[[], float],
    ) -> None:
        self._ours = ours
        self._roster = roster
        self._limits = limits
        self._template = template
        self._upstream = upstream
        self._audit = audit
        self._epoch_s = epoch_s

    def check_head(self, head: Head) -> None:
        """Raise Refusal for a request that is not for us, or not for anything that is here."""
        check_entry(head, self._ours)
        method = _METHODS.get(head.target)
        if method is None:
            raise Refusal(404, "unknown_path", "There is nothing here.")
        if head.method != method:
            raise Refusal(405, "bad_method", f"{method} is wanted.", headers={"Allow": method})

    def refuse(self, refusal: Refusal, client: str) -> Response:
        """Answer a request that was refused before it was whole."""
        return self._closed_with(refusal, AuditLine(client=client))

    async def handle(self, head: Head, body: bytes, client: str) -> Response:
        """Answer a request whose head was let in."""
        line = AuditLine(client=client, route=head.target, outcome="ok", status=200)
        try:
            answer = {"status": "ok"} if head.target == HEALTH else await self._session(head, body, line)
        except Refusal as refusal:
            return self._closed_with(refusal, line)
        except asyncio.CancelledError:
            line.outcome, line.status = "client_gone", 0
            self._written(line)
            raise
        return given(answer) if self._written(line) else refused(_unaudited())

    async def _session(self, head: Head, body: bytes, line: AuditLine) -> dict[str, Any]:
        check_content(head)
        member = self._admitted(bearer_token(head), line)
        self._limits.take(member.name)
        offer = self._template.offer(read_wanted(body))
        line.type, line.model = offer.type, offer.model
        with self._limits.running():
            minted = await self._mint(offer.session)
        if not self._roster.has(member):
            raise _unknown("token_revoked")
        line.outcome, line.secret = "minted", secret_mark(minted.secret)
        return {
            "session_id": minted.session_id or f"sess_{secrets.token_hex(12)}",
            "ephemeral_key": minted.secret.reveal(),
            "expires_at": minted.expires_at,
            **offer.described,
        }

    def _admitted(self, token: bytes, line: AuditLine) -> Member:
        """Return the member whose token this is; raises Refusal (401), which does not tell why. The audit does."""
        member = self._roster.find(token)
        state = "unknown" if member is None else member.state(self._epoch_s())
        if member is not None:
            line.member = member.name
            if state == "active":
                return member
        raise _unknown(f"token_{state}" if token else "token_missing")

    async def _mint(self, session: msgspec.Raw) -> MintedSession:
        try:
            return await self._upstream.mint(session)
        except TransportLost as error:
            _log.warning("no secret: %s", error)
            wait_s = max(1, math.ceil(error.retry_after_s or 1))
            refusal = Refusal(
                503, "provider_unavailable", "The provider cannot be asked now.", headers={"Retry-After": str(wait_s)}
            )
        except TransportRefused as error:
            _log.warning("no secret: %s", error)
            refusal = Refusal(502, "provider_refused", "The provider refuses the broker: ask whoever runs it.")
        raise refusal

    def _closed_with(self, refusal: Refusal, line: AuditLine) -> Response:
        line.outcome, line.status = refusal.outcome, refusal.status
        return refused(refusal if self._written(line) else _unaudited())

    def _written(self, line: AuditLine) -> bool:
        """Write the audit; where that fails nothing is given out."""
        try:
            self._audit.write(line, self._epoch_s())
        except (OSError, ConfigError) as error:
            _log.error("the audit cannot be written: %s", error)
            return False
        return True


def _unknown(outcome: str) -> Refusal:
    message = "A valid member token is wanted, as a bearer token."
    return Refusal(401, "invalid_token", message, headers={"WWW-Authenticate": "Bearer"}, outcome=outcome)


def _unaudited() -> Refusal:
    return Refusal(503, "unaudited", "The broker cannot write down what it does.")
