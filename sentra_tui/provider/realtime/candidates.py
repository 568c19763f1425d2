"""What the candidates in a session description promise of the network: nothing, or TCP only."""

from __future__ import annotations

import re

_CANDIDATES = re.compile(r"^a=(candidate:.*|end-of-candidates)\r?\n", re.MULTILINE)
_PORT = re.compile(r"^(a=candidate:\S+ \d+ \S+ \d+ \S+) \d+ ", re.MULTILINE)
_UDP = re.compile(r"^(a=candidate:\S+ \d+) udp (\d+ \S+) \d+ typ host", re.MULTILINE | re.IGNORECASE)
_DISCARD_PORT = 9
_HTTPS_PORT = 443


def without_candidates(sdp: str) -> str:
    """Return a description that names no way."""
    return _CANDIDATES.sub("", sdp)


def leading_nowhere(sdp: str) -> str:
    """Return a description whose candidates name a port where nobody listens."""
    return _PORT.sub(rf"\1 {_DISCARD_PORT} ", sdp)


def over_tcp(sdp: str) -> str:
    """Return a description whose candidates are passive TCP ones (RFC 6544), as behind a firewall without UDP."""
    return _UDP.sub(rf"\1 tcp \2 {_HTTPS_PORT} typ host tcptype passive", sdp)
