from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sentra_tui.domain.errors import SentraError
from sentra_tui.services.spool.shelf import SpoolShelf
from sentra_tui.services.spool.stream_spool import StreamSpool
from tests.services.spool.conftest import TALK, OpenShelf
from tests.services.spool.sounds import frame_at, positions


def write(spool: StreamSpool, start_ms: int, end_ms: int) -> None:
    for at_ms in range(start_ms, end_ms, 20):
        spool.write(at_ms, frame_at(at_ms))


async def kept(spool: StreamSpool, start_ms: int = 0, end_ms: int = 10**9) -> list[int]:
    return positions(await spool.read(start_ms, end_ms))


def span(start_ms: int, end_ms: int) -> list[int]:
    return list(range(start_ms, end_ms, 20))


async def test_what_was_written_is_read_at_its_place(shelf: OpenShelf) -> None:
    spool = shelf().open("mic")
    write(spool, 1_000, 25_000)
    assert await kept(spool) == span(1_000, 25_000)
    assert await kept(spool, 9_960, 11_100) == span(9_960, 11_100)
    assert [start_ms for start_ms, _ in await spool.read(0, 10**9)] == [1_000]


async def test_sound_that_jumps_is_read_in_pieces(shelf: OpenShelf) -> None:
    spool = shelf().open("mic")
    write(spool, 0, 1_000)
    write(spool, 5_000, 5_060)
    write(spool, 60_000, 61_000)
    pieces = await spool.read(500, 60_500)
    assert [start_ms for start_ms, _ in pieces] == [500, 5_000, 60_000]
    assert positions(pieces) == span(500, 1_000) + span(5_000, 5_060) + span(60_000, 60_500)


async def test_sound_may_be_written_and_read_in_turns(shelf: OpenShelf) -> None:
    spool = shelf().open("mic")
    for start_ms in range(0, 21_000, 700):
        write(spool, start_ms, start_ms + 700)
        assert await kept(spool, start_ms) == span(start_ms, start_ms + 700)
    assert await kept(spool) == span(0, 21_000)


async def test_streams_are_kept_apart(shelf: OpenShelf) -> None:
    together = shelf()
    mic, other = together.open("mic"), together.open("mic-2")
    write(mic, 0, 500)
    write(other, 200, 300)
    assert await kept(mic) == span(0, 500)
    assert await kept(other) == span(200, 300)


async def test_what_was_released_is_gone_and_its_files_too(shelf: OpenShelf, root: Path) -> None:
    spool = shelf().open("mic")
    write(spool, 0, 35_000)
    spool.release(21_020)
    assert await kept(spool) == span(21_020, 35_000)
    assert sorted(path.name for path in (root / str(TALK)).glob("*.pcm")) == [
        "mic-000000020000.pcm",
        "mic-000000030000.pcm",
    ]


async def test_beyond_the_limit_the_oldest_goes(shelf: OpenShelf) -> None:
    spool = shelf(limit_ms=25_000).open("mic")
    write(spool, 0, 47_000)
    assert await kept(spool) == span(30_000, 47_000)


async def test_the_next_engine_finds_what_was_left_and_not_released(shelf: OpenShelf) -> None:
    first = shelf()
    spool = first.open("mic")
    assert await spool.inherited() == []
    write(spool, 0, 12_000)
    write(spool, 20_000, 21_000)
    spool.release(4_020)
    await spool.close(keep=True)
    await first.close()

    spool = shelf().open("mic")
    write(spool, 21_000, 22_000)
    assert await spool.inherited() == [(4_020, 12_000), (20_000, 21_000)]
    assert await kept(spool) == span(4_020, 12_000) + span(20_000, 22_000)
    spool.release(20_500)
    assert await spool.inherited() == [(20_500, 21_000)]


async def test_a_talk_that_is_not_to_be_kept_leaves_nothing(shelf: OpenShelf, root: Path) -> None:
    opened = shelf()
    spool = opened.open("mic")
    write(spool, 0, 12_000)
    spool.release(300)
    await spool.close(keep=False)
    await spool.close(keep=False)
    await opened.close()
    assert [path.name for path in root.iterdir()] == ["lock"]


async def test_a_torn_file_is_cut_and_a_strange_one_passed_over(shelf: OpenShelf, root: Path) -> None:
    folder = root / str(TALK)
    folder.mkdir(parents=True)
    first = shelf()
    spool = first.open("mic")
    write(spool, 0, 11_000)
    await spool.close(keep=True)
    await first.close()
    os.truncate(folder / "mic-000000010000.pcm", 5 * 640 + 333)
    (folder / "mic-000000020000.pcm").symlink_to("/etc/passwd")
    os.mkfifo(folder / "mic-000000030000.pcm")
    (folder / "mic-000000040000.pcm").write_bytes(b"")
    (folder / "mic-000000000500.pcm").write_bytes(bytes(6400))
    (folder / "mic-x.pcm").write_bytes(bytes(6400))
    (folder / "mic.released").write_text("soon")

    spool = shelf().open("mic")
    assert await spool.inherited() == [(0, 10_100)]
    assert await kept(spool) == span(0, 10_100)


async def test_only_the_owner_can_read_it_whatever_the_umask_is(shelf: OpenShelf, root: Path) -> None:
    before = os.umask(0)
    try:
        spool = shelf().open("mic")
        write(spool, 0, 12_000)
        spool.release(500)
        await kept(spool)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*") if path.is_file()}
    assert modes == {0o600}
    folders = (root.parent, root, root / str(TALK))
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


async def test_a_file_that_is_there_already_is_not_written_into(
    shelf: OpenShelf, root: Path, failures: list[SentraError], tmp_path: Path
) -> None:
    opened = shelf()
    spool = opened.open("mic")
    await spool.inherited()
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (root / str(TALK) / "mic-000000000000.pcm").symlink_to(victim)
    write(spool, 0, 1_000)
    assert await kept(spool) == []
    assert victim.read_text() == "mine"
    assert len(failures) == 1


async def test_talks_that_nobody_goes_on_with_are_removed_after_a_day(shelf: OpenShelf, root: Path) -> None:
    yesterday = time.time() - 25 * 3600
    for talk, changed_at in (("111", yesterday), ("222", time.time()), ("notes", yesterday), ("333", yesterday)):
        folder = root / talk
        folder.mkdir(parents=True)
        (folder / "mic-000000000000.pcm").write_bytes(bytes(640))
        os.utime(folder / "mic-000000000000.pcm", (changed_at, changed_at))
        os.utime(folder, (changed_at, changed_at))
    with _holding(root, 333):
        await shelf().open("mic").inherited()
    assert {path.name for path in root.iterdir()} == {"222", "333", "notes", str(TALK), "lock"}


async def test_one_process_at_a_time_keeps_a_talk(shelf: OpenShelf, root: Path, failures: list[SentraError]) -> None:
    with _holding(root, TALK):
        spool = shelf().open("mic")
        write(spool, 0, 500)
        assert await kept(spool) == []
    assert "another sentra-tui" in str(failures[0])


async def test_a_disk_that_fails_is_told_of_once_and_tried_again(
    shelf: OpenShelf, root: Path, failures: list[SentraError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentra_tui.services.spool.spool_thread.RETRY_S", 0.0)
    root.parent.mkdir(parents=True)
    root.write_text("in the way")
    spool = shelf().open("mic")
    for start_ms in range(0, 2_000, 500):
        write(spool, start_ms, start_ms + 500)
        assert await kept(spool) == []
    root.unlink()
    write(spool, 2_000, 2_500)
    assert await kept(spool) == span(2_000, 2_500)
    assert len(failures) == 1


async def test_a_full_disk_loses_what_does_not_fit_and_nothing_else(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sentra_tui.services.spool.spool_thread.RETRY_S", 0.0)
    failures: list[SentraError] = []
    shelf = SpoolShelf(small_disk / "spool", TALK, limit_ms=900_000, on_failure=failures.append)
    try:
        spool = shelf.open("mic")
        for start_ms in range(0, 40_000, 1_000):
            write(spool, start_ms, start_ms + 1_000)
            await kept(spool, 0, 0)
        survived = await kept(spool)
        assert survived[: len(span(0, 10_000))] == span(0, 10_000)
        assert len(failures) == 1
        assert "No space left" in str(failures[0])
        spool.release(survived[-1])
        await kept(spool, 0, 0)
        write(spool, 50_000, 55_000)
        assert (await kept(spool))[-len(span(50_000, 55_000)) :] == span(50_000, 55_000)
    finally:
        await spool.close(keep=False)
        await shelf.close()


async def test_after_kill_9_everything_that_was_in_the_kernel_is_there(shelf: OpenShelf, root: Path) -> None:
    known_ms = 0
    for trial in range(8):
        command = [sys.executable, "-m", "tests.services.spool.writer", str(root), str(TALK)]
        writer = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert writer.stdout is not None
        for _ in range(trial % 7 + 1):
            known_ms = int(await asyncio.wait_for(writer.stdout.readline(), 30))
        writer.kill()
        for line in (await writer.stdout.read()).splitlines(keepends=True):
            known_ms = int(line) if line.endswith(b"\n") else known_ms
        await writer.wait()
        opened = shelf()
        spool = opened.open("mic")
        spans = await spool.inherited()
        assert spans[0][0] == 0
        assert spans[-1][1] >= known_ms
        await spool.close(keep=True)
        await opened.close()
    spool = shelf().open("mic")
    found = await kept(spool)
    assert found == span(0, found[-1] + 20)


class _holding:
    """Another process that works in a talk."""

    def __init__(self, root: Path, talk: int) -> None:
        root.mkdir(parents=True, exist_ok=True)
        code = (
            "import sys; from pathlib import Path; from sentra_tui.services.byte_locks import ByteLocks;"
            "print(ByteLocks(Path(sys.argv[1])).take(int(sys.argv[2])), flush=True); sys.stdin.read()"
        )
        self._command = [sys.executable, "-c", code, str(root / "lock"), str(talk)]

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == b"True"

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
