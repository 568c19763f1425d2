"""Pictures of each screen; a new picture is looked at before it is committed."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from sentra_tui.ui.app import SentraApp
from sentra_tui.ui.options import AppOptions, ProviderChoice
from sentra_tui.ui.widgets.transcript_view import TranscriptView
from tests.ui.replay import ReplayLink
from tests.ui.scenes import SCENES
from tests.ui.sound_scenes import SOUND_SCENES

Compare = Callable[..., bool]
CHOICES = (
    ProviderChoice("openai", "OpenAI", "OPENAI_API_KEY is set"),
    ProviderChoice("local", "Local", "runs here, for trying out"),
)
SIZES = [(120, 40), (80, 24), (60, 20), (200, 50)]


def screen(scene: str, theme: str = "sentra-dark", choices: tuple[ProviderChoice, ...] = ()) -> SentraApp:
    link = ReplayLink((SCENES | SOUND_SCENES)[scene]())
    options = AppOptions(start=lambda name: link, choices=choices, theme=theme, log_path=Path("/dev/null"))
    return SentraApp(options, clock=lambda: 0.0)


async def settle(pilot: Any) -> None:
    """Wait until everything that was recorded is shown, or a question about it."""
    app: SentraApp = pilot.app
    deadline = time.monotonic() + 15
    while len(app.screen_stack) < 2 and not (app.feed.state.engine.version and app.is_shown):
        assert time.monotonic() < deadline, "nothing was shown"
        await pilot.pause(0.05)
    await pilot.pause(0.1)
    for view in app.screen_stack[0].query(TranscriptView):
        view._move_bar()  # it moves once a second only: a slow machine would have another picture
    await pilot.pause()


def pressing(*keys: str) -> Callable[[Any], Awaitable[None]]:
    """Press these keys once everything is shown."""

    async def press(pilot: Any) -> None:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
        await settle(pilot)
        for blinking in pilot.app.screen.query(Input):
            blinking.cursor_blink = False
        await pilot.pause()

    return press


@pytest.mark.parametrize("size", SIZES)
def test_in_a_call(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(screen("in-call"), terminal_size=size, run_before=settle)


@pytest.mark.parametrize("size", SIZES[:3])
@pytest.mark.parametrize("scene", ["idle", "failing", "lost", "outage"])
def test_other_states(snap_compare: Compare, scene: str, size: tuple[int, int]) -> None:
    assert snap_compare(screen(scene), terminal_size=size, run_before=settle)


@pytest.mark.parametrize("size", [SIZES[0], SIZES[2]])
def test_after_a_break(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(screen("recovered"), terminal_size=size, run_before=pressing("2"))


@pytest.mark.parametrize("size", SIZES[:3])
@pytest.mark.parametrize("keys", [(), ("l", "2")], ids=["main", "latency"])
def test_a_call_by_another_road(snap_compare: Compare, keys: tuple[str, ...], size: tuple[int, int]) -> None:
    assert snap_compare(screen("detour"), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("size", [SIZES[0], SIZES[2]])
@pytest.mark.parametrize("scene", ["two-lanes", "aftermath"])
@pytest.mark.parametrize("pane", ["3", "4"])
def test_both_assistants(snap_compare: Compare, scene: str, size: tuple[int, int], pane: str) -> None:
    assert snap_compare(screen(scene), terminal_size=size, run_before=pressing(pane))


@pytest.mark.parametrize("size", SIZES[:2])
@pytest.mark.parametrize("key", ["question_mark", "q"])
def test_modal_screens(snap_compare: Compare, key: str, size: tuple[int, int]) -> None:
    assert snap_compare(screen("in-call"), terminal_size=size, run_before=pressing(key))


@pytest.mark.parametrize("size", [SIZES[0], SIZES[2]])
@pytest.mark.parametrize(
    "keys",
    [("a",), ("s",), ("l",), ("l", "2"), ("l", "3"), ("4", "c"), ("question_mark",)],
    ids=["ask", "settings", "cost", "latency", "events", "citations", "help"],
)
def test_screens_of_two_lanes(snap_compare: Compare, keys: tuple[str, ...], size: tuple[int, int]) -> None:
    assert snap_compare(screen("two-lanes"), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("size", SIZES[:3])
@pytest.mark.parametrize("scene", ["flawed", "off-record"])
def test_states_of_sound_that_must_fit_everywhere(snap_compare: Compare, scene: str, size: tuple[int, int]) -> None:
    assert snap_compare(screen(scene), terminal_size=size, run_before=settle)


@pytest.mark.parametrize("size", SIZES[:2])
@pytest.mark.parametrize("scene", ["well", "text-mode", "more-streams", "echoes"])
def test_states_of_sound(snap_compare: Compare, scene: str, size: tuple[int, int]) -> None:
    assert snap_compare(screen(scene), terminal_size=size, run_before=settle)


@pytest.mark.parametrize(
    ("scene", "keys", "size"),
    [
        ("echoes", ("e",), SIZES[1]),
        ("devices", ("d",), SIZES[0]),
        ("devices", ("d",), SIZES[1]),
        ("devices", ("d", "tab", "tab"), SIZES[2]),
        ("no-devices", ("d",), SIZES[1]),
    ],
    ids=["echoes shown", "devices", "devices at 80", "devices at 60", "no devices"],
)
def test_screens_of_sound(snap_compare: Compare, scene: str, keys: tuple[str, ...], size: tuple[int, int]) -> None:
    assert snap_compare(screen(scene), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize("size", SIZES[:2])
def test_the_choice_of_a_provider(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(screen("idle", choices=CHOICES), terminal_size=size, run_before=settle)


@pytest.mark.parametrize("theme", sorted(p.stem for p in (Path(__file__).parents[2] / "themes").glob("*.toml")))
def test_every_theme(snap_compare: Compare, theme: str) -> None:
    app = screen("failing", theme)
    assert snap_compare(app, terminal_size=(100, 30), run_before=settle)
    assert app.crash is None


def test_pictures_hold_no_address_but_the_font(request: pytest.FixtureRequest) -> None:
    folder = Path(__file__).parent / "__snapshots__"
    found = {host for path in folder.rglob("*.*") for host in re.findall(r"https?://[^/\"')\s]+", path.read_text())}
    assert found <= {"http://www.w3.org", "https://cdnjs.cloudflare.com", "https://www.textualize.io"}
