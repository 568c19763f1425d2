"""Whatever is written, released and read, in whatever order: it is what a list would have kept."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.services.spool.shelf import SpoolShelf
from sentra_tui.services.spool.stream_spool import StreamSpool
from tests.services.spool.sounds import frame_at, positions

FRAMES_MAX = 700
Step: TypeAlias = tuple[str, int, int]

writes = st.tuples(st.just("write"), st.integers(0, 400), st.integers(1, FRAMES_MAX))
releases = st.tuples(st.just("release"), st.integers(0, 3_000), st.just(0))
reads = st.tuples(st.just("read"), st.integers(0, 3_000), st.integers(0, 3_000))
restarts = st.tuples(st.just("restart"), st.just(0), st.just(0))


@settings(max_examples=25)
@given(st.lists(st.one_of(writes, writes, releases, reads, restarts), max_size=8))
def test_the_spool_keeps_what_a_list_would(steps: list[Step]) -> None:
    asyncio.run(_play(steps))


async def _play(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept: list[int] = []
        inherited: set[int] = set()
        at_ms = released_ms = 0
        shelf, spool = _opened(folder)
        for step, first, second in [*steps, ("read", 0, 10**6)]:
            if step == "write":
                at_ms += first // 100 * 20
                for _ in range(second):
                    spool.write(at_ms, frame_at(at_ms))
                    kept += [at_ms] if at_ms >= released_ms else []
                    at_ms += 20
            elif step == "release":
                released_ms = max(released_ms, first * 20)
                spool.release(first * 20)
                kept = [each for each in kept if each >= released_ms]
                inherited &= set(kept)
            elif step == "read":
                start_ms, end_ms = sorted((first * 20, second * 20))
                found = positions(await spool.read(start_ms, end_ms))
                assert found == [each for each in kept if start_ms <= each < end_ms]
            else:
                await spool.close(keep=True)
                await shelf.close()
                inherited = set(kept)
                shelf, spool = _opened(folder)
            spans = await spool.inherited()
            assert {each for start_ms, end_ms in spans for each in range(start_ms, end_ms, 20)} == inherited
        await spool.close(keep=True)
        await shelf.close()


def _opened(folder: str) -> tuple[SpoolShelf, StreamSpool]:
    shelf = SpoolShelf(Path(folder) / "spool", 7, limit_ms=10**8, on_failure=_fail)
    return shelf, shelf.open("mic")


def _fail(failure: Exception) -> None:
    raise failure
