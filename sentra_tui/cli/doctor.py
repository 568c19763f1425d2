"""What `sentra-tui doctor` prints."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Mapping

import click

from sentra_tui.doctor.board import Board
from sentra_tui.doctor.examination import Wishes, examine
from sentra_tui.doctor.report import exit_status, report_json, report_text

PROGRESS_AFTER_S, PROGRESS_EACH_S = 1.0, 0.2
_WIDEST = 120


def run_doctor(wishes: Wishes, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Look at everything, print what was found, and return the exit status."""
    board = Board()
    asyncio.Runner().run(_examine(board, wishes, environ))  # never closed: what hangs holds its threads
    if as_json:
        click.echo(report_json(board.checks))
    else:
        width = min(_WIDEST, shutil.get_terminal_size((100, 24)).columns)
        colours = sys.stdout.isatty() and not environ.get("NO_COLOR")
        text = report_text(board.checks, width, signs=_shows_signs(), colours=colours)
        encoding = sys.stdout.encoding or "ascii"
        click.echo(text.encode(encoding, "replace").decode(encoding), color=colours)
    return exit_status(board.checks)


async def _examine(board: Board, wishes: Wishes, environ: Mapping[str, str]) -> None:
    telling = asyncio.create_task(_tell_progress(board)) if sys.stderr.isatty() else None
    try:
        await examine(board, wishes, environ, _terminal_size(), sys.stdout.encoding or "ascii")
    finally:
        if telling is not None:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)


async def _tell_progress(board: Board) -> None:
    """Say on standard error what is still waited for, on one line that goes away again."""
    await asyncio.sleep(PROGRESS_AFTER_S)
    try:
        while True:
            width = shutil.get_terminal_size().columns - 1
            line = f"Looking at {', '.join(board.waiting)}"[:width]
            click.echo(f"\r\x1b[K{line}", err=True, nl=False)
            await asyncio.sleep(PROGRESS_EACH_S)
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)


def _terminal_size() -> os.terminal_size | None:
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(sys.stdout.fileno())
    return None


def _shows_signs() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
