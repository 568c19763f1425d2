"""What is written of a talk, and what is read back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import JournalError
from sentra_tui.domain.main_run import RunRef
from sentra_tui.domain.ports import StoredRun, Talk
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AnswerStatus, AppState, Lane, Verdict
from sentra_tui.domain.transcript import LineKey
from sentra_tui.domain.usage import Usage
from tests.services.storage.talking import opened, reduced, said, settled

STREAMS = (c.StreamAdded("mic"), c.StreamAdded("speaker"))
REF = RunRef("responses_background", "resp_1", "conv_1", 4)

_stream = st.sampled_from(["mic", "speaker"])
_key = st.builds(LineKey, st.integers(1, 2), st.sampled_from("abcd"))
_question = st.sampled_from(["q1", "q2", "q3"])
_answer = st.sampled_from(["a1", "a2", "a3", "a4"])
_lane = st.sampled_from(list(Lane))
_text = st.text(min_size=5, max_size=12)
_at = st.integers(0, 5_000)
_sixteenths = st.integers(0, 4_000).map(lambda number: number / 16)
_final = st.sampled_from([AnswerStatus.COMPLETED, AnswerStatus.CANCELLED, AnswerStatus.INCOMPLETE, AnswerStatus.FAILED])
_usage = st.builds(
    Usage, text_in=st.integers(0, 9_000), cached_audio_in=st.integers(0, 9_000), text_out=_at, seconds=_sixteenths
)
_change = st.one_of(
    st.builds(c.LineOpened, _stream, _key, _at, st.none() | _key, before=st.none() | _key),
    st.builds(c.TranscriptExtended, _stream, _key, _at, _text),
    st.builds(
        c.TranscriptCommitted,
        _stream,
        _key,
        _text,
        _at,
        _at,
        st.sampled_from(["speech", "typed"]),
        st.booleans(),
        st.booleans(),
        st.lists(_key, max_size=2).map(tuple),
    ),
    st.builds(c.TranscriptFailed, _stream, _key, _at, _text),
    st.builds(c.LineNoted, _stream, _key, _at),
    st.builds(c.LineEchoed, _stream, st.integers(1, 2), st.sampled_from("abcd"), st.booleans(), st.booleans()),
    st.builds(c.QuestionRaised, _question, _at, st.just("") | _text, _stream, st.none() | _key, st.just("2m")),
    st.builds(c.QuestionQueued, _question, _at),
    st.builds(c.QuestionDropped, _question, _at, _text),
    st.builds(c.AnswerStarted, _answer, _lane, _at, _question, st.sampled_from(["", "large"])),
    st.builds(c.AnswerEnded, _answer, _lane, _at, _final, _text, _text, _text),
    st.builds(c.AnswerCut, _answer, _at, _at, st.integers(0, 5)),
    st.builds(c.AnswerExpired, _answer, _at),
    st.builds(c.DraftJudged, _question, _at, st.sampled_from(list(Verdict))),
    st.builds(c.Billed, _at, st.sampled_from(["m1", "m2"]), _usage, _stream, st.just(""), st.none() | _sixteenths),
)


@st.composite
def talks(draw: st.DrawFn) -> list[c.Change]:
    """Talks in which nobody speaks of what is not there."""
    state = reduced(STREAMS)
    told: list[c.Change] = []
    for number, change in enumerate(draw(st.lists(_change, max_size=40))):
        if not _makes_sense(change, state):
            continue
        told.append(replace(change, at_ms=10_000 + number) if isinstance(change, c.Billed) else change)
        state = reduce(state, told[-1])
    return told


def _makes_sense(change: c.Change, state: AppState) -> bool:
    if isinstance(change, c.TranscriptExtended | c.LineNoted | c.LineEchoed):
        stream = state.stream(change.stream)
        key = LineKey(change.session, change.item_id) if isinstance(change, c.LineEchoed) else change.key
        return stream is not None and stream.transcript.find(key) is not None
    if isinstance(change, c.TranscriptCommitted) and change.replaces:
        return change.recovered and change.key not in change.replaces
    if isinstance(change, c.AnswerCut):
        return any(answer.answer_id == change.answer_id and answer.text for answer in state.answers)
    return True


async def written(path: Path, changes: Iterable[c.Change]) -> Talk:
    """Return the talk of these changes as a later start reads it."""
    async with opened(path) as journal:
        await journal.begin_talk(1_000.0, "local")
        for change in (*STREAMS, *changes):
            journal.record(change)
    async with opened(path) as journal:
        talk = await journal.last_talk(0.0, 1_000.0)
    assert talk is not None
    return talk


@settings(max_examples=60)
@given(talks(), st.integers(1, 2))
def test_a_talk_read_back_leads_to_the_same_settled_state(talk: list[c.Change], times_told: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        talk = [said(0), *talk]
        told = [change for change in talk for _ in range(times_told)]
        restored = asyncio.run(written(Path(folder) / "journal.db", told))
    assert settled(reduced(restored.changes)) == settled(reduced([*STREAMS, *talk]))


async def test_only_the_newest_lines_and_answers_are_read_back(tmp_path: Path) -> None:
    answers = [
        change
        for number in range(210)
        for change in (
            c.AnswerStarted(f"a{number}", Lane.AUX, number),
            c.AnswerEnded(f"a{number}", Lane.AUX, number, AnswerStatus.COMPLETED, "Yes."),
        )
    ]
    talk = await written(tmp_path / "journal.db", [*map(said, range(5_010)), *answers])
    state = reduced(talk.changes)
    mic = state.stream("mic")
    assert mic is not None
    assert [line.text for line in mic.transcript] == [f"line {number}" for number in range(10, 5_010)]
    assert [answer.answer_id for answer in state.answers] == [f"a{number}" for number in range(10, 210)]


async def test_lines_and_answers_that_are_not_final_are_not_there(tmp_path: Path) -> None:
    talk = await written(
        tmp_path / "journal.db",
        [
            said(1),
            c.LineOpened("mic", LineKey(1, "open"), 200),
            c.TranscriptExtended("mic", LineKey(1, "open"), 210, "half a"),
            c.AnswerStarted("a1", Lane.AUX, 300),
        ],
    )
    assert talk.changes == (*STREAMS, said(1))


async def test_runs_that_have_not_ended_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with opened(path) as journal:
        await journal.begin_talk(1_000.0, "local")
        journal.record(said(1))
        for answer_id in ("a1", "a2", "a3"):
            await journal.run_opened(StoredRun(answer_id, "q1", 50))
        await journal.run_named("a1", RunRef("responses", "resp_0"))
        await journal.run_named("a2", replace(REF, sequence_number=1))
        await journal.run_named("a2", REF)
        journal.record(c.AnswerEnded("a1", Lane.MAIN, 90, AnswerStatus.COMPLETED, "Yes."))
    async with opened(path) as journal:
        talk = await journal.last_talk(0.0)
    assert talk is not None
    assert talk.runs == (StoredRun("a2", "q1", 50, REF), StoredRun("a3", "q1", 50, None))
    assert talk.conversation == REF


async def test_a_run_of_a_talk_that_nobody_goes_on_with_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with opened(path) as journal:
        await journal.begin_talk(1_000.0, "local")
        await journal.run_opened(StoredRun("a1", "q1", 50))
        journal.record(c.AnswerStarted("a1", Lane.MAIN, 50, "q1", "m"))
        await journal.run_opened(StoredRun("a2", "q1", 60))
    async with opened(path) as journal:
        await journal.begin_talk(2_000.0, "local")
    async with opened(path) as journal:
        talk = await journal.last_talk(0.0, 1_000.0)
    assert talk is not None
    assert talk.runs == ()
    assert {answer.answer_id: answer.status for answer in reduced(talk.changes).answers} == {
        "a1": AnswerStatus.UNKNOWN,
        "a2": AnswerStatus.UNKNOWN,
    }


async def test_the_conversation_of_a_run_that_ended_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with opened(path) as journal:
        await journal.begin_talk(1_000.0, "local")
        await journal.run_opened(StoredRun("a1", "q1", 50, REF))
        journal.record(c.AnswerEnded("a1", Lane.MAIN, 90, AnswerStatus.COMPLETED, "Yes."))
    async with opened(path) as journal:
        talk = await journal.last_talk(0.0)
    assert talk is not None
    assert (talk.runs, talk.conversation) == ((), REF)


async def test_a_talk_that_is_reopened_is_written_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for number in (1, 2, 3):
        async with opened(path) as journal:
            if await journal.last_talk(0.0) is None:
                await journal.begin_talk(1_000.0, "local")
            journal.record(said(number))
    async with opened(path) as journal:
        talk = await journal.last_talk(0.0)
    assert talk is not None
    assert (talk.started_at, talk.changes) == (1_000.0, (said(1), said(2), said(3)))


async def test_lines_of_a_reopened_talk_stand_behind_those_before_in_the_order_they_were_said(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await written(path, [said(1), said(2)])
    async with opened(path) as journal:
        await journal.last_talk(0.0)
        journal.record(c.LineOpened("mic", said(5).key, 500))
        journal.record(c.LineOpened("mic", said(3).key, 300, before=said(5).key))
        journal.record(c.LineOpened("mic", said(4).key, 400, after=said(3).key))
        for number in (5, 4, 3):
            journal.record(said(number))
    async with opened(path) as journal:
        talk = await journal.last_talk(0.0)
    assert talk is not None and talk.changes == (*STREAMS, *map(said, range(1, 6)))


async def test_a_late_line_that_nobody_opened_stands_where_it_was_said_without_those_it_replaces(
    tmp_path: Path,
) -> None:
    late = replace(said(2), recovered=True, replaces=(said(4).key,))
    mark = c.LineNoted("mic", said(4).key, 900)
    talk = await written(tmp_path / "journal.db", [said(1), said(3), said(4), mark, said(5), late])
    mic = reduced(talk.changes).stream("mic")
    assert mic is not None
    assert [(line.text, line.noted) for line in mic.transcript] == [
        ("line 1", False),
        ("line 2", True),
        ("line 3", False),
        ("line 5", False),
    ]


async def test_recovered_lines_stand_where_they_were_said_after_every_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await written(path, [said(1), replace(said(3), partial=True, text="he"), said(5)])
    completed = replace(said(3), text="here it is", recovered=True)
    late = replace(said(4), recovered=True)
    async with opened(path) as journal:
        await journal.last_talk(0.0)
        journal.record(said(6))
        journal.record(c.LineOpened("mic", late.key, late.start_ms, before=said(5).key))
        journal.record(late)
        journal.record(completed)
    for _ in range(2):
        async with opened(path) as journal:
            talk = await journal.last_talk(0.0)
            assert talk is not None
            mic = reduced(talk.changes).stream("mic")
            assert mic is not None
            assert [(line.text, line.recovered) for line in mic.transcript] == [
                ("line 1", False),
                ("here it is", True),
                ("line 4", True),
                ("line 5", False),
                ("line 6", False),
            ]


async def test_the_talk_that_changed_last_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for started_at, wall_s in ((1_000.0, 1_500.0), (2_000.0, 2_500.0), (1_000.0, 3_000.0)):
        async with opened(path, wall_s) as journal:
            if await journal.last_talk(0.0, started_at) is None:
                await journal.begin_talk(started_at, "local")
            journal.record(said(int(wall_s)))
    async with opened(path, 9_000.0) as journal:
        assert await journal.last_talk(3_000.0) is None
        talk = await journal.last_talk(2_999.0)
    assert talk is not None and talk.started_at == 1_000.0


async def test_an_empty_talk_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with opened(path) as journal:
        await journal.begin_talk(1_000.0, "local")
        journal.record(c.StreamAdded("mic"))
    async with opened(path) as journal:
        assert await journal.last_talk(0.0) is None
        assert await journal.last_talk(0.0, 1_000.0) is None


async def test_a_change_that_no_column_takes_costs_no_other(tmp_path: Path) -> None:
    talk = await written(tmp_path / "journal.db", [said(1, "\ud800"), replace(said(2), end_ms=2**70), said(3)])
    assert talk.changes == (*STREAMS, said(3))


async def test_without_a_talk_nothing_is_written_and_no_run_opened(tmp_path: Path) -> None:
    async with opened(tmp_path / "journal.db") as journal:
        journal.record(said(1))
        with pytest.raises(JournalError, match="no talk"):
            await journal.run_opened(StoredRun("a1", "q1", 50))
        assert await journal.last_talk(0.0) is None
