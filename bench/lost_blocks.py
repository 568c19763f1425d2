"""Blackouts in the middle of counted speech: how many blocks of 100 ms are lost, doubled or out of order at the end.

Both streams talk before, during and after each blackout, over each road; what they say is blocks that carry numbers,
and the provider writes down the numbers that it hears. The longest blackout runs beside the shorter ones, which come
one after the other. `SENTRA_BENCH_BRIEF` in the environment leaves it out.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Sequence

from msgspec import Struct

from bench.lost_paths import ROADS, UTTERANCE_S, Said, lost_path
from bench.measurement import Measurement, Measurements, Request, progress
from bench.steady_moments import PATIENCE_S, engine_ms
from sentra_tui.domain.state import AppState
from tests.engine.process import EngineProcess
from tests.steady.tally import complete, numbers_in, tallies
from tests.steady.world import Road

GAPS_S = (2, 10, 60)
LONGEST_S = 300
BRIEF_VARIABLE = "SENTRA_BENCH_BRIEF"
SEED = 48
BEFORE_S, AFTER_S = 6.0, 20.0
LOOK_S = 0.1
STILL_S = 40.0
"""After so long without a new number none is waited for."""


class Outcome(Struct, frozen=True):
    """What became of the speech around one blackout."""

    road: Road
    gap_s: int
    blocks: int
    lost: int
    doubled: int
    misordered: int
    left_ms: int
    """How much sound the engine still had to write down when nobody waited any more."""
    whole_after_s: float | None
    """From the return of the path until all was written down that had been said before; None where it never was."""
    means: str

    @property
    def flaws(self) -> int:
        """How many blocks are not where they belong, once."""
        return self.lost + self.doubled + self.misordered

    @property
    def told(self) -> str:
        """It in a few words."""
        when = "never whole" if self.whole_after_s is None else f"whole after {self.whole_after_s:.1f} s"
        late = self.whole_after_s is None or self.whole_after_s > max(5.0, self.gap_s / 4)
        flaws = f", {self.lost} lost {self.doubled} doubled {self.misordered} misordered" if self.flaws else ""
        flaws += f", {self.left_ms / 1000:.0f} s not yet written down" if self.left_ms else ""
        return f"{self.road} {self.gap_s} s: {when}{' (late)' if late else ''}{flaws}"


def measure(request: Request) -> Measurements:
    """Return the sum over all blackouts."""
    brief = bool(os.environ.get(BRIEF_VARIABLE))
    outcomes = asyncio.run(_measure(brief))
    note = (
        f"{'; '.join(outcome.told for outcome in outcomes)}; goal for whole: 5 s, or a quarter of the blackout; "
        f"{outcomes[0].means}"
    )
    if brief:
        note += f"; {LONGEST_S} s left out, as {BRIEF_VARIABLE} is set"
    value = sum(outcome.flaws for outcome in outcomes)
    blocks = sum(outcome.blocks for outcome in outcomes)
    return {"blocks_lost_doubled_misordered": Measurement(value=value, n=blocks, note=note)}


async def _measure(brief: bool) -> list[Outcome]:
    short, longest = await asyncio.gather(
        _one_by_one(), asyncio.gather(*(blackout(road, LONGEST_S) for road in (() if brief else ROADS)))
    )
    return [*short, *longest]


async def _one_by_one() -> list[Outcome]:
    return [await blackout(road, gap_s) for gap_s in GAPS_S for road in ROADS]


async def blackout(road: Road, gap_s: int) -> Outcome:
    """Return what became of the speech around a blackout of this length."""
    utterances = round((BEFORE_S + gap_s + AFTER_S) / UTTERANCE_S)
    async with contextlib.AsyncExitStack() as stack:
        spool = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        path = await stack.enter_async_context(lost_path(SEED + gap_s))
        engine, said = await path.start(road, utterances, f"--spool={spool}/spool")
        try:
            await engine.until(lambda state: all(_read(state, stream) for stream in said))
            await asyncio.sleep(BEFORE_S)
            path.blackout()
            await asyncio.sleep(gap_s)
            path.heal()
            whole_after_s = await _watch(engine, said)
            left = engine.state.streams
        finally:
            await engine.stop()
        found = list(tallies(engine.state, said).values())
        outcome = Outcome(
            road=road,
            gap_s=gap_s,
            blocks=sum(map(len, said.values())),
            lost=sum(len(tally.lost) for tally in found),
            doubled=sum(len(tally.doubled) for tally in found),
            misordered=sum(len(tally.misordered) + len(tally.alien) for tally in found),
            left_ms=sum(stream.recovering_ms for stream in left),
            whole_after_s=whole_after_s,
            means=path.means,
        )
    progress(f"blocks: {outcome.told}")
    for stream, tally in zip(said, found, strict=True):
        if not tally.flawless:
            progress(f"blocks: {stream}: lost {tally.lost}, doubled {tally.doubled}, misordered {tally.misordered}")
    return outcome


async def _watch(engine: EngineProcess, said: Said) -> float | None:
    """Wait until all is written down, or nothing more seems to come; return when all of before this call was, in
    seconds since it.

    What is of before this call is known by the first words that were said after it, and not recovered.
    """
    healed_ms, began_s = engine_ms(engine), time.monotonic()
    firsts: dict[str, list[tuple[float, int]]] = {stream: [] for stream in said}
    newest, newest_s = 0, 0.0
    while not complete(engine.state, said):
        past_s = time.monotonic() - began_s
        for stream, numbers in said.items():
            firsts[stream].append((past_s, _first_missing(engine.state, stream, numbers)))
        read = sum(len(_read(engine.state, stream)) for stream in said)
        if read > newest:
            newest, newest_s = read, past_s
        elif past_s - newest_s > STILL_S or past_s > LONGEST_S + PATIENCE_S:
            break
        await asyncio.sleep(LOOK_S)
    for stream in said:
        firsts[stream].append((time.monotonic() - began_s, _first_missing(engine.state, stream, said[stream])))
    ends = {stream: _first_since(engine.state, stream, healed_ms) for stream in said}
    whole = [next((at_s for at_s, first in firsts[stream] if first >= ends[stream]), None) for stream in said]
    known = [at_s for at_s in whole if at_s is not None]
    return max(known) if len(known) == len(whole) else None


def _read(state: AppState, stream: str) -> set[int]:
    view = state.stream(stream)
    return set() if view is None else set(numbers_in(view.transcript))


def _first_missing(state: AppState, stream: str, said: Sequence[int]) -> int:
    """Return the first number that is not written down; one behind the last if all are."""
    read = _read(state, stream)
    return next((number for number in said if number not in read), said[-1] + 1)


def _first_since(state: AppState, stream: str, since_ms: int) -> int:
    """Return the first number that was said since then, and heard at once."""
    view = state.stream(stream)
    lines = [] if view is None else [line for line in view.transcript if line.start_ms >= since_ms]
    return min(numbers_in(line for line in lines if not line.recovered), default=0)
