"""Checks that hang, break or raise are findings like any other."""

from __future__ import annotations

import asyncio
import os
import threading

from sentra_tui.doctor.board import Board
from sentra_tui.doctor.check import Group, Outcome, State, ok, warning
from sentra_tui.doctor.machine import libraries, network, python, terminal
from sentra_tui.doctor.off_loop import off_loop
from sentra_tui.domain.errors import ConfigError

WIDE = os.terminal_size((120, 40))


async def well() -> Outcome:
    return warning("bent \x1b[31m name", "mend\nit")


async def refused() -> Outcome:
    raise ConfigError("It is wrong.", hint="Mend it.")


async def broken() -> Outcome:
    raise ZeroDivisionError


async def test_what_a_check_finds_raises_or_fails_to_find_is_put_down_in_one_clean_line() -> None:
    board = Board()
    assert await board.ask(Group.FILES, "well", well(), 5)
    assert not await board.ask(Group.FILES, "refused", refused(), 5)
    assert not await board.ask(Group.FILES, "broken", broken(), 5)
    assert not await board.ask(Group.FILES, "late", asyncio.sleep(60, ok("")), 0.05, "Wait.")
    told = {check.name: check for check in board.checks}
    assert (told["well"].found, told["well"].fix) == ("bent ␛[31m name", "mend it")
    assert (told["refused"].found, told["refused"].fix) == ("It is wrong.", "Mend it.")
    assert "ZeroDivisionError" in told["broken"].found
    assert (told["late"].state, told["late"].fix) == (State.FAILED, "Wait.")


async def test_a_thread_that_hangs_holds_nobody_up() -> None:
    held = threading.Event()
    board = Board()
    try:
        assert not await board.ask(Group.FILES, "disk", off_loop(lambda: ok(str(held.wait(60)))), 0.1)
    finally:
        held.set()


def test_terminals_are_told_by_what_they_can_show() -> None:
    good = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    assert terminal(good, WIDE, "utf-8").state is State.OK
    assert terminal(good, os.terminal_size((40, 10)), "UTF-8").state is State.WARNING
    assert "LANG" in terminal(good, WIDE, "ascii").fix
    assert terminal({"TERM": "dumb"}, WIDE, "utf-8").state is State.FAILED
    assert terminal(good, None, "utf-8").state is State.SKIPPED


def test_versions_are_told_and_what_is_missing_is_named() -> None:
    assert python().state is libraries().state is State.OK
    assert libraries(["no-such-library-here"]).state is State.FAILED
    assert network().found
