"""What a second engine is asked for."""

from __future__ import annotations

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.wanted import Wanted


def after(*changes: c.Change) -> Wanted:
    wanted = Wanted()
    for change in changes:
        wanted = wanted.after(change)
    return wanted


def test_nothing_is_wanted_at_first() -> None:
    assert Wanted().actions() == []


def test_a_mute_is_asked_for_before_any_call() -> None:
    wanted = after(c.StreamConnecting("mic", 1), c.StreamConnecting("mic", 9, 2), c.MuteChanged("mic", True))
    assert wanted.actions() == [a.SetMute("mic", True), a.ConnectStream("mic")]


def test_what_the_user_took_back_is_not_wanted() -> None:
    wanted = after(
        c.StreamConnecting("mic", 1),
        c.MuteChanged("mic", True),
        c.VoiceChanged(True),
        c.StreamClosed("mic", 2),
        c.MuteChanged("mic", False),
        c.VoiceChanged(False),
    )
    assert wanted.actions() == []


def test_a_broken_call_is_still_wanted() -> None:
    wanted = after(c.StreamConnecting("mic", 1), c.StreamFailed("mic", 2, "no route"))
    assert wanted.actions() == [a.ConnectStream("mic")]


def test_time_goes_on_from_the_first_engine() -> None:
    first = c.EngineStarted("1", 100.0, "local")
    assert after(first, c.EngineStarted("1", 200.0, "local")).started_at == 100.0


def test_money_is_counted_on_from_the_first_engine() -> None:
    bills = [c.Billed(1, "m", Usage(text_in=1), usd=usd) for usd in (0.25, None, 0.5)]
    assert after(*bills).spent_usd == 0.75


def test_sound_is_off_the_record_before_anything_else_and_comes_from_where_it_was_chosen() -> None:
    wanted = after(
        c.StreamConnecting("mic", 1),
        c.SourceChosen("mic", "device"),
        c.SourceChosen("speaker", "loopback:spk", by_user=True),
        c.SourceChosen("speaker", "loopback", by_user=True),
        c.OutputChosen("spk2", by_user=True),
        c.HeadphonesChanged(True),
        c.OffRecordChanged(True, 5),
        c.MuteChanged("mic", True),
    )
    assert wanted.actions() == [
        a.SetOffRecord(True),
        a.SetMute("mic", True),
        a.ChooseSource("speaker", "loopback"),
        a.SetHeadphones(True),
        a.ChooseOutput("spk2"),
        a.ConnectStream("mic"),
    ]


def test_the_key_to_talk_is_held_on_and_let_go_of_by_a_mute() -> None:
    held = after(c.MuteChanged("mic", True), c.MuteChanged("mic", False), c.TalkingChanged(True))
    assert held.actions() == [a.PushToTalk(True)]
    assert held.after(c.MuteChanged("mic", True)).actions() == [a.SetMute("mic", True)]


def test_what_keeps_sound_back_is_wanted_though_no_engine_heard_of_it() -> None:
    asked = Wanted()
    for action in (
        a.PushToTalk(False),
        a.SetMute("speaker", True),
        a.SetOffRecord(True),
        a.ChooseSource("mic", "none"),
    ):
        asked = asked.asked(action)
    assert asked.actions() == [
        a.SetOffRecord(True),
        a.SetMute("mic", True),
        a.SetMute("speaker", True),
        a.ChooseSource("mic", "none"),
    ]
    assert asked.asked(a.SetOffRecord(False)).asked(a.PushToTalk(True)).actions() == [
        a.SetMute("speaker", True),
        a.ChooseSource("mic", "none"),
        a.PushToTalk(True),
    ]
    assert Wanted().asked(a.SayText("Hello")) == Wanted()
