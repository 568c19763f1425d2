"""What waits for a disk, or computes for long, is done beside the engine's loop: sound goes by on it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import questions
from sentra_tui.domain.changes import LanguageChanged
from sentra_tui.domain.state import AnswerStatus, AppState, Lane
from sentra_tui.engine.lanes.vocabulary import Vocabulary
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from tests.engine.peers import until
from tests.steady.watched_engine import REPORT_VARIABLE
from tests.steady.world import World


def answered(state: AppState) -> bool:
    return any(answer.status is AnswerStatus.COMPLETED for answer in state.lane(Lane.MAIN))


@pytest.mark.row(21)
async def test_while_calls_stand_the_loop_touches_no_file_and_no_database(world: World, tmp_path: Path) -> None:
    report = tmp_path / "touched"
    files = (
        f"--journal={tmp_path / 'journal.db'}",
        f"--spool={tmp_path / 'spool'}",
        f"--recordings={tmp_path / 'kept'}",
    )
    engine = await world.engine(
        *world.talk(utterances=2, blocks=10)[0],
        *files,
        env={REPORT_VARIABLE: str(report)},
        module="tests.steady.watched_engine",
    )
    await engine.until_live("mic", "speaker")
    touched_by_starting = report.read_text()
    engine.send(a.SetRecording(True))
    engine.send(a.Ask("What is a cache?"))
    await engine.until(answered)
    await engine.until(lambda state: all(len(stream.transcript) >= 2 for stream in state.streams))
    engine.send(a.SetRecording(False))
    await engine.until(lambda state: not state.recording.on)
    assert report.read_text().removeprefix(touched_by_starting) == ""
    assert touched_by_starting, "nothing was watched"
    assert all((tmp_path / name).exists() for name in ("journal.db", "kept"))
    await engine.stop()


@pytest.mark.row(21)
async def test_a_language_is_learnt_on_another_thread_as_soon_as_it_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt: list[tuple[str, bool]] = []
    compiled = questions._compiled

    def note(language: str) -> object:
        learnt.append((language, threading.current_thread() is threading.main_thread()))
        return compiled(language)

    monkeypatch.setattr(questions, "_compiled", note)
    store, tasks = Store(), TaskOwner()
    Vocabulary(store, tasks).learn("")
    store.publish(LanguageChanged("mic", "de-AT"))
    await until(lambda: len(learnt) == 2)
    await tasks.close()
    assert sorted(learnt) == [("de", False), ("en", False)]
