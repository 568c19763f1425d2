"""Standard streams of every kind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from sentra_tui.engine.lines import LineReader, LineWriter


async def test_lines_arrive_in_order_and_the_end_is_told() -> None:
    read_end, write_end = os.pipe()
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    with os.fdopen(read_end, "rb") as stream:
        LineReader(stream, lines.put_nowait).start()
        os.write(write_end, b"one\ntwo\nthr")
        os.write(write_end, b"ee\n")
        os.close(write_end)
        assert [await asyncio.wait_for(lines.get(), 5) for _ in range(4)] == [b"one\n", b"two\n", b"three\n", None]


async def test_a_file_can_be_written_to(tmp_path: Path) -> None:
    path = tmp_path / "changes.jsonl"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    writer = LineWriter(descriptor, lambda: None)
    writer.start()
    writer.write(b"one\n")
    writer.write(b"two\n")
    writer.close(5)
    os.close(descriptor)
    assert path.read_bytes() == b"one\ntwo\n"


async def test_a_reader_that_does_not_read_never_blocks_the_writer() -> None:
    read_end, write_end = os.pipe()
    writer = LineWriter(write_end, lambda: None)
    writer.start()
    for _ in range(100):
        writer.write(b"x" * 10_000)
    assert writer.backlog > 0
    with os.fdopen(read_end, "rb") as stream:
        assert len(await asyncio.to_thread(stream.read, 1_000_000)) == 1_000_000
    writer.close(5)
    os.close(write_end)


async def test_a_reader_that_goes_away_is_told() -> None:
    read_end, write_end = os.pipe()
    gone = asyncio.Event()
    writer = LineWriter(write_end, gone.set)
    writer.start()
    os.close(read_end)
    writer.write(b"anybody?\n")
    await asyncio.wait_for(gone.wait(), 5)
    writer.close(5)
    os.close(write_end)
