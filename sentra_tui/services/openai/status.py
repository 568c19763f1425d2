"""What a provider's refusal means: dial again, or do not."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from msgspec import Struct

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.network import proxy_login
from sentra_tui.services.openai.reply import Reply

MAX_RETRY_AFTER_S = 3600.0
_KEY = re.compile(r"\b(?:sk|ek)[-_][\w*.…-]+|(?<=[Bb]earer )\S+")
_AGAIN = (408, 409, 425)
_NOT_OFFERED = (404, 405, 415, 501)
_MODEL_STATUSES = (400, 403, 404, 422)
_LOGIN_STATUS = 511
"""Network Authentication Required, RFC 6585."""


class ErrorBody(Struct, frozen=True):
    """What a provider says of an error: OpenAI's envelope, or what other servers make of it."""

    code: str = ""
    """The code; some servers write it into `type`."""
    message: str = ""
    """One clean line, without keys."""
    param: str = ""
    """The parameter that was wrong."""

    @property
    def is_no_credit(self) -> bool:
        """Whether the account must be paid for before anything is answered."""
        return self.code == "insufficient_quota" or self.code.startswith("billing_")

    def is_model(self, status: int) -> bool:
        """Whether the model is what the server does not have, or does not let this key use."""
        if status not in _MODEL_STATUSES:
            return False
        if self.code in ("model_not_found", "model_not_available") or self.param in ("model", "session.model"):
            return True
        return status in (403, 404) and "model" in self.message.lower()


def refusal(reply: Reply, endpoint: Endpoint, wall_clock_s: float | None = None) -> TransportError:
    """Return the error that a reply of status 300 or more stands for.

    `wall_clock_s` (seconds since 1970, the system's by default) is what a Retry-After date is compared with.
    """
    status, label = reply.status, endpoint.label
    error = error_body(reply)
    because = f": {error.message.rstrip('.')}." if error.message else "."
    if status in (401, 403):
        return _key_refused(status, endpoint, error, because)
    if status < 400:
        what = f"{label} redirects to another address, which is not followed."
        return TransportRefused(what, hint=f"Check {endpoint.setting}.")
    if error.is_no_credit:
        text = f"{label} says that the account has no credit left{because}"
        return TransportRefused(text, hint="Then press r.", reason=Reason.NO_CREDIT)
    if error.is_model(status):
        what = f"{label} does not have the model, or not for this key ({status}){because}"
        return TransportRefused(what, hint=_MODEL_HINT, param=error.param, reason=Reason.MODEL_REFUSED)
    if status in _NOT_OFFERED:
        return TransportRefused(
            f"{label} {_NO_ROUTE.get(status, 'does not know this')} ({status}){because}",
            hint=f"Check {endpoint.setting} and the profile.",
            reason=Reason.NOT_OFFERED,
        )
    if status == 407:
        return proxy_login(endpoint.host)
    if status == _LOGIN_STATUS:
        return web_page(endpoint)
    if is_passing(status):
        return _passing(reply, label, because, time.time() if wall_clock_s is None else wall_clock_s)
    return TransportRefused(
        f"{label} {_REFUSED.get(status, 'refused the request')} ({status}){because}", param=error.param
    )


_MODEL_HINT = "Set the model of this provider to one that it has."
_NO_ROUTE = {415: "does not take a request of this form", 501: "cannot do this"}
_REFUSED = {413: "says that this is too large", 422: "does not understand the request"}


def is_web_page(reply: Reply) -> bool:
    """Return whether a page for a browser came."""
    return reply.media_type == "text/html" or reply.body[:200].lstrip()[:1] == b"<"


def web_page(endpoint: Endpoint) -> TransportLost:
    """Return what it means that a web page came where data was wanted."""
    return TransportLost(
        f"A web page came instead of {endpoint.label}'s answer.",
        hint=f"The network may want you to sign in: open any page in a browser. Or {endpoint.setting} is wrong.",
        reason=Reason.CAPTIVE_PORTAL,
    )


def is_passing(status: int) -> bool:
    """Return whether the same request may be answered later."""
    return status == 429 or status in _AGAIN or status >= 500


def _key_refused(status: int, endpoint: Endpoint, error: ErrorBody, because: str) -> CredentialRefused:
    hint = f"Set another key in {endpoint.key_env} and press r." if endpoint.key_env else ""
    if status == 401:
        return CredentialRefused(f"{endpoint.label} refused the key (401).", hint=hint)
    reason = Reason.MODEL_REFUSED if error.is_model(status) else Reason.OTHER
    what = f"{endpoint.label} does not allow the key to do this (403){because}"
    return CredentialRefused(what, hint=hint, param=error.param, reason=reason)


def _passing(reply: Reply, label: str, because: str, wall_clock_s: float) -> TransportLost:
    wait_s = retry_after_s(reply.headers, wall_clock_s)
    status = reply.status
    what = "asks for fewer requests" if status == 429 else "cannot answer now"
    reason = Reason.TOO_MANY if status == 429 else Reason.SERVER_ERROR if status >= 500 else Reason.OTHER
    return TransportLost(f"{label} {what} ({status}){because}", retry_after_s=wait_s, reason=reason)


def retry_after_s(headers: Mapping[str, str], wall_clock_s: float) -> float | None:
    """Return the wait that a server asks for, in seconds, or None: `retry-after-ms`, else Retry-After (RFC 9110)."""
    wait_s = milliseconds(headers.get("retry-after-ms"))
    if wait_s is None:
        after = headers.get("retry-after")
        wait_s = _finite(after)
        if wait_s is None and after:
            try:
                wait_s = parsedate_to_datetime(after).timestamp() - wall_clock_s
            except (ValueError, OverflowError):
                return None
    return None if wait_s is None else min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def milliseconds(text: str | None) -> float | None:
    """Return a header's milliseconds as seconds, or None where they are no number."""
    value = _finite(text)
    return None if value is None else value / 1000


def _finite(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def redact(text: str) -> str:
    """Return `text` without anything that looks like a key or a client secret."""
    return _KEY.sub("…", text)


def error_body(reply: Reply) -> ErrorBody:
    """Return what an error body says; empty where it says nothing."""
    body = reply.json()
    if not isinstance(body, dict):
        return ErrorBody(message=redact(clean_line(reply.text)) if reply.media_type == "text/plain" else "")
    error: Any = body.get("error", body)
    if not isinstance(error, dict):
        error = {"message": error}
    message = error.get("message") or error.get("detail")
    if isinstance(message, list):
        return _validation_error(message)
    return ErrorBody(
        code=clean_line(str(error.get("code") or error.get("type") or ""), 60),
        message=clean_line(redact(message)) if isinstance(message, str) else "",
        param=clean_line(str(error.get("param") or ""), 60),
    )


def _validation_error(details: list[Any]) -> ErrorBody:
    """Read what pydantic says of a body that does not fit: FastAPI servers send that as it is."""
    first = details[0] if details and isinstance(details[0], dict) else {}
    where = first.get("loc")
    names = [each for each in where if isinstance(each, str) and each != "body"] if isinstance(where, list) else []
    return ErrorBody(
        code=clean_line(str(first.get("type") or ""), 60),
        message=clean_line(redact(str(first.get("msg") or ""))),
        param=clean_line(names[0], 60) if names else "",
    )
