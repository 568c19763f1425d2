"""What a service that mints client secrets answers: the secret, and how long it opens calls."""

from __future__ import annotations

import math
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from sentra_tui.domain.errors import TransportError, TransportRefused
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.secret import ClientSecret
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import is_web_page, redact, refusal, web_page

_VISIBLE = re.compile("[!-~]+")
_DATE_RESOLUTION_S = 1.0
"""A Date header may be this much behind the clock that wrote it."""


def minted(
    reply: Reply, endpoint: Endpoint, *, agreed: dict[str, Any] | None = None, session_id: str = ""
) -> Credential:
    """Return the credential in a reply; raises what a refusal means, or TransportRefused where there is no secret."""
    if reply.status >= 300:
        raise refusal(reply, endpoint)
    body = reply.json()
    secret = client_secret(body)
    if secret is None:
        raise _no_secret(reply, body, endpoint)
    return Credential(secret, agreed=agreed, session_id=session_id, lifetime_s=_lifetime_s(reply, body))


def client_secret(body: Any) -> ClientSecret | None:
    """Return the secret of a reply: OpenAI's `value`, a broker's `ephemeral_key`, or the beta's `client_secret`."""
    if not isinstance(body, dict):
        return None
    beta = body.get("client_secret")
    values = (body.get("value"), body.get("ephemeral_key"), beta.get("value") if isinstance(beta, dict) else beta)
    for value in values:
        if isinstance(value, str) and _VISIBLE.fullmatch(value):
            return ClientSecret(value)
    return None


def _no_secret(reply: Reply, body: Any, endpoint: Endpoint) -> TransportError:
    if is_web_page(reply):
        return web_page(endpoint)
    return TransportRefused(
        f"{endpoint.label} gave no client secret: {_seen(reply, body)}.", hint="Check the address it is asked at."
    )


def _lifetime_s(reply: Reply, body: dict[str, Any]) -> float:
    """Return how long the secret lives, by the clock of whoever made it: ours may be wrong.

    0 where it does not say what time it is, or when the secret ends.
    """
    beta = body.get("client_secret")
    ends_s = _moment(beta.get("expires_at") if isinstance(beta, dict) else body.get("expires_at"))
    now_s = _dated(reply.headers.get("date", ""))
    return 0.0 if ends_s is None or now_s is None else max(ends_s - now_s - _DATE_RESOLUTION_S, 0.0)


@lru_cache(maxsize=8)
def _dated(date: str) -> float | None:
    """Return the moment of a Date header, as seconds since 1970: the same for all that a team gets in a second."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _moment(value: Any) -> float | None:
    """Return a moment as seconds since 1970: it is written as such, or as an ISO 8601 date."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError):
            return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number and abs(value) < 1e12 and math.isfinite(value) else None


def _seen(reply: Reply, body: Any) -> str:
    """Say what came instead, without any value of it."""
    if isinstance(body, dict):
        fields = redact(clean_line(", ".join(map(str, body)), 60))
        return f"its reply has the fields {fields}" if fields else "its reply is empty"
    kind = clean_line(reply.media_type, 40) or "no type"
    return f"its reply is not a JSON object ({reply.status}, {kind})"
