"""What `sentra-tui bench` does: drives an engine on the demo talk, and tells what was measured on the way.

The provider is the local one, so everything is on this machine: its speed is in the figures, the network is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from itertools import cycle, islice
from pathlib import Path

import click

from sentra_tui.cli.bench_report import Figures
from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import ConnectStream, HangUp, SetVoice
from sentra_tui.domain.changes import Change
from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.state import Severity
from sentra_tui.link import EngineLink

STREAMS = ("mic", "speaker")
ARGUMENTS = ("--provider=local", *(f"--{stream}=demo" for stream in STREAMS), "--loop", "--new-talk")
START_MS, RESTART_MS = "start_ms", "restart_ms"
NAMES = (START_MS, *Metric, RESTART_MS)

_LIVE_S = 30.0
_CLOSED_S = 10.0
_AGED_S = 5.5
"""An engine that dies younger than five seconds is started again with a delay: that is not what is measured."""
_TURNS_S = 25.0
_PER_RESTART = 4
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Part(StrEnum):
    """What can be measured."""

    START = "start"
    """Opening the program until both calls stand."""
    DIAL = "dial"
    """Hanging up and calling again; not the first calls, which wait for the provider's start."""
    TURNS = "turns"
    """From the end of speech to the turn's end, its words, and its answer, spoken."""
    RESTART = "restart"
    """Killing the engine until both calls stand again."""
    QUALITY = "quality"
    """Round trip, jitter, loss, playout."""


_QUALITY = frozenset(
    {
        Metric.ROUND_TRIP_MS,
        Metric.JITTER_MS,
        Metric.LOSS_UP_SHARE,
        Metric.LOSS_DOWN_SHARE,
        Metric.PLAYOUT_MS,
        Metric.REPAIRED_SHARE,
        Metric.CONCEALED_SHARE,
    }
)


class CannotMeasure(Exception):
    """The engine did not do what is measured; the message says what, in one line."""


class Bench:
    """Drives one engine, and puts what it measures into `figures`. `progress` is told what is done just now."""

    def __init__(
        self,
        link: EngineLink,
        parts: frozenset[Part],
        figures: Figures,
        progress: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.remarks: list[str] = []
        """What the engine had to say."""
        self._link = link
        self._parts = parts
        self._figures = figures
        self._progress = progress
        self._monotonic = monotonic
        self._live: set[str] = set()
        self._began_s = monotonic()
        self._dialling = False
        self._spoken = True
        self._trouble = ""
        self._news = asyncio.Event()

    async def run(self, trials: int) -> None:
        """Measure the parts, `trials` times each, a quarter as many restarts. Raises CannotMeasure."""
        async with self._reading():
            self._progress("start")
            await self._all_live()
            self._add(Part.START, START_MS, 1000 * (self._monotonic() - self._began_s))
            if Part.TURNS in self._parts or Part.QUALITY in self._parts:
                await self._talk(trials)
            if Part.DIAL in self._parts:
                await self._dial(trials)
            if Part.RESTART in self._parts:
                await self._restart(max(1, trials // _PER_RESTART))

    async def _talk(self, trials: int) -> None:
        """Let the talk go on, with spoken answers, for so many turns or 25 s."""
        self._link.send(SetVoice(True))
        until_s = self._monotonic() + _TURNS_S
        while self._monotonic() < until_s and not self._heard(trials):
            turns = self._figures.count(Metric.TURN_COMMIT_MS)
            self._progress(f"turns: {turns} heard, {until_s - self._monotonic():.0f} s left at most")
            self._check()
            await asyncio.sleep(0.25)
        self._link.send(SetVoice(False))

    def _heard(self, trials: int) -> bool:
        """Whether there were so many answers: spoken ones, where answers are spoken."""
        if Part.TURNS not in self._parts:
            return self._figures.count(Metric.ROUND_TRIP_MS) >= trials
        return self._figures.count(Metric.TURN_SOUND_MS if self._spoken else Metric.TURN_EVENT_MS) >= trials

    async def _dial(self, trials: int) -> None:
        self._dialling = True
        for number, stream in enumerate(islice(cycle(STREAMS), trials), 1):
            self._progress(f"dial {number} of {trials}")
            self._link.send(HangUp(stream))
            await self._until(lambda stream=stream: stream not in self._live, _CLOSED_S, "hang up")  # type: ignore[misc]
            self._link.send(ConnectStream(stream))
            await self._all_live()
        self._dialling = False

    async def _restart(self, trials: int) -> None:
        for number in range(1, trials + 1):
            self._progress(f"restart {number} of {trials}")
            await asyncio.sleep(max(0.0, self._began_s + _AGED_S - self._monotonic()))
            self._check()
            pid = self._link.pid
            if pid is None:
                raise CannotMeasure("The engine is not there to be killed.")
            killed_s = self._monotonic()
            os.kill(pid, _KILL)
            await self._until(lambda: not self._live, _CLOSED_S, "end")
            await self._all_live()
            self._add(Part.RESTART, RESTART_MS, 1000 * (self._monotonic() - killed_s))

    async def _all_live(self) -> None:
        await self._until(lambda: self._live.issuperset(STREAMS), _LIVE_S, "call the local provider")

    async def _until(self, reached: Callable[[], bool], deadline_s: float, what: str) -> None:
        try:
            async with asyncio.timeout(deadline_s):
                while not reached():
                    self._check()
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise CannotMeasure(f"The engine did not {what} within {deadline_s:g} s.") from None

    def _check(self) -> None:
        if self._trouble:
            raise CannotMeasure(self._trouble)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[None]:
        reading = asyncio.create_task(self._read(), name="bench: changes")
        try:
            yield
        finally:
            await self._link.close()
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading

    async def _read(self) -> None:
        async for change in self._link.changes():
            self._take(change)
            self._news.set()
        self._trouble = self._trouble or "The engine ended."
        self._news.set()

    def _take(self, change: Change) -> None:
        match change:
            case c.EngineStarted():
                self._began_s = self._monotonic() if self._figures.count(START_MS) else self._began_s
            case c.EngineLost():
                self._live.clear()
            case c.StreamConnected(stream=stream):
                self._live.add(stream)
                self._add(Part.DIAL, Metric.DIAL_MS, change.dial_ms)
            case c.StreamClosed(stream=stream) | c.StreamReconnecting(stream=stream):
                self._live.discard(stream)
            case c.StreamFailed(cause=cause, hint=hint):
                self._trouble = f"{cause} {hint}".strip()
            case c.VoiceChanged(on=on):
                self._spoken = on
            case c.Noticed(severity=Severity.WARNING | Severity.ERROR):
                self.remarks.append(f"{change.text} {change.hint}".strip())
            case c.MetricMeasured(metric=metric, value=value) if metric is not Metric.DIAL_MS:
                self._add(_part(metric), metric, value)

    def _add(self, part: Part, name: str, value: float) -> None:
        if part in self._parts and (part is not Part.DIAL or self._dialling):
            self._figures.add(name, value)


def _part(metric: Metric) -> Part:
    """Return to which part a metric belongs."""
    if metric in _QUALITY:
        return Part.QUALITY
    if metric.startswith("turn_"):
        return Part.TURNS
    return Part.DIAL if metric.startswith("dial_") else Part.RESTART


def run_bench(log_path: Path, parts: Sequence[str], trials: int, *, as_json: bool) -> int:
    """Measure `parts`, all where none is named; print what was measured, also where it was broken off.

    Return the exit status.
    """
    figures = Figures(NAMES)
    chosen = frozenset(Part(part) for part in parts) or frozenset(Part)
    bench = Bench(EngineLink(ARGUMENTS, log_path), chosen, figures, _progress)
    status = 0
    try:
        asyncio.run(bench.run(trials))
    except CannotMeasure as error:
        _clear_progress()
        click.echo(f"sentra-tui: {error} The log: {log_path}", err=True)
        status = 1
    except KeyboardInterrupt:
        status = 130
    _clear_progress()
    for remark in dict.fromkeys(bench.remarks):
        click.echo(f"sentra-tui: {remark}", err=True)
    click.echo("\n".join(figures.json_lines()) if as_json else figures.table())
    return status


def _progress(text: str) -> None:
    """Say what is done just now, on one line of a terminal that the next one replaces."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r\x1b[K{text[:width]}", err=True, nl=False)


def _clear_progress() -> None:
    _progress("")
