"""Where every piece goes that comes over a socket, until the loop has handed it on.

One place for all connections, since each piece is taken before the next one is read. asyncio's streams make room for
256 KiB at every read, which takes several times as long as the read.
"""

from __future__ import annotations

INCOMING = memoryview(bytearray(32 << 10))
