from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.history import estimate_tokens
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.context import ContextEntry, ContextFeed
from sentra_tui.protocol.effects import SendEvent
from sentra_tui.protocol.session import GREETING_MS, Session

MARK = "0f1e2d3c4b5a"


def feed(lines_max: int = 40) -> ContextFeed:
    numbers = count(1)
    return ContextFeed(MARK, lines_max, lambda: f"event_{next(numbers)}")


def said(number: int, text: str = "is it slow") -> ContextEntry:
    return ContextEntry(f"speaker.1.item_{number}", "speaker", text)


def told(event: c.ClientEvent) -> str:
    assert isinstance(event, c.ConversationItemCreate)
    assert event.item.role == "user"
    return event.item.content[0].text


def test_a_line_of_the_speaker_is_a_labelled_message_of_the_user_inside_the_sessions_mark() -> None:
    (event,) = feed().tell(said(1))
    assert told(event) == f"SYSTEM_AUDIO_TRANSCRIPT {MARK}\nis it slow\nEND {MARK}"


def test_a_line_is_told_once() -> None:
    context = feed()
    context.tell(said(1))
    assert context.tell(said(1)) == []


def test_the_oldest_line_leaves_a_full_window() -> None:
    context = feed(lines_max=2)
    created = [context.tell(said(number))[0] for number in (1, 2)]
    first = created[0]
    assert isinstance(first, c.ConversationItemCreate)
    assert context.tell(said(3))[1:] == [c.ConversationItemDelete(first.item.id, event_id="event_4")]


def test_a_window_of_nothing_tells_nothing() -> None:
    assert feed(lines_max=0).tell(said(1)) == []


def test_what_the_assistants_said_is_told_in_their_own_voices() -> None:
    (aux,) = feed().tell(ContextEntry("a", "aux", "a cold cache"))
    (main,) = feed().tell(ContextEntry("b", "main", "a cold cache, indeed"))
    assert isinstance(aux, c.ConversationItemCreate)
    assert (aux.item.role, aux.item.content) == ("assistant", (c.OutputText("a cold cache"),))
    assert told(main).startswith(f"MAIN_ASSISTANT_ANSWER {MARK}\n")


def test_the_minutes_stay_when_lines_fill_the_window() -> None:
    context = feed(lines_max=3)
    (minutes,) = context.tell(ContextEntry("minutes", "minutes", "the cache is cold"))
    assert told(minutes).startswith(f"MINUTES_OF_THE_TALK {MARK}\n")
    replayed = context.replay([said(number) for number in range(9)], 1_000)
    assert [type(event) for event in replayed] == [c.ConversationItemCreate] * 2


@given(st.lists(st.text(min_size=1, max_size=200).filter(str.strip), max_size=20), st.integers(0, 300))
def test_a_new_session_is_told_the_newest_lines_in_order_within_the_budget(texts: list[str], budget: int) -> None:
    entries = [ContextEntry(str(number), "user", text) for number, text in enumerate(texts)]
    replayed = [told(event) for event in feed().replay(entries, budget)]
    assert replayed == texts[len(texts) - len(replayed) :]
    assert sum(map(estimate_tokens, replayed)) <= budget or len(replayed) == 1
    assert bool(replayed) == bool(texts and budget)


def session(number: int = 1) -> Session:
    return Session("mic", number, 1_000, answers=True, mark=MARK, context_lines=40)


def test_nothing_is_told_before_the_session_greets() -> None:
    call = session()
    assert call.tell(said(1)) == []
    sent = call.receive(s.SessionCreated(), 1_100)
    assert len([each for each in sent if isinstance(each, SendEvent)]) == 1
    assert len(call.tell(said(2))) == 1


def test_a_server_that_never_greets_is_told_all_the_same() -> None:
    call = session()
    call.tell(said(1))
    assert len(call.tick(1_000 + GREETING_MS)) == 1


def test_a_session_that_listens_only_is_told_nothing() -> None:
    call = Session("speaker", 1, 1_000, answers=False, context_lines=40)
    assert call.tell(said(1)) == []
    assert call.replay([said(1)], 100) == []


def test_a_line_that_was_replayed_is_not_told_again() -> None:
    call = session(2)
    call.receive(s.SessionCreated(), 1_100)
    assert len(call.replay([said(1)], 100)) == 1
    assert call.tell(said(1)) == []
