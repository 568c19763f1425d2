"""All checks, side by side, in less than fifteen seconds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from msgspec import Struct

from sentra_tui.doctor import files, machine, sound
from sentra_tui.doctor.board import Board
from sentra_tui.doctor.check import Check, Group, Outcome, failed, ok
from sentra_tui.doctor.configuration import Chosen, choose, configuration, with_keys
from sentra_tui.doctor.off_loop import off_loop
from sentra_tui.doctor.provider import ORDER, ProviderExamination
from sentra_tui.domain.config import Config
from sentra_tui.domain.errors import ConfigError

DEADLINE_S = 13.5
_FILE_S = 5.0
_HANGS = "It hangs: a disk or a network that does not answer."
_CONFIGURATION, _PROVIDER = "configuration", "provider"
_ORDER = {
    Group.MACHINE: ("python", "libraries", "terminal", "network"),
    Group.SOUND: sound.NAMES,
    Group.PROVIDER: (_PROVIDER, *ORDER),
    Group.FILES: (_CONFIGURATION, "journal", "room", "recordings", "log", "spool"),
}
_LIVE = ("device", "loopback")


class Places(Struct, frozen=True):
    """Where our files are."""

    config: Path
    journal: Path
    recordings: Path
    log: Path
    spool: Path | None = None


class Wishes(Struct, frozen=True):
    """What is looked at: the places, and what the user asked for beyond them."""

    places: Places
    provider: str | None = None
    listen: bool = False


async def examine(
    board: Board,
    wishes: Wishes,
    environ: Mapping[str, str],
    size: os.terminal_size | None,
    encoding: str,
    deadline_s: float = DEADLINE_S,
) -> None:
    """Put all findings down on `board`, in order, within `deadline_s`; `size` and `encoding` are the terminal's."""
    said, config = configuration(wishes.places.config)
    board.note(Group.FILES, _CONFIGURATION, said)
    chosen = _choose(board, config, wishes.provider, environ)
    counting = config or Config()
    jobs: list[Awaitable[None]] = [
        _machine(board, environ, size, encoding),
        _files(board, wishes.places, counting),
        sound.examine_sound(board, _sources(counting, chosen, wishes.listen)),
    ]
    if chosen is not None:
        jobs.append(ProviderExamination(board, chosen, counting, environ).run())
    running = [asyncio.ensure_future(job) for job in jobs]
    await asyncio.wait(running, timeout=deadline_s)
    board.give_up(_HANGS)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    board.checks.sort(key=_place)


def _choose(board: Board, config: Config | None, wanted: str | None, environ: Mapping[str, str]) -> Chosen | None:
    """Return the provider to look at, and put it down; None where that cannot be known."""
    if config is None and not wanted:
        board.skip(Group.PROVIDER, "The configuration comes first.", _PROVIDER)
        return None
    config = config or Config()
    try:
        chosen = choose(config, wanted)
    except ConfigError as error:
        board.note(Group.PROVIDER, _PROVIDER, failed(error.message, error.hint))
        return None
    label = "" if chosen.by_url else chosen.profile.label
    found = f"{chosen.name} ({label})" if label not in ("", chosen.name) else chosen.name
    others = [] if wanted or config.provider else with_keys(config, environ)
    board.note(Group.PROVIDER, _PROVIDER, ok(f"{found}; for another: --provider {others[0]}" if others else found))
    return chosen


async def _machine(board: Board, environ: Mapping[str, str], size: os.terminal_size | None, encoding: str) -> None:
    looks: list[tuple[str, Callable[[], Outcome]]] = [
        ("python", machine.python),
        ("libraries", machine.libraries),
        ("terminal", partial(machine.terminal, environ, size, encoding)),
        ("network", machine.network),
    ]
    await asyncio.gather(*(board.ask(Group.MACHINE, name, off_loop(look), _FILE_S, _HANGS) for name, look in looks))


async def _files(board: Board, places: Places, config: Config) -> None:
    recordings = Path(config.recording.directory).expanduser() if config.recording.directory else places.recordings
    looks: list[tuple[str, Callable[[], Outcome]]] = [
        ("journal", partial(files.journal, places.journal, enabled=config.journal.enabled)),
        ("room", partial(files.room, places.journal.parent)),
        ("recordings", partial(files.directory, recordings)),
        ("log", partial(files.directory, places.log.parent)),
    ]
    if places.spool is not None:
        looks.append(("spool", partial(files.directory, places.spool)))
    await asyncio.gather(*(board.ask(Group.FILES, name, off_loop(look), _FILE_S, _HANGS) for name, look in looks))


def _sources(config: Config, chosen: Chosen | None, listen: bool) -> sound.Sources:
    needed = listen or _needs_devices(config, chosen)
    return sound.Sources(config.mic.source, config.speaker.source, listen=listen, needed=needed)


def _needs_devices(config: Config, chosen: Chosen | None) -> bool:
    """Return whether the user's choices want a sound device: the local provider has a demo talk of its own."""
    sources = [stream.source for stream in (config.mic, config.speaker, *config.streams.values())]
    usual = chosen is not None and not chosen.is_local
    return any(source.startswith(_LIVE) or (usual and not source) for source in sources)


def _place(check: Check) -> tuple[int, int]:
    names = _ORDER[check.group]
    return list(Group).index(check.group), names.index(check.name) if check.name in names else len(names)
