"""Where words may be missing, as the transcript shows it."""

from __future__ import annotations

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.state import MIC, SPEAKER
from sentra_tui.domain.transcript import Line
from sentra_tui.engine.sound.gaps import GapMarker
from sentra_tui.engine.store import Store


class Talk:
    """Two streams that sound, and a clock."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.store = Store()
        self.marker = GapMarker(self.store, lambda: self.now_ms)
        for stream in (MIC, SPEAKER):
            self.store.publish(c.StreamAdded(stream))
            self.store.publish(c.SourceOpened(stream, f"the {stream}"))
            self.measure(stream, -20)

    def measure(self, stream: str, peak_dbfs: float) -> None:
        self.store.publish(c.LevelMeasured(stream, self.now_ms, peak_dbfs, peak_dbfs))

    def trouble(self, at_ms: int, trouble: Trouble, stream: str = MIC) -> None:
        self.now_ms = at_ms
        self.store.publish(c.SourceTroubled(stream, at_ms, trouble))

    def off_record(self, at_ms: int, *, on: bool) -> None:
        self.now_ms = at_ms
        self.store.publish(c.OffRecordChanged(on, at_ms))

    def wait_until(self, at_ms: int) -> None:
        self.now_ms = at_ms
        self.measure(SPEAKER, -96)

    def lines(self, name: str = MIC) -> list[Line]:
        stream = self.store.state.stream(name)
        assert stream is not None
        assert all(line.kind == "gap" for line in stream.transcript)
        return list(stream.transcript)

    def texts(self, name: str = MIC) -> list[str]:
        return [line.text for line in self.lines(name)]


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.mark.parametrize(
    ("trouble", "now", "then"),
    [
        (Trouble.GONE, "the microphone is gone", "2.1 s missing: the microphone was gone"),
        (Trouble.STALLED, "the microphone gives no sound", "2.1 s missing: the microphone gave no sound"),
        (
            Trouble.MOVED,
            "the microphone was moved to another device",
            "2.1 s missing: the microphone was moved to another device",
        ),
    ],
)
def test_a_source_that_is_lost_shows_so_and_how_long_in_the_end(
    talk: Talk, trouble: Trouble, now: str, then: str
) -> None:
    talk.trouble(1_000, trouble)
    assert talk.texts() == []
    talk.wait_until(1_600)
    assert talk.texts() == [now]
    assert not talk.lines()[0].final
    talk.trouble(3_100, Trouble.NONE)
    assert talk.texts() == [then]
    line = talk.lines()[0]
    assert (line.start_ms, line.end_ms, line.final) == (1_000, 3_100, True)
    assert talk.texts(SPEAKER) == []


def test_a_source_that_is_back_at_once_leaves_no_gap(talk: Talk) -> None:
    talk.trouble(1_000, Trouble.GONE)
    talk.trouble(1_400, Trouble.NONE)
    talk.wait_until(5_000)
    assert talk.texts() == []


def test_a_gap_that_nothing_happened_in_is_still_marked(talk: Talk) -> None:
    talk.trouble(1_000, Trouble.GONE, SPEAKER)
    talk.trouble(40_000, Trouble.NONE, SPEAKER)
    assert talk.texts(SPEAKER) == ["39 s missing: the loudspeaker was gone"]


def test_one_loss_after_the_other_is_one_gap(talk: Talk) -> None:
    talk.trouble(1_000, Trouble.MOVED)
    talk.trouble(2_000, Trouble.GONE)
    talk.trouble(3_000, Trouble.STALLED)
    talk.trouble(4_000, Trouble.QUIET)
    assert talk.texts() == ["3.0 s missing: the microphone was moved to another device"]


def test_a_source_that_never_gave_sound_misses_none() -> None:
    talk = Talk()
    talk.store.publish(c.StreamAdded("room"))
    talk.trouble(1_000, Trouble.GONE, "room")
    talk.trouble(9_000, Trouble.NONE, "room")
    assert talk.texts("room") == []


@pytest.mark.parametrize("trouble", [Trouble.SILENT, Trouble.CLIPPING, Trouble.QUIET, Trouble.BUSY])
def test_poor_sound_is_no_gap(talk: Talk, trouble: Trouble) -> None:
    talk.trouble(1_000, trouble)
    talk.trouble(9_000, Trouble.NONE)
    assert talk.texts() == []


def test_off_the_record_shows_in_every_stream_that_sounds(talk: Talk) -> None:
    talk.store.publish(c.StreamAdded("unused"))
    talk.off_record(5_000, on=True)
    assert talk.texts() == talk.texts(SPEAKER) == ["off the record"]
    talk.off_record(39_000, on=False)
    assert talk.texts() == talk.texts(SPEAKER) == ["off the record for 34 s"]
    assert talk.texts("unused") == []


def test_a_source_that_opens_off_the_record_shows_so_too(talk: Talk) -> None:
    talk.store.publish(c.StreamAdded("room"))
    talk.off_record(5_000, on=True)
    talk.now_ms = 9_000
    talk.store.publish(c.SourceOpened("room", "the room"))
    talk.store.publish(c.SourceOpened("room", "the room, called otherwise"))
    assert talk.texts("room") == ["off the record"]
    talk.off_record(15_000, on=False)
    assert talk.texts("room") == ["off the record for 6.0 s"]
    assert talk.texts() == ["off the record for 10 s"]


def test_a_source_may_be_lost_while_off_the_record(talk: Talk) -> None:
    talk.off_record(1_000, on=True)
    talk.trouble(2_000, Trouble.GONE)
    talk.off_record(201_000, on=False)
    talk.trouble(202_000, Trouble.NONE)
    assert talk.texts() == ["off the record for 3 min 20 s", "3 min 20 s missing: the microphone was gone"]


@pytest.mark.parametrize("end", [c.SourceEnded(MIC), c.SourceFailed(MIC, "broken"), c.SourceChosen(MIC, "demo")])
def test_a_source_that_is_given_up_or_changed_ends_the_gap(talk: Talk, end: c.Change) -> None:
    talk.trouble(1_000, Trouble.GONE)
    talk.wait_until(3_000)
    talk.store.publish(end)
    assert talk.texts() == ["2.0 s missing: the microphone was gone"]
    assert talk.lines()[0].final


def test_what_is_open_at_the_end_is_written(talk: Talk) -> None:
    told: list[c.Change] = []
    talk.store.subscribe(told.append)
    talk.off_record(1_000, on=True)
    talk.trouble(2_000, Trouble.GONE)
    talk.now_ms = 4_000
    talk.marker.close()
    committed = [change.text for change in told if isinstance(change, c.TranscriptCommitted)]
    assert sorted(committed) == [
        "2.0 s missing: the microphone was gone",
        "off the record for 3.0 s",
        "off the record for 3.0 s",
    ]
