"""Pictures of the log screen's pages; a new picture is looked at before it is committed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sentra_tui.domain.changes import Change
from sentra_tui.ui.app import SentraApp
from sentra_tui.ui.options import AppOptions
from tests.ui.log_scenes import measured, watched
from tests.ui.replay import ReplayLink
from tests.ui.test_snapshots import Compare, pressing


def screen_of(changes: list[Change]) -> SentraApp:
    link = ReplayLink(changes)
    return SentraApp(AppOptions(start=lambda name: link, choices=(), log_path=Path("/dev/null")), clock=lambda: 0.0)


SIZES = [(120, 40), (60, 20)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("scene", "keys"),
    [(measured, ("2",)), (measured, ("3",)), (watched, ("4",)), (watched, ("4", "f", "slash", "r", "e", "s", "p"))],
    ids=["latency", "events", "wire", "filter"],
)
def test_pages_of_the_log(
    snap_compare: Compare, scene: Callable[[], list[Change]], keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    assert snap_compare(screen_of(scene()), terminal_size=size, run_before=pressing("l", *keys))
