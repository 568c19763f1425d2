"""What a reply to an empty request tells of a server."""

from __future__ import annotations

import re
from typing import Any

from sentra_tui.domain.errors import TransportError
from sentra_tui.domain.provider_config import OfferForm
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.probe.findings import Finding, Offered
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import error_body, is_web_page

MAX_MODELS = 50
_NO_ROUTE = (404, 405, 501)
_NO_KEY = (401, 403)

Outcome = Reply | TransportError | None
"""What became of a request; None where its time was over."""


def judge(outcome: Outcome, control: Outcome = None) -> Finding:
    """Return whether the server has what was asked for with an empty body.

    `control` is what it answers where it has nothing: a server that answers the same everywhere says nothing.
    """
    if outcome is None:
        return Finding()
    if isinstance(outcome, TransportError):
        return Finding(Offered.UNKNOWN, clean_line(outcome.message, 100))
    return Finding(_offered(outcome, control), _evidence(outcome))


def offer_form(call: Outcome, *, secrets: bool) -> OfferForm:
    """Return how an offer is to be posted, by what the server says of an empty one sent as JSON."""
    if secrets or not isinstance(call, Reply):
        return "auto"
    said = call.text.lower()
    if "multipart" in said:
        return "multipart"
    if call.status == 415 or "application/sdp" in said:
        return "sdp"
    return "json_sdp" if re.search(r"\bsdp\b", said) else "auto"


def model_names(outcome: Outcome) -> tuple[str, ...]:
    """Return the names in a list of models, the first 50."""
    body: Any = outcome.json() if isinstance(outcome, Reply) else None
    rows = body.get("data") if isinstance(body, dict) else None
    names = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return tuple(clean_line(name, 100) for name in names if isinstance(name, str) and name)[:MAX_MODELS]


def _offered(reply: Reply, control: Outcome) -> Offered:
    if reply.status in _NO_KEY:
        return Offered.KEY_REFUSED
    if reply.status in _NO_ROUTE:
        return Offered.YES if error_body(reply).is_model(reply.status) else Offered.NO
    same = isinstance(control, Reply) and (control.status, control.body) == (reply.status, reply.body)
    if same or is_web_page(reply) or 300 <= reply.status < 400 or reply.status >= 500:
        return Offered.UNKNOWN
    return Offered.YES


def _evidence(reply: Reply) -> str:
    if is_web_page(reply):
        return f"{reply.status}, a web page"
    if 300 <= reply.status < 400:
        return f"{reply.status}, redirects"
    said = error_body(reply).message if reply.status >= 400 else ""
    return clean_line(f"{reply.status}, {said}" if said else str(reply.status), 100)
