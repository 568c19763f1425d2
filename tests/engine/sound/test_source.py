"""A stream's source: chosen, opened, watched, and changed for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FRAME_BYTES, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import AudioSource, Report, SourceReport
from sentra_tui.domain.source_spec import SourceSpec, parse_source
from sentra_tui.domain.state import SourceStatus
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.pumps import SourcePump
from sentra_tui.engine.sound.source import SourceDriver
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from tests.engine.peers import CountingMeter, LoopTransport, until

TONE = b"\x01\x10" * (FRAME_BYTES // 2)


class LiveSource:
    """Gives a tone until it is closed."""

    def __init__(self, label: str, report: Report) -> None:
        self.label = label
        self.report = report
        self.closed = False
        self.broken = False
        self.closing_s = 0.0

    async def frames(self) -> AsyncIterator[bytes]:
        while not self.closed:
            await asyncio.sleep(0.001)
            if self.broken:
                raise SourceError("It broke.", hint="Mend it.")
            yield TONE

    async def close(self) -> None:
        await asyncio.sleep(self.closing_s)
        self.closed = True


class Opener:
    """Opens every source but those that are missing."""

    def __init__(self, choice: str) -> None:
        self.choice = choice
        self.missing: set[str] = set()
        self.opened: list[LiveSource] = []

    @property
    def spec(self) -> SourceSpec:
        return parse_source(self.choice)

    def choose(self, choice: str) -> None:
        self.choice = choice

    async def open(self, report: Report) -> AudioSource:
        if self.choice in self.missing:
            raise SourceError("There is none.", hint="Plug one in.")
        assert all(source.closed for source in self.opened), "a device must be let go of before the next is opened"
        self.opened.append(LiveSource(self.choice, report))
        return self.opened[-1]


class Stage:
    """A driver with all that it needs, on a stream called mic."""

    def __init__(self) -> None:
        self.store = Store()
        self.store.publish(c.StreamAdded("mic"))
        self.tasks = TaskOwner()
        self.opener = Opener("device")
        self.transport = LoopTransport()
        self.kinds: list[SourceSpec] = []
        context = EngineContext(self.tasks, lambda: 7, self.store.publish)
        self.pump = SourcePump("mic", CountingMeter(), lambda: 7, self.store.publish)
        self.pump.transport = self.transport
        self.failures = 0
        self.driver = SourceDriver(
            "mic", self.opener, self.pump, asyncio.Event(), self.kinds.append, self.fail, context
        )

    def fail(self) -> None:
        self.failures += 1

    @property
    def source(self) -> object:
        stream = self.store.state.stream("mic")
        assert stream is not None
        return stream.source

    async def opened(self, count: int) -> LiveSource:
        await until(lambda: len(self.opener.opened) == count)
        return self.opener.opened[-1]

    def reads(self, **facts: object) -> bool:
        return all(getattr(self.source, name) == fact for name, fact in facts.items())


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.tasks.close()


async def test_a_live_source_is_carried_at_once(stage: Stage) -> None:
    stage.driver.start()
    await until(lambda: TONE in stage.transport.heard)
    assert stage.reads(choice="device", label="device", status=SourceStatus.OPEN)
    assert stage.kinds == [parse_source("device")]


async def test_another_source_is_opened_when_the_first_is_let_go_of(stage: Stage) -> None:
    stage.driver.start()
    first = await stage.opened(1)
    stage.driver.choose("device:Desk")
    await stage.opened(2)
    assert first.closed
    await until(lambda: stage.reads(choice="device:Desk", label="device:Desk"))


async def test_choices_in_quick_succession_end_with_the_last(stage: Stage) -> None:
    stage.driver.start()
    for number in range(10):
        stage.driver.choose(f"device:{number}")
        await asyncio.sleep(0.0005 * number)
    await until(lambda: stage.reads(label="device:9"))
    assert [source.closed for source in stage.opener.opened[:-1]] == [True] * (len(stage.opener.opened) - 1)


async def test_a_slow_device_is_let_go_of_before_the_last_of_two_choices_is_opened(
    stage: Stage,
) -> None:
    stage.driver.start()
    first = await stage.opened(1)
    first.closing_s = 0.1
    stage.driver.choose("device:1")
    await asyncio.sleep(0.01)
    stage.driver.choose("device:2")
    await until(lambda: stage.reads(label="device:2"))
    assert first.closed
    assert len(stage.opener.opened) == 2


async def test_a_source_that_cannot_be_opened_leaves_the_call_in_silence(stage: Stage) -> None:
    stage.opener.missing.add("device")
    stage.driver.start()
    await until(lambda: stage.reads(status=SourceStatus.FAILED, cause="There is none. Plug one in."))
    await until(lambda: SILENCE in stage.transport.heard)
    assert (stage.failures, stage.kinds) == (1, [])


async def test_a_source_that_breaks_is_told_and_the_call_hears_silence(stage: Stage) -> None:
    stage.driver.start()
    source = await stage.opened(1)
    source.broken = True
    await until(lambda: stage.reads(status=SourceStatus.FAILED, cause="It broke. Mend it."))
    assert (source.closed, stage.failures) == (True, 1)
    stage.transport.heard.clear()
    await until(lambda: len(stage.transport.heard) > 2)
    assert set(stage.transport.heard) == {SILENCE}


async def test_a_source_that_failed_is_opened_again_on_request(stage: Stage) -> None:
    stage.opener.missing.add("device")
    stage.driver.start()
    await until(lambda: stage.reads(status=SourceStatus.FAILED))
    stage.opener.missing.clear()
    stage.driver.retry()
    await until(lambda: stage.reads(status=SourceStatus.OPEN, cause=""))


async def test_what_a_source_reports_is_told_once_and_taken_back(stage: Stage) -> None:
    told: list[c.Change] = []
    stage.store.subscribe(told.append)
    stage.driver.start()
    source = await stage.opened(1)
    for _ in range(3):
        source.report(SourceReport(Trouble.GONE, "It was unplugged. Press d to choose another."))
    assert stage.reads(trouble=Trouble.GONE, advice="It was unplugged. Press d to choose another.")
    source.report(SourceReport(label="Desk"))
    assert stage.reads(trouble=Trouble.NONE, advice="", label="Desk")
    assert len([change for change in told if isinstance(change, c.SourceTroubled)]) == 2


async def test_the_trouble_of_one_source_is_not_told_of_the_next(stage: Stage) -> None:
    stage.driver.start()
    source = await stage.opened(1)
    source.report(SourceReport(Trouble.CLIPPING, "Turn it down."))
    stage.driver.choose("device:Desk")
    await stage.opened(2)
    assert stage.reads(trouble=Trouble.NONE)


@pytest.mark.parametrize("switch", ["muted", "off_record"])
async def test_no_sound_of_a_shut_stream_waits_inside_for_the_moment_it_opens(stage: Stage, switch: str) -> None:
    waiting = [SILENCE] * 5

    def late(frame: bytes) -> bytes:
        waiting.append(frame)
        return waiting.pop(0)

    tapped: list[bytes] = []
    stage.pump.clean = late
    stage.pump.taps.append(tapped.append)
    setattr(stage.pump, switch, True)
    stage.driver.start()
    await until(lambda: len(stage.transport.heard) > 20)
    shut_until = len(stage.transport.heard)
    setattr(stage.pump, switch, False)
    await until(lambda: TONE in stage.transport.heard)
    assert stage.transport.heard.index(TONE) >= shut_until + 5
    assert set(stage.transport.heard[:shut_until]) == {SILENCE}
    assert tapped == stage.transport.heard
