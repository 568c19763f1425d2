"""What is said in a stream becomes words, whatever happens to its calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FRAME_MS, SILENCE, FrameSpan
from sentra_tui.domain.errors import CredentialRefused, NotSupported, TransportLost
from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.turns import NO_WORDS
from sentra_tui.protocol.wire import Wire
from tests.engine.peers import LoopTransport, until
from tests.engine.recovery.stream import NAME, KeptStream, MemorySpool, NumberTranscription, spoken

Keep = Callable[..., KeptStream]


@pytest.fixture
async def keep() -> AsyncIterator[Keep]:
    made: list[KeptStream] = []

    def make(*args: object, **options: object) -> KeptStream:
        made.append(KeptStream(*args, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        await each.close()


def broken(stream: KeptStream, blocks: int = 20) -> list[int]:
    """Have a call break in the midst of speech, and another stand a while later; return what was said."""
    stream.connect()
    first = stream.begin()
    stream.pause()
    said = stream.say(blocks // 2)
    stream.end(first)
    said += stream.say(blocks - blocks // 2)
    stream.pause()
    return said


async def test_what_no_call_took_is_written_down_once_another_stands(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    said = broken(stream)
    await asyncio.sleep(0.02)
    assert stream.written == []
    stream.begin()
    await stream.is_whole()
    assert stream.written == said
    (line,) = stream.lines
    assert line.recovered
    assert line.key == LineKey(1_000, "recovered_2000")
    assert (line.start_ms, line.end_ms) == (2_000, 4_000)


async def test_a_line_that_was_cut_is_completed_under_its_own_key(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    first = stream.begin()
    said = stream.say(20)
    stream.write(first, "i1", said[:4], 1_000, partial=True)
    stream.end(first)
    stream.pause()
    said += stream.say(5)
    stream.pause()
    stream.begin()
    await stream.is_whole()
    assert stream.written == said
    assert [line.key.item_id for line in stream.lines] == ["i1", "recovered_4000"]


async def test_a_phrase_in_which_a_call_began_is_written_down_whole_as_the_first_line_of_that_call(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    said = stream.say(8)
    second = stream.begin()
    last = stream.say(8)
    stream.pause()
    await until(lambda: not stream.driver.busy)
    assert not stream.lines
    stream.write(second, "i1", last, second)
    stream.pause(4_000)
    stream.prove()
    await stream.has_written(16)
    assert stream.written == said + last
    assert [(line.key, line.start_ms, line.recovered) for line in stream.lines] == [
        (LineKey(second, "i1"), 1_000, True),
    ]


async def test_a_word_whose_end_the_next_call_took_for_a_noise_is_written_down_whole(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    said = stream.say(8)
    stream.carry(spoken(9), 3)
    stream.begin()
    stream.carry(spoken(9), 2)
    stream.pause(5_000)
    stream.prove()
    await stream.has_written(9)
    assert stream.written == [*said, 9]


async def test_a_phrase_over_a_short_break_becomes_one_line(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    first = stream.begin()
    said = stream.say(8)
    stream.write(first, "i1", said[:6], first, partial=True)
    stream.end(first)
    said += stream.say(4)
    second = stream.begin()
    last = stream.say(6)
    stream.pause()
    stream.write(second, "i2", last, second)
    await stream.has_written(18)
    await stream.is_whole()
    assert stream.written == said + last
    assert len(stream.lines) == 1


async def test_lines_that_are_whole_are_not_written_down_again(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    first = stream.begin()
    said = stream.say(20)
    stream.pause()
    stream.write(first, "i1", said, 1_000)
    stream.end(first)
    later = stream.say(8)
    second = stream.begin()
    last = stream.say(8)
    stream.pause()
    stream.write(second, "i1", last, second)
    await stream.has_written(36)
    assert stream.written == said + later + last
    assert [line.recovered for line in stream.lines] == [False, True]


async def test_what_a_call_heard_as_silence_is_forgotten(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    stream.begin()
    stream.pause(10_000)
    stream.prove()
    await until(lambda: min(stream.spool.frames) == 8_000)


async def test_a_line_that_failed_is_written_down_while_the_call_goes_on(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    first = stream.begin()
    said = stream.say(10)
    stream.pause()
    stream.store.publish(c.LineOpened(NAME, LineKey(first, "i1"), 1_000))
    stream.store.publish(c.TranscriptFailed(NAME, LineKey(first, "i1"), stream.now_ms, "overloaded"))
    stream.pause(4_000)
    stream.prove()
    await stream.has_written(10)
    assert stream.written == said
    assert [line.failed for line in stream.lines] == [False]


async def test_a_noise_in_which_nothing_was_understood_is_not_written_down_again(keep: Keep) -> None:
    transcription = NumberTranscription()
    stream = keep(transcription)
    stream.connect()
    first = stream.begin()
    stream.say(3)
    stream.store.publish(c.LineOpened(NAME, LineKey(first, "i1"), 1_000))
    stream.store.publish(c.TranscriptFailed(NAME, LineKey(first, "i1"), stream.now_ms, NO_WORDS))
    stream.pause(8_000)
    stream.prove()
    stream.end(first)
    stream.begin()
    await stream.is_whole()
    assert not transcription.asked_ms


async def test_a_line_whose_sound_was_lost_on_the_way_gets_its_words_again(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    first = stream.begin()
    said = stream.say(20)
    stream.pause()
    stream.write(first, "i1", [*said[:5], *said[9:]], 1_000)
    stream.driver.looked_after(0.0, 0.0, [FrameSpan(25, 45)], stream.now_ms)
    stream.pause(5_000)
    stream.prove()
    await stream.has_written(20)
    assert stream.written == said
    assert [line.recovered for line in stream.lines] == [True]


async def test_the_words_stay_where_they_are_while_the_network_is_away_and_come_when_it_is_back(keep: Keep) -> None:
    away = [TransportLost("no route"), TransportLost("no route"), TransportLost("busy", retry_after_s=0.01)]
    stream = keep(NumberTranscription(failures=list(away)))
    said = broken(stream)
    stream.begin()
    while stream.written != said:
        stream.store.publish(c.NetworkChanged(stream.now_ms, "up"))
        await asyncio.sleep(0.01)


async def test_another_writes_down_where_one_refuses(keep: Keep) -> None:
    refuses = NumberTranscription(failures=[NotSupported("no such endpoint")] * 9)
    stream = keep(refuses, NumberTranscription())
    said = broken(stream)
    stream.begin()
    await stream.is_whole()
    assert stream.written == said


async def test_what_nobody_writes_down_is_shown_as_a_gap(keep: Keep) -> None:
    stream = keep(NumberTranscription(failures=[CredentialRefused("The key is wrong.")] * 9))
    broken(stream)
    second = stream.begin()
    last = stream.say(3)
    stream.write(second, "i1", last, second)
    await stream.is_whole()
    gap, line = stream.lines
    assert (gap.kind, gap.start_ms, gap.end_ms) == ("gap", 2_000, 4_000)
    assert gap.text == "2.0 s missing: The key is wrong."
    assert line.text == "21 22 23"


async def test_sound_that_was_dropped_is_shown_as_a_gap_in_front_of_what_was_kept(keep: Keep) -> None:
    stream = keep(NumberTranscription(), spool=MemorySpool(limit_frames=350), memory_s=5)
    stream.connect()
    stream.say(50)
    stream.pause()
    said = stream.say(20)
    stream.pause()
    stream.begin()
    await stream.is_whole()
    assert [line.kind for line in stream.lines] == ["gap", "speech", "speech"]
    assert stream.lines[0].text == "2.0 s missing: more was said during the break than is kept"
    assert stream.written == [*range(21, 51), *said]


async def test_sound_older_than_memory_comes_from_the_disk(keep: Keep) -> None:
    stream = keep(NumberTranscription(), memory_s=5)
    stream.connect()
    said = []
    for _ in range(20):
        said += stream.say(20)
        stream.pause()
    stream.begin()
    await stream.is_whole()
    assert stream.written == said
    assert len(stream.lines) == 20


async def test_at_most_three_pieces_are_written_down_at_a_time_and_told_in_order(keep: Keep) -> None:
    transcription = NumberTranscription(delay_s=0.01)
    stream = keep(transcription)
    stream.connect()
    for _ in range(7):
        stream.say(5)
        stream.pause()
    stream.begin()
    await stream.is_whole()
    assert transcription.most_running == 3
    committed = [each.start_ms for each in stream.told if isinstance(each, c.TranscriptCommitted)]
    assert committed == sorted(committed)
    assert len(committed) == 7


async def test_a_muted_stream_has_nothing_to_recover(keep: Keep) -> None:
    transcription = NumberTranscription()
    stream = keep(transcription)
    stream.connect()
    stream.end(stream.begin())
    stream.pause(5_000, SILENCE)
    stream.begin()
    await stream.is_whole()
    assert not transcription.asked_ms
    assert not any(isinstance(each, c.RecoveryProgressed) for each in stream.told)


async def test_what_is_said_after_hanging_up_is_neither_kept_nor_written_down(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.say(5)
    said = broken(stream)
    stream.hang_up()
    await stream.is_whole()
    assert stream.written == said
    stream.say(10)
    assert not stream.spool.frames or max(stream.spool.frames) < stream.now_ms - 1_000
    stream.pause()
    stream.connect()
    stream.begin()
    await stream.is_whole()
    assert stream.written == said


async def test_another_engine_writes_down_what_one_that_died_left(keep: Keep) -> None:
    key, cut = LineKey(500, "i1"), LineKey(500, "i2")
    lines = [
        c.TranscriptCommitted(NAME, key, "1 2 3 4 5 6 7 8 9 10", 1_000, 2_200),
        c.TranscriptCommitted(NAME, cut, "11 12", 3_000, 4_000),
    ]
    left = [(2_000 + n * FRAME_MS, frame) for n, frame in enumerate([spoken(0)] * 50)]
    left += [(3_000 + n * FRAME_MS, spoken(11 + n // 5)) for n in range(75)]
    stream = keep(NumberTranscription(), spool=MemorySpool(left=left), lines=lines, now_ms=5_000)
    await stream.has_written(25)
    assert stream.written == list(range(1, 26))
    assert [line.key for line in stream.lines] == [key, cut]


async def test_the_end_of_an_engine_that_is_told_to_end_erases_what_is_kept(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    broken(stream)
    await stream.driver.close()
    assert stream.spool.kept is False
    assert stream.pump.taps == []


async def test_what_an_engine_leaves_unwritten_at_its_end_is_shown_as_a_gap(keep: Keep) -> None:
    stream = keep()
    stream.connect()
    first = stream.begin()
    stream.write(first, "item", stream.say(5), first)
    stream.end(first)
    stream.pause()
    stream.say(20)
    stream.pause()
    await stream.driver.close()
    assert [(line.kind, line.text) for line in stream.lines][1:] == [
        ("gap", "2.0 s missing: the program was ended before it was written down")
    ]


async def test_an_engine_that_ends_in_silence_leaves_no_gap(keep: Keep) -> None:
    stream = keep()
    stream.connect()
    first = stream.begin()
    stream.write(first, "item", stream.say(5), first)
    stream.pause()
    await stream.driver.close()
    assert [line.kind for line in stream.lines] == ["speech"]


async def test_it_is_told_how_much_is_left_and_what_came_of_it(keep: Keep) -> None:
    stream = keep(NumberTranscription(delay_s=0.02))
    broken(stream)
    stream.begin()
    await until(lambda: any(isinstance(each, c.RecoveryProgressed) for each in stream.told))
    await stream.is_whole()
    left = [each.left_ms for each in stream.told if isinstance(each, c.RecoveryProgressed)]
    assert left[-1] == 0
    measured = {each.metric: each.value for each in stream.told if isinstance(each, c.MetricMeasured)}
    assert measured == {Metric.RECOVERED_WORDS: 20, Metric.RECOVERED_SHARE: 1.0}
    assert [each.source for each in stream.told if isinstance(each, c.EventLogged)] == ["recovery"]


async def test_words_are_cleaned_before_they_are_shown(keep: Keep) -> None:
    stream = keep(NumberTranscription(words=lambda numbers: f" \x1b[2J{numbers}\x07 "))
    broken(stream)
    stream.begin()
    await until(lambda: bool(stream.lines))
    assert not any(sign in stream.lines[0].text for sign in "\x1b\x07")


async def test_sound_that_was_lost_where_no_line_is_becomes_one_line_and_no_second(keep: Keep) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    first = stream.begin()
    stream.pause()
    said = stream.say(10)
    stream.pause()
    stream.driver.looked_after(0.0, 0.0, [FrameSpan(50, 100)], stream.now_ms)
    stream.pause(9_000)
    stream.prove()
    await stream.has_written(10)
    said += stream.say(5)
    stream.end(first)
    stream.pause()
    stream.begin()
    await stream.is_whole()
    assert stream.written == said
    assert [line.key.session for line in stream.lines] == [first, first]


@pytest.mark.parametrize(
    "dialled",
    [
        Dialled(LoopTransport(), {"audio": {"input": {"turn_detection": None}}}),
        Dialled(LoopTransport(), {}, wire=Wire(Dialect.VLLM)),
    ],
)
async def test_a_server_that_does_not_tell_when_speech_began_is_not_believed_to_have_heard_silence(
    keep: Keep, dialled: Dialled
) -> None:
    stream = keep(NumberTranscription())
    stream.connect()
    first = stream.begin(dialled)
    said = stream.say(80)
    stream.prove()
    stream.end(first)
    stream.pause()
    stream.begin(dialled)
    await stream.is_whole()
    assert stream.written == said
