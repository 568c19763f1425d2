from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from sentra_tui.domain.changes import Change
from sentra_tui.ui.app import SentraApp
from sentra_tui.ui.options import AppOptions, ProviderChoice
from tests.ui.replay import ReplayLink


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Stage:
    """A running app, its keys, and the link that feeds it."""

    def __init__(self, app: SentraApp, link: ReplayLink, pilot: Pilot[Any]) -> None:
        self.app = app
        self.link = link
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def play(self, *changes: Change) -> None:
        self.link.play(*changes)
        await self.until(lambda: self.link.is_played)
        await self.settle()

    async def settle(self) -> None:
        await self.pilot.pause(0.15)

    async def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, "it never came to that"
            await self.pilot.pause(0.02)

    @property
    def text(self) -> str:
        """What the screen shows, row by row."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)


Perform = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest.fixture
def perform(tmp_path: Path) -> Perform:
    """Run the app over a recorded session."""

    @asynccontextmanager
    async def run(
        changes: Sequence[Change] = (),
        size: tuple[int, int] = (120, 40),
        choices: tuple[ProviderChoice, ...] = (),
        **options: Any,
    ) -> Any:
        link = ReplayLink(changes)
        started: list[str] = []

        def start(name: str) -> ReplayLink:
            started.append(name)
            return link

        app = SentraApp(
            AppOptions(start=start, choices=choices, log_path=tmp_path / "log", **options), clock=lambda: 0.0
        )
        async with app.run_test(size=size, notifications=True) as pilot:
            stage = Stage(app, link, pilot)
            if not choices:
                await stage.until(lambda: link.is_played)
                await stage.settle()
            yield stage
        await app.feed.close()

    return run
