"""Recording is off until it is asked for, and what is wrong with it is said once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import Recorder
from sentra_tui.domain.state import Severity
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.recording import RecordingDriver
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner

FULL = SourceError("The disk is full.", hint="Make room.")


class ListRecorder:
    """A recorder into a list."""

    def __init__(self, stream: str, on_file: Callable[[str], None], on_failure: Callable[[SourceError], None]) -> None:
        self.path = f"/recordings/{stream}.wav"
        self.stream = stream
        self._on_file = on_file
        self.fail = on_failure
        self.written: list[bytes] = []
        self.closed = False

    def begin(self) -> None:
        self._on_file(self.path)

    def write(self, frame: bytes) -> None:
        self.written.append(frame)

    async def close(self) -> None:
        self.closed = True


class Studio:
    """A store, its recording driver, and all recorders that it opened."""

    def __init__(self) -> None:
        self.store = Store()
        self.changes: list[c.Change] = []
        self.store.subscribe(self.changes.append)
        self.tasks = TaskOwner()
        self.recorders: list[ListRecorder] = []
        self.refusal: SourceError | None = None
        self.driver = RecordingDriver(self._open, self.store, EngineContext(self.tasks, lambda: 7, self.store.publish))

    def _open(self, stream: str, on_file: Callable[[str], None], on_failure: Callable[[SourceError], None]) -> Recorder:
        if self.refusal is not None:
            raise self.refusal
        recorder = ListRecorder(stream, on_file, on_failure)
        self.recorders.append(recorder)
        return recorder

    def ask(self, on: bool) -> None:
        self.store.dispatch(a.SetRecording(on))

    def notices(self) -> list[c.Noticed]:
        return [change for change in self.changes if isinstance(change, c.Noticed)]

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@pytest_asyncio.fixture
async def studio() -> AsyncIterator[Studio]:
    studio = Studio()
    yield studio
    await studio.driver.close()
    await studio.tasks.close()


async def test_nothing_is_recorded_until_it_is_asked_for(studio: Studio) -> None:
    studio.driver.hear("mic", b"a")
    assert not studio.recorders
    assert not studio.store.state.recording.on


async def test_each_stream_goes_into_a_file_of_its_own_from_its_first_frame_on(studio: Studio) -> None:
    studio.ask(True)
    assert studio.store.state.recording.on
    assert not studio.recorders
    for stream, frame in (("mic", b"a"), ("speaker", b"b"), ("mic", b"c")):
        studio.driver.hear(stream, frame)
    assert [(recorder.stream, recorder.written) for recorder in studio.recorders] == [
        ("mic", [b"a", b"c"]),
        ("speaker", [b"b"]),
    ]
    for recorder in studio.recorders:
        recorder.begin()
    assert studio.store.state.recording.files == ("/recordings/mic.wav", "/recordings/speaker.wav")
    assert studio.store.state.recording.since_ms == 7


async def test_at_the_end_every_file_is_finished_and_it_is_said_where_they_are(studio: Studio) -> None:
    studio.ask(True)
    for stream in ("mic", "speaker"):
        studio.driver.hear(stream, b"a")
    for recorder in studio.recorders:
        recorder.begin()
    studio.ask(False)
    assert not studio.store.state.recording.on
    studio.driver.hear("mic", b"b")
    await studio.settle()
    assert all(recorder.closed and recorder.written == [b"a"] for recorder in studio.recorders)
    assert [notice.text for notice in studio.notices()] == ["Recorded in /recordings: mic.wav, speaker.wav."]


async def test_a_recording_of_nothing_is_said(studio: Studio) -> None:
    studio.ask(True)
    studio.ask(False)
    await studio.settle()
    assert [notice.text for notice in studio.notices()] == ["Nothing was recorded: no stream had sound."]


async def test_trouble_with_one_file_ends_all_and_is_said_once(studio: Studio) -> None:
    studio.ask(True)
    for stream in ("mic", "speaker"):
        studio.driver.hear(stream, b"a")
    for recorder in studio.recorders:
        recorder.begin()
    for recorder in studio.recorders:
        recorder.fail(FULL)
    await studio.settle()
    assert all(recorder.closed for recorder in studio.recorders)
    recording = studio.store.state.recording
    assert (recording.on, recording.cause) == (False, "The disk is full.")
    warnings = [notice for notice in studio.notices() if notice.severity is Severity.WARNING]
    assert [(notice.text, notice.hint) for notice in warnings] == [
        ("The recording stopped. The disk is full.", "Make room.")
    ]


async def test_a_recorder_that_cannot_be_opened_ends_the_recording(studio: Studio) -> None:
    studio.refusal = FULL
    studio.ask(True)
    studio.driver.hear("mic", b"a")
    studio.driver.hear("mic", b"a")
    assert studio.store.state.recording.cause == "The disk is full."
    assert len(studio.notices()) == 1
    await studio.settle()


async def test_a_file_that_fails_while_it_is_finished_is_said(studio: Studio) -> None:
    studio.ask(True)
    studio.driver.hear("mic", b"a")
    studio.ask(False)
    studio.recorders[0].fail(FULL)
    assert studio.notices()[0].text == "Its end is not recorded. The disk is full."
    assert studio.store.state.recording.cause == ""
    await studio.settle()


async def test_an_earlier_recording_says_nothing_about_a_later_one(studio: Studio) -> None:
    studio.ask(True)
    studio.driver.hear("mic", b"a")
    first = studio.recorders[0]
    studio.ask(False)
    studio.ask(True)
    first.begin()
    first.fail(FULL)
    assert studio.store.state.recording.on
    assert studio.store.state.recording.files == ()
    studio.driver.hear("mic", b"b")
    assert [recorder.written for recorder in studio.recorders] == [[b"a"], [b"b"]]
    await studio.settle()
    assert studio.notices()[0].text == "Recorded in /recordings: mic.wav."


async def test_closing_finishes_what_is_being_recorded(studio: Studio) -> None:
    studio.ask(True)
    studio.driver.hear("mic", b"a")
    await studio.driver.close()
    assert studio.recorders[0].closed
    assert not studio.store.state.recording.on
