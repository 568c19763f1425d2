"""Programs that write sound for us: faster, slower, one after the other, or not at all."""

from __future__ import annotations

import os
import pty
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from sentra_tui.domain.audio import FRAME_BYTES, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import AudioSource, SourceReport
from sentra_tui.services.audio.pace import Pace
from sentra_tui.services.audio.pipes.pipe import Fifo, StandardInput
from sentra_tui.services.audio.pipes.pipe_source import PREBUFFER_FRAMES, STALLED_FRAMES, PipeSource
from sentra_tui.services.audio.sources import open_source
from tests.services.audio.wav_files import chunk, fmt, riff

pytestmark = pytest.mark.skipif(os.name != "posix", reason="FIFOs of POSIX")


async def at_once(_: float) -> None:
    return


def frame(number: int) -> bytes:
    return bytes([number, 1]) * (FRAME_BYTES // 2)


def sound(count: int, first: int = 1) -> bytes:
    return b"".join(frame(number) for number in range(first, first + count))


class Listener:
    """Takes frames one at a time, without waiting for real time, and keeps the reports."""

    def __init__(self, source: AudioSource, reports: list[SourceReport]) -> None:
        self.source = source
        self.reports = reports
        self._frames = source.frames()

    async def take(self, count: int) -> list[bytes]:
        return [await anext(self._frames) for _ in range(count)]

    async def rest(self) -> list[bytes]:
        return [frame async for frame in self._frames]

    def troubles(self) -> list[Trouble]:
        return [report.trouble for report in self.reports]


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "talk.fifo"
    os.mkfifo(path)
    return path


@pytest.fixture
async def listener(fifo: Path) -> AsyncIterator[Listener]:
    reports: list[SourceReport] = []
    source = PipeSource(Fifo(fifo), reports.append, pace=Pace(sleep=at_once))
    listener = Listener(source, reports)
    assert await listener.take(1) == [SILENCE]  # it is open from now on
    yield listener
    await source.close()


@pytest.fixture
def write(fifo: Path) -> Iterator[Callable[[bytes], None]]:
    """Return what writes as one program does, which stays."""
    writers: list[int] = []

    def put(data: bytes) -> None:
        if not writers:
            writers.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        os.write(writers[0], data)

    yield put
    for writer in writers:
        os.close(writer)


def write_and_go(fifo: Path, data: bytes) -> None:
    writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    os.write(writer, data)
    os.close(writer)


async def test_until_somebody_writes_there_is_silence_and_it_is_said(listener: Listener, fifo: Path) -> None:
    assert await listener.take(30) == [SILENCE] * 30
    assert listener.troubles() == [Trouble.GONE]
    assert listener.reports[0].advice == "Nobody writes into talk.fifo: start what feeds it."
    write_and_go(fifo, sound(5))
    assert b"".join(await listener.take(5)) == sound(5)
    assert listener.troubles() == [Trouble.GONE, Trouble.NONE]


async def test_when_a_writer_goes_another_may_come_and_write_another_kind_of_sound(
    listener: Listener, fifo: Path
) -> None:
    write_and_go(fifo, sound(2) + frame(3)[:100])
    assert b"".join(await listener.take(3)) == sound(2) + frame(3)[:100].ljust(FRAME_BYTES, b"\0")
    assert await listener.take(2) == [SILENCE] * 2
    write_and_go(fifo, riff(fmt(rate_hz=48_000), chunk(b"data", sound(4, 7))))
    assert b"".join(await listener.take(4)) == sound(4, 7)
    assert await listener.take(1) == [SILENCE]
    assert listener.troubles() == [Trouble.GONE, Trouble.NONE] * 2 + [Trouble.GONE]


async def test_one_file_after_the_other_without_a_pause_is_heard_as_such(listener: Listener, fifo: Path) -> None:
    for first in (1, 11):
        write_and_go(fifo, riff(fmt(rate_hz=48_000), chunk(b"data", sound(3, first))))
    assert b"".join(await listener.take(6)) == sound(3) + sound(3, 11)


async def test_a_writer_that_falls_silent_is_stalled_after_half_a_second(
    listener: Listener, write: Callable[[bytes], None]
) -> None:
    write(sound(PREBUFFER_FRAMES))
    assert b"".join(await listener.take(PREBUFFER_FRAMES)) == sound(PREBUFFER_FRAMES)
    await listener.take(STALLED_FRAMES - 1)
    assert listener.troubles() == [Trouble.GONE, Trouble.NONE]
    await listener.take(1)
    assert listener.troubles()[2:] == [Trouble.STALLED]
    write(sound(PREBUFFER_FRAMES))
    await listener.take(1)
    assert listener.troubles()[2:] == [Trouble.STALLED, Trouble.NONE]


async def test_sound_that_comes_unevenly_waits_until_there_is_a_little_of_it(
    listener: Listener, write: Callable[[bytes], None]
) -> None:
    write(sound(1))
    assert await listener.take(5) == [SILENCE] * 5
    write(sound(PREBUFFER_FRAMES - 1, 2))
    assert b"".join(await listener.take(PREBUFFER_FRAMES)) == sound(PREBUFFER_FRAMES)


async def test_a_writer_faster_than_real_time_is_made_to_wait(
    listener: Listener, fifo: Path, write: Callable[[bytes], None]
) -> None:
    write(sound(1))
    written = 1
    with pytest.raises(BlockingIOError):
        while written < 1_000:
            write(frame(7))
            written += 1
    await listener.take(100)
    assert written < 100


async def test_real_time_is_kept(fifo: Path) -> None:
    waits: list[float] = []

    async def sleep(wait_s: float) -> None:
        waits.append(wait_s)

    source = PipeSource(Fifo(fifo), pace=Pace(clock=lambda: 5.0, sleep=sleep))
    await Listener(source, []).take(4)
    await source.close()
    assert [round(wait_s, 3) for wait_s in waits] == [0.0, 0.02, 0.04, 0.06]


async def test_a_writer_that_never_stops_writing_what_is_no_sound_holds_up_nobody() -> None:
    class Flood:
        name, comes_back = "flood", True

        def __init__(self) -> None:
            self.left = 200_000_000
            self._head = riff(fmt(rate_hz=48_000), chunk(b"data", sound(5)))

        def read(self, count: int) -> bytes:
            assert self.left > 0, "it is read without an end"
            self.left -= count
            head, self._head = self._head, b""
            return head or bytes(count)

        def close(self) -> None:
            return

    source = PipeSource(Flood(), pace=Pace(sleep=at_once))
    frames = source.frames()
    taken = [await anext(frames) for _ in range(8)]
    assert taken == [*map(frame, range(1, 6)), *[SILENCE] * 3]
    await source.close()


async def test_closing_ends_the_frames(listener: Listener) -> None:
    await listener.take(1)
    await listener.source.close()
    await listener.source.close()
    assert await listener.rest() == []


async def test_something_else_than_sound_ends_it_with_words(listener: Listener, fifo: Path) -> None:
    write_and_go(fifo, b"OggS" + bytes(100))
    with pytest.raises(SourceError, match=r"talk\.fifo is an Ogg file"):
        await listener.take(1)


async def test_standard_input_ends_with_its_last_byte() -> None:
    reader, writer = os.pipe()
    source = PipeSource(StandardInput(reader), pace=Pace(sleep=at_once))
    try:
        os.write(writer, sound(3))
        listener = Listener(source, [])
        assert b"".join(await listener.take(3)) == sound(3)
        assert await listener.take(2) == [SILENCE] * 2
        os.write(writer, frame(9))
        os.close(writer)
        assert await listener.rest() == [frame(9)]
    finally:
        await source.close()
        os.close(reader)


async def test_standard_input_is_for_one_stream_at_a_time() -> None:
    reader, writer = os.pipe()
    first = StandardInput(reader)
    with pytest.raises(SourceError, match="another stream's source already"):
        StandardInput(reader)
    first.close()
    first.close()
    StandardInput(reader).close()
    os.close(reader)
    os.close(writer)


def test_a_terminal_is_no_sound() -> None:
    controller, terminal = pty.openpty()
    with pytest.raises(SourceError, match="Standard input is a terminal"):
        StandardInput(terminal)
    os.close(controller)
    os.close(terminal)


async def test_a_fifo_is_opened_by_its_path(fifo: Path) -> None:
    reports: list[SourceReport] = []
    source = await open_source(str(fifo), pace=Pace(sleep=at_once), report=reports.append)
    assert source.label == "talk.fifo"
    await Listener(source, reports).take(1)
    await source.close()
    assert [report.trouble for report in reports] == [Trouble.GONE]


async def test_standard_input_is_refused_where_it_carries_something_else() -> None:
    with pytest.raises(SourceError) as refused:
        await open_source("-")
    assert refused.value.message == "Standard input is in use: keys or actions come from there."
    assert "mkfifo" in refused.value.hint
