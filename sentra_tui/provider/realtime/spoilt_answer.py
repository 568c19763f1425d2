"""SDP answers that are none, or that cannot be trusted."""

from __future__ import annotations

import re

from sentra_tui.provider.session_faults import SpoiltAnswer

_FINGERPRINT = re.compile(r"^a=fingerprint:(\S+) (\S+)\r?\n", re.MULTILINE)
_HEX_PAIR = re.compile("[0-9A-F]{2}", re.IGNORECASE)
GARBAGE = "v=0\r\nthis is no session description\r\nm=\r\n\x00\x7f"


def spoilt_answer(sdp: str, how: SpoiltAnswer | None) -> str:
    """Return the answer as the plan wants it."""
    match how:
        case "garbage":
            return GARBAGE
        case "half":
            return sdp[: len(sdp) // 2]
        case "wrong_fingerprint":
            return _FINGERPRINT.sub(lambda found: f"a=fingerprint:{found[1]} {_HEX_PAIR.sub('00', found[2])}\r\n", sdp)
        case "without_fingerprint":
            return _FINGERPRINT.sub("", sdp)
        case None:
            return sdp
