"""Ends a TCP connection by a reset (RST), as a peer does that crashed or a firewall that forgot it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

_FOR_NO_TIME = struct.pack("ii", 1, 0)


def reset(transport: asyncio.WriteTransport) -> None:
    """Reset the connection; what was not sent yet is lost."""
    end = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _FOR_NO_TIME)
    transport.abort()
