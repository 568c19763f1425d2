"""What a crash leaves in the log: where it happened, and no secret."""

from __future__ import annotations

import re
import traceback

_SECRETS = re.compile(
    r"\b(?:sk|ek|rk|sess)[-_][\w-]{6,}|(?i:bearer\s+)[^\s\"']+|(?i:api[-_ ]?key\W{1,4})[^\s\"',)]{8,}"
)


def redacted(text: str) -> str:
    """Return `text` without anything that looks like a key or a token."""
    return _SECRETS.sub("[redacted]", text)


def report(error: BaseException) -> str:
    """Return the traceback of `error` without local variables, redacted."""
    lines = traceback.TracebackException.from_exception(error, capture_locals=False).format()
    return redacted("".join(lines))
