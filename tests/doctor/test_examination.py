"""The whole run: it ends in time, whatever hangs."""

from __future__ import annotations

from pathlib import Path

from sentra_tui.doctor.board import Board
from sentra_tui.doctor.check import Group, State
from sentra_tui.doctor.examination import Places, Wishes, examine
from tests.doctor.peers import silent


def places(folder: Path) -> Places:
    return Places(
        folder / "config.toml", folder / "journal.db", folder / "recordings", folder / "log", folder / "spool"
    )


async def test_what_has_not_answered_when_the_time_is_over_has_failed_and_is_named(tmp_path: Path) -> None:
    board = Board()
    async with silent() as port:
        wishes = Wishes(places(tmp_path), f"http://127.0.0.1:{port}/v1")
        await examine(board, wishes, {}, None, "utf-8", deadline_s=1.0)
    assert not board.waiting
    told = {check.name: check for check in board.checks}
    assert told["answer"].state is State.FAILED
    assert "in time" in told["answer"].found
    assert told["spool"].state is State.OK
    groups = [list(Group).index(check.group) for check in board.checks]
    assert groups == sorted(groups)


async def test_a_chosen_device_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[mic]\nsource = "device:no-such-microphone"')
    board = Board()
    await examine(board, Wishes(places(tmp_path), "http://example.com/v1"), {}, None, "utf-8", deadline_s=10.0)
    told = {check.name: check for check in board.checks}
    assert told["microphone"].state is State.FAILED
    assert "no-such-microphone" in told["microphone"].found
    assert told["provider"].state is State.FAILED
    assert "answer" not in told


async def test_a_key_that_is_set_for_a_provider_that_is_not_looked_at_is_pointed_to(tmp_path: Path) -> None:
    board = Board()
    await examine(board, Wishes(places(tmp_path)), {"XAI_API_KEY": "xai-secret"}, None, "utf-8", deadline_s=0.1)
    told = {check.name: check for check in board.checks}
    assert told["provider"].found == "local; for another: --provider xai"
    assert "xai-secret" not in repr(board.checks)
