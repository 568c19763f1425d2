"""The machine that keeps a stream on its source, in a world where anything may happen in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.services.audio.live.snapshot import PulseSink, PulseSource, Snapshot, SourceOutput
from sentra_tui.services.audio.live.supervisor import (
    LAST_RETRY_S,
    REOPEN_S,
    STALL_S,
    VERIFY_S,
    Action,
    Step,
    Stream,
    Supervisor,
)
from sentra_tui.services.audio.live.target import Found, Target, find

MIC, USB, SPK, MONITOR = "mic", "usb", "spk", "spk.monitor"
LOOK_S = 0.25


@dataclass
class World:
    """A sound server, and the one who does what the supervisor says."""

    target: Target
    now: float = 0.0
    up: bool = True
    plugged: set[str] = field(default_factory=lambda: {MIC, USB, SPK})
    default_source: str = MIC
    suspended: set[str] = field(default_factory=set)
    opens: bool = True
    gives: bool = True
    stream: Stream | None = None
    on: int | None = None
    """Where the server has our stream."""
    shown: bool = True
    last: Step | None = None
    _indexes: dict[str, int] = field(default_factory=dict)
    _tokens: int = 0

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.target)

    def snapshot(self) -> Snapshot | None:
        if not self.up:
            return None
        sources = [
            PulseSource(self._index(name), name, name, suspended=name in self.suspended)
            for name in (MIC, USB)
            if name in self.plugged
        ]
        sinks = []
        if SPK in self.plugged:
            sinks.append(PulseSink(self._index(SPK), SPK, SPK, MONITOR))
            sources.append(PulseSource(self._index(MONITOR), MONITOR, MONITOR, monitor_of=SPK))
        outputs: tuple[SourceOutput, ...] = ()
        if self.stream is not None and self.on is not None and self.shown:
            outputs = (SourceOutput(1, self.on, self.stream.token),)
        default = next((each for each in (self.default_source, MIC, USB, MONITOR) if self._is_there(each)), "")
        return Snapshot("PulseAudio", default, SPK, tuple(sources), tuple(sinks), outputs)

    def step(self) -> Step:
        """Ask the supervisor once, and do what it says."""
        stream = self.stream
        if stream is not None and self.gives and self.on is not None:
            self.stream = stream = replace(stream, heard_at=self.now)
        snapshot = self.snapshot()
        step = self.last = self.supervisor.step(snapshot, stream, self.now)
        self.check(step, snapshot)
        if step.action is Action.CLOSE:
            self.stream, self.on = None, None
        elif step.action is Action.OPEN:
            assert step.source is not None
            if self.opens:
                self._tokens += 1
                self.stream = Stream(str(self._tokens), step.source, self.now)
                self.on = step.source.index
            else:
                self.supervisor.failed(Trouble.BUSY, "It is held.", self.now)
        return step

    def check(self, step: Step, snapshot: Snapshot | None) -> None:
        """Nothing passes that is not of the one source the target is, as the server says now."""
        if not step.passes:
            return
        assert snapshot is not None
        assert self.stream is not None
        found = find(self.target, snapshot)
        assert isinstance(found, Found)
        carried = snapshot.stream(self.stream.token)
        assert carried is not None
        assert carried.source == found.source.index == self.stream.source.index

    def unplug(self, name: str) -> None:
        self.plugged.discard(name)
        gone = {self._indexes.pop(name, None), self._indexes.pop(MONITOR, None) if name == SPK else None}
        if self.on in gone:
            # A server moves a stream to what is left, or ends it.
            snapshot = self.snapshot()
            self.on = snapshot.sources[0].index if snapshot is not None and snapshot.sources else None
            if self.on is None:
                self.end()

    def move(self, name: str) -> None:
        if self.stream is not None and self._is_there(name):
            self.on = self._index(name)

    def end(self) -> None:
        if self.stream is not None:
            self.stream = replace(self.stream, ended="It ended.")
        self.on = None

    def crash(self) -> None:
        self.up = False
        self._indexes.clear()
        self.end()

    def _is_there(self, name: str) -> bool:
        return (SPK if name == MONITOR else name) in self.plugged

    def _index(self, name: str) -> int:
        taken = self._indexes.setdefault("next", 0)
        if name not in self._indexes:
            self._indexes[name] = taken
            self._indexes["next"] = taken + 1
        return self._indexes[name]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            if self.step().action is Action.WAIT:
                self.now += LOOK_S


NAMES = st.sampled_from([MIC, USB, SPK])
EVENTS = st.one_of(
    st.tuples(st.just("unplug"), NAMES),
    st.tuples(st.just("plug"), NAMES),
    st.tuples(st.just("default"), st.sampled_from([MIC, USB, MONITOR])),
    st.tuples(st.just("move"), st.sampled_from([MIC, USB, MONITOR])),
    st.tuples(st.just("suspend"), st.sampled_from([MIC, USB])),
    st.tuples(st.just("resume"), st.sampled_from([MIC, USB])),
    st.tuples(
        st.sampled_from(["crash", "restart", "end", "hide", "show", "hold", "free", "mute", "speak"]), st.just("")
    ),
    st.tuples(st.just("wait"), st.sampled_from(["0.1", "1", "4"])),
)
TARGETS = st.sampled_from(
    [
        Target(DeviceKind.INPUT),
        Target(DeviceKind.INPUT, USB),
        Target(DeviceKind.MONITOR),
        Target(DeviceKind.MONITOR, SPK),
    ]
)


def set_to(name: str, value: bool) -> Callable[[World, str], object]:
    return lambda world, _: setattr(world, name, value)


HAPPENINGS: dict[str, Callable[[World, str], object]] = {
    "unplug": World.unplug,
    "plug": lambda world, name: world.plugged.add(name),
    "default": lambda world, name: setattr(world, "default_source", name),
    "move": World.move,
    "suspend": lambda world, name: world.suspended.add(name),
    "resume": lambda world, name: world.suspended.discard(name),
    "crash": lambda world, _: world.crash(),
    "restart": set_to("up", True),
    "end": lambda world, _: world.end(),
    "hide": set_to("shown", False),
    "show": set_to("shown", True),
    "hold": set_to("opens", False),
    "free": set_to("opens", True),
    "mute": set_to("gives", False),
    "speak": set_to("gives", True),
    "wait": lambda world, seconds: world.run(float(seconds)),
}


def happen(world: World, event: str, name: str) -> None:
    HAPPENINGS[event](world, name)


@given(TARGETS, st.lists(EVENTS, max_size=25))
def test_whatever_happens_nothing_unverified_passes_and_it_ends_up_open(
    target: Target, events: list[tuple[str, str]]
) -> None:
    world = World(target)
    for event, name in events:
        happen(world, event, name)
        world.step()
    for event, name in [("restart", ""), ("show", ""), ("free", ""), ("speak", ""), ("default", MIC)]:
        happen(world, event, name)
    world.plugged.update((MIC, USB, SPK))
    world.suspended.clear()
    world.run(VERIFY_S + REOPEN_S + 2 * LAST_RETRY_S + 1)
    last = world.step()
    assert (last.passes, last.trouble) == (True, Trouble.NONE)


def test_a_moved_stream_is_told_with_where_it_went_and_opened_again() -> None:
    world = World(Target(DeviceKind.INPUT))
    world.run(1)
    world.move(MONITOR)
    told = world.step()
    assert (told.trouble, told.passes, told.action) == (Trouble.MOVED, False, Action.CLOSE)
    assert MONITOR in told.advice
    world.run(1)
    assert world.last is not None
    assert world.last.trouble is Trouble.NONE


def test_a_default_that_changes_is_followed_without_trouble() -> None:
    world = World(Target(DeviceKind.INPUT))
    world.run(1)
    world.default_source = USB
    steps = [world.step() for _ in range(4)]
    assert {step.trouble for step in steps} == {Trouble.NONE}
    assert [step.action for step in steps[:2]] == [Action.CLOSE, Action.OPEN]
    assert (steps[-1].passes, steps[-1].label) == (True, USB)


def test_a_device_that_gives_nothing_is_stalled_then_opened_anew() -> None:
    world = World(Target(DeviceKind.INPUT))
    world.run(1)
    world.gives = False
    world.run(STALL_S + 2 * LOOK_S)
    assert world.last is not None
    assert (world.last.trouble, world.last.passes) == (Trouble.STALLED, True)
    first = world.stream
    world.run(REOPEN_S + 1)
    assert world.stream != first
    assert world.last.trouble is Trouble.STALLED


def test_a_device_that_another_program_holds_is_tried_ever_more_seldom() -> None:
    world = World(Target(DeviceKind.INPUT), opens=False)
    attempts = []
    for _ in range(60):
        if world.step().action is Action.OPEN:
            attempts.append(world.now)
        world.now += 0.1
    waits = [round(late - early, 1) for early, late in pairwise(attempts)]
    assert waits == sorted(waits)
    assert max(waits) <= LAST_RETRY_S + 0.1
    assert world.last is not None
    assert world.last.trouble is Trouble.BUSY
