"""What rules of a plan of faults have in common: they count what they match, and know how an answer goes wrong."""

from __future__ import annotations

import math
from email.utils import formatdate
from typing import Annotated

from msgspec import Meta, Struct, field

Seconds = Annotated[float, Meta(ge=0)]
Milliseconds = Annotated[int, Meta(ge=0)]
ErrorStatus = Annotated[int, Meta(ge=400, le=599)]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Acts on the `numbers` given of what it matches, counted from 1, or on all."""

    numbers: list[Annotated[int, Meta(ge=1)]] = field(default_factory=list)


class ReplyFault(Rule, frozen=True, kw_only=True):
    """What happens to an HTTP request: it waits `delay_s`, may be refused, and its answer may be spoilt."""

    delay_s: Seconds = 0.0
    status: ErrorStatus | None = None
    """Refused with this HTTP status."""
    code: str | None = None
    param: str | None = None
    message: str = "Refused, as the plan says."
    retry_after_s: Seconds | None = None
    """Told in the header `Retry-After`, as whole seconds."""
    retry_after_float_s: Seconds | None = None
    """Told in the header `Retry-After`, with decimals."""
    retry_after_ms: Milliseconds | None = None
    """Told in the header `retry-after-ms`."""
    retry_after_date: Seconds | None = None
    """Told in the header `Retry-After`, as the date so many seconds ahead."""
    web_page: bool = False
    """A web page comes in place of the answer, as from a captive portal; its status is 200 where none is given."""
    no_reply: bool = False
    """What was asked for is done, and the connection closed without an answer."""
    reset: bool = False
    """What was asked for is done, and the connection reset (RST) without an answer."""
    half_body: bool = False
    """The body ends in its middle, as if that were its end."""
    broken_off: bool = False
    """The connection closes in the middle of the body, which was announced whole."""
    invalid_utf8: bool = False
    """Bytes that are no UTF-8 are in the middle of the body."""
    slow_body_s: Seconds = 0.0
    """The body trickles, and takes so long."""

    def retry_headers(self, now_s: float) -> dict[str, str]:
        """Return the headers that say when to come again; `now_s` is the wall clock, seconds since 1970."""
        headers = {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(math.ceil(self.retry_after_s))
        if self.retry_after_float_s is not None:
            headers["Retry-After"] = str(float(self.retry_after_float_s))
        if self.retry_after_date is not None:
            headers["Retry-After"] = formatdate(now_s + self.retry_after_date, usegmt=True)
        if self.retry_after_ms is not None:
            headers["retry-after-ms"] = str(self.retry_after_ms)
        return headers
