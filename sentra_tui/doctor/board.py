"""Where checks are asked, each with its deadline, and where their answers are put down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from sentra_tui.doctor.check import Check, Group, Outcome, State, check_of, failed, skipped
from sentra_tui.domain.errors import SentraError

Question = Awaitable[Outcome]


class Board:
    """The checks that were made, and those that are being made."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.checks: list[Check] = []
        self._asked_at: dict[tuple[Group, str], float] = {}
        self._monotonic = monotonic

    @property
    def waiting(self) -> list[str]:
        """The names of what is still asked."""
        return [name for _, name in self._asked_at]

    def begin(self, group: Group, name: str) -> None:
        """Say that this is being looked at."""
        self._asked_at[group, name] = self._monotonic()

    async def ask(self, group: Group, name: str, question: Question, deadline_s: float, late: str = "") -> bool:
        """Put down what `question` finds, and return whether one may go on from there: nothing failed.

        What goes wrong in it, and no answer within `deadline_s`, are findings, too; `late` is what helps then.
        """
        self.begin(group, name)
        try:
            async with asyncio.timeout(deadline_s):
                outcome = await question
        except TimeoutError:
            outcome = failed(f"No answer within {deadline_s:g} s.", late)
        except SentraError as error:
            outcome = failed(error.message, error.hint)
        except OSError as error:
            outcome = failed(f"{error.strerror or type(error).__name__}.")
        except Exception as error:  # noqa: BLE001  the edge of a check: the others are made all the same
            outcome = failed(f"This could not be looked at ({type(error).__name__}).", "Please report it.")
        return self.note(group, name, outcome)

    def note(self, group: Group, name: str, outcome: Outcome, took_ms: int | None = None) -> bool:
        """Put an outcome down, with how long it took where that is known elsewhere; return like `ask`."""
        now = self._monotonic()
        asked_at = self._asked_at.pop((group, name), now)
        self.checks.append(
            check_of(name, group, outcome, round(1000 * (now - asked_at)) if took_ms is None else took_ms)
        )
        return outcome.state is not State.FAILED

    def skip(self, group: Group, reason: str, *names: str) -> None:
        """Put down that nobody looks at `names`, for one reason."""
        for name in names:
            self.note(group, name, skipped(reason))

    def give_up(self, fix: str) -> None:
        """Put down that what is still asked did not answer."""
        for group, name in list(self._asked_at):
            self.note(group, name, failed("No answer in time.", fix))
