"""Sound is written down however often that fails, and nobody is asked sooner than they want."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from sentra_tui.domain.errors import NotSupported, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.voice_ports import TextEvent, TextExtended, Transcription
from sentra_tui.engine.recovery.scribe import NOBODY, Scribe
from tests.engine.recovery.stream import NumberTranscription, spoken


class Timed(NumberTranscription):
    """Keeps when it was asked, on the loop's clock, and in which language."""

    def __init__(self, *failures: TransportLost | TransportRefused) -> None:
        super().__init__(failures=[*failures])
        self.asked_s: list[float] = []
        self.languages: list[str] = []

    def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
        self.asked_s.append(asyncio.get_running_loop().time())
        self.languages.append(language)
        return super().transcribe(sound, language=language, prompt=prompt)


class BreaksOff:
    """Says something, and not the end."""

    max_ms = 5_000

    async def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
        yield TextExtended("and")


def scribe(*transcriptions: Transcription) -> Scribe:
    async def offered() -> Sequence[Transcription]:
        return transcriptions

    return Scribe(offered, lambda: "fr", lambda: 0.0)


async def test_nobody_is_asked_earlier_than_the_server_wants_whichever_piece_it_is() -> None:
    busy = Timed(TransportLost("busy", retry_after_s=0.2))
    asked = scribe(busy)
    first = asyncio.create_task(asked.write_down(spoken(1) * 5))
    await asyncio.sleep(0.05)
    asked.hurry()
    assert await asked.write_down(spoken(2) * 5) == "2"
    assert await first == "1"
    assert min(later - busy.asked_s[0] for later in busy.asked_s[1:]) >= 0.19
    assert set(busy.languages) == {"fr"}


async def test_an_answer_that_breaks_off_is_asked_for_again_until_there_is_one() -> None:
    offers: list[Transcription] = [NumberTranscription(), BreaksOff(), BreaksOff()]

    async def offered() -> Sequence[Transcription]:
        return [offers.pop()]

    assert await Scribe(offered, str, lambda: 0.0).write_down(spoken(7) * 5) == "7"


async def test_what_everybody_refuses_is_refused_with_the_last_cause() -> None:
    with pytest.raises(TransportRefused, match="too loud"):
        await scribe(Timed(NotSupported("no")), Timed(TransportRefused("too loud"))).write_down(b"")
    with pytest.raises(NotSupported, match=NOBODY):
        await scribe().longest_ms()


async def test_a_piece_that_is_lost_again_and_again_while_others_are_not_is_given_up() -> None:
    cursed = spoken(13) * 5

    class Picky(NumberTranscription):
        def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
            if sound == cursed:
                raise TransportLost("500")
            return super().transcribe(sound, language=language, prompt=prompt)

    asked = scribe(Picky())
    lost = asyncio.create_task(asked.write_down(cursed))
    for number in range(1, 8):
        assert await asked.write_down(spoken(number) * 5) == str(number)
    with pytest.raises(TransportRefused, match="500"):
        await lost


async def test_a_server_that_answers_for_long_that_it_fails_is_given_up_and_one_that_cannot_be_reached_is_not() -> None:
    def broken(reason: Reason) -> Scribe:
        async def offered() -> Sequence[Transcription]:
            raise TransportLost("It failed.", reason=reason)

        return Scribe(offered, str, lambda: 0.02, failing_s=0.1)

    with pytest.raises(TransportRefused, match=r"It failed\."):
        await broken(Reason.SERVER_ERROR).write_down(spoken(1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(broken(Reason.UNREACHABLE).write_down(spoken(1)), 1.0)


async def test_a_piece_is_no_longer_than_anybody_takes() -> None:
    assert await scribe(NumberTranscription(max_ms=30_000), BreaksOff()).longest_ms() == 5_000
    assert await scribe(NumberTranscription(max_ms=600_000)).longest_ms() == 20_000
