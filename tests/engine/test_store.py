"""The store."""

from __future__ import annotations

import logging

import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AppState
from sentra_tui.engine.store import Store


def test_listeners_see_the_state_after_the_change() -> None:
    store = Store()
    seen: list[tuple[c.Change, int]] = []
    store.subscribe(lambda change: seen.append((change, len(store.state.streams))))
    store.publish(c.StreamAdded("mic"))
    store.publish(c.StreamAdded("speaker"))
    assert seen == [(c.StreamAdded("mic"), 1), (c.StreamAdded("speaker"), 2)]


def test_an_action_reaches_the_one_who_answers_for_it() -> None:
    store = Store()
    heard: list[a.Action] = []
    store.handle(a.SetMute, heard.append)
    store.handle(a.SetVoice, lambda _: pytest.fail("not asked"))
    store.dispatch(a.SetMute("mic", True))
    assert heard == [a.SetMute("mic", True)]


def test_an_action_nobody_answers_for_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    with caplog.at_level(logging.WARNING):
        store.dispatch(a.CancelAnswer())
    assert "CancelAnswer" in caplog.text
    assert store.state == AppState()
