"""What an engine is started with, and the command line that says it to another process."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from msgspec import Struct

from sentra_tui.domain.provider_config import Transport


class EngineOptions(Struct, frozen=True, kw_only=True):
    """The choices of one run; what is None comes from the configuration file."""

    config: Path | None = None
    provider: str | None = None
    transport: Transport | None = None
    """The road of calls, where it is not the profile that says so."""
    mic: str | None = None
    speaker: str | None = None
    stream: tuple[str, ...] = ()
    """More streams, each as NAME=SOURCE."""
    output: str | None = None
    """Where answers are played; empty is the system's default."""
    headphones: bool = False
    """The user wears headphones, whatever the configuration says."""
    choices: Path | None = None
    """The file in which the user's choices of devices are remembered; None remembers none."""
    recordings: Path | None = None
    """The directory for recordings, where the configuration names none."""
    standard_input: bool = False
    """Standard input is free for sound: where a source is `-`, no actions are read."""
    loop: bool = False
    """Begin recordings again when they end."""
    idle: bool = False
    """Dial nothing at the start."""
    started_at: float | None = None
    """The wall clock at which the engine began whose place this one takes, seconds since 1970."""
    spent_usd: float = 0.0
    """What that engine had billed, in USD."""
    exit_at_end: bool = False
    """Quit when every recording has ended and its words have come."""
    stt_model: Path | None = None
    """A Whisper model directory, with which the local provider recognises."""
    journal: Path | None = None
    """The file in which talks are written down; None writes none."""
    spool: Path | None = None
    """The directory in which sound is kept until it is words; None keeps it in memory alone."""
    new_talk: bool = False
    """Begin a new talk, however young the last one is."""
    prices: Path | None = None
    """A table of prices that stands before the shipped one."""
    llm: str | None = None
    """An OpenAI-compatible endpoint that answers for the local provider."""
    llm_model: str | None = None
    log: Path | None = None
    """The file for the messages of processes that the engine starts."""


def parse(argv: list[str]) -> EngineOptions:
    """Return the options in `argv`; exits with status 2 when they are wrong."""
    parser = argparse.ArgumentParser(prog="python -m sentra_tui.engine")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--provider")
    parser.add_argument("--transport", choices=get_args(Transport))
    parser.add_argument("--mic")
    parser.add_argument("--speaker")
    parser.add_argument("--stream", action="append", default=[])
    parser.add_argument("--output")
    parser.add_argument("--headphones", action="store_true")
    parser.add_argument("--choices", type=Path)
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--loop", action="store_true")
    parser.add_argument("--idle", action="store_true")
    parser.add_argument("--started-at", type=float)
    parser.add_argument("--spent-usd", type=float, default=0.0)
    parser.add_argument("--exit-at-end", action="store_true")
    parser.add_argument("--stt-model", type=Path)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--spool", type=Path)
    parser.add_argument("--new-talk", action="store_true")
    parser.add_argument("--prices", type=Path)
    parser.add_argument("--llm")
    parser.add_argument("--llm-model")
    parser.add_argument("--log", type=Path)
    options = vars(parser.parse_args(argv))
    return EngineOptions(**{**options, "stream": tuple(options["stream"])})
