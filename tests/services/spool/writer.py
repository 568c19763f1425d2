"""Writes sound into a spool until it is killed; says on standard output which position is in the kernel by now."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from sentra_tui.services.spool.shelf import SpoolShelf
from tests.services.spool.sounds import frame_at


async def write(root: Path, talk: int) -> None:
    shelf = SpoolShelf(root, talk, limit_ms=900_000, on_failure=lambda failure: sys.exit(str(failure)))
    spool = shelf.open("mic")
    at_ms = max((end_ms for _, end_ms in await spool.inherited()), default=0)
    while True:
        for _ in range(17):
            spool.write(at_ms, frame_at(at_ms))
            at_ms += 20
        await spool.read(0, 0)
        os.write(1, b"%d\n" % at_ms)


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
