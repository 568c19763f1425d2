"""espeak-ng speaks, whichever way it is on the machine, and never holds the loop up."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from sentra_tui.domain.errors import SourceError
from sentra_tui.services.espeak.program import EspeakProgram
from sentra_tui.services.espeak.speech import EspeakSpeech
from sentra_tui.services.espeak.voices import voice_name, words_per_minute
from tests.services.audio.wav_files import PCM, chunk, encode, fmt, riff, tone

TEXT = "There are three alerts in the last hour, and two of them are closed."
WAV = riff(fmt(rate_hz=22_050), chunk(b"data", encode(tone(1.0, 22_050), PCM, 16), size=0x7FFFF000), size=0x7FFFF024)
Stand = Callable[[str], Path]
"""Puts a program named espeak-ng, written in Python, into a directory, and returns that."""


@pytest.fixture
def stand_in(tmp_path: Path) -> Stand:
    def write(source: str) -> Path:
        (tmp_path / "sound.wav").write_bytes(WAV)
        program = tmp_path / "espeak-ng"
        program.write_text(
            f"#!{sys.executable}\nimport pathlib, sys, time\nhere = pathlib.Path({str(tmp_path)!r})\n{source}"
        )
        program.chmod(0o755)
        return tmp_path

    return write


@asynccontextmanager
async def speaking(language: str = "", path: Path | None = None) -> AsyncIterator[EspeakSpeech]:
    speech = EspeakSpeech(language, path=None if path is None else str(path))
    try:
        yield speech
    finally:
        await speech.close()


async def said(speech: EspeakSpeech, text: str = TEXT, voice: str = "marin", speed: float = 1.0) -> bytes:
    return b"".join([piece async for piece in speech.speak(text, voice=voice, speed=speed)])


def seconds(sound: bytes) -> float:
    return len(sound) / 96_000


@pytest.mark.parametrize(
    ("voice", "language", "name"),
    [
        ("marin", "", "en"),
        ("ash", "de", "de"),
        ("en-GB", "de", "en-gb"),
        ("de+f2", "", "de+f2"),
        ("marin", "zh-Hans", "zh-hans"),
        ("--help", "../en", "en"),
    ],
)
def test_a_voice_is_chosen_by_its_language(voice: str, language: str, name: str) -> None:
    assert voice_name(voice, language) == name


def test_speed_becomes_words_per_minute_that_are_taken() -> None:
    assert words_per_minute(1.0) == 170
    assert words_per_minute(0.5) == 85
    assert (words_per_minute(0.25), words_per_minute(9.0)) == (80, 450)


async def test_the_program_gets_the_text_through_a_pipe(stand_in: Stand) -> None:
    here = stand_in(
        "(here / 'argv').write_text(' '.join(sys.argv[1:]))\n"
        "(here / 'text').write_text(sys.stdin.read())\n"
        "sys.stdout.buffer.write((here / 'sound.wav').read_bytes())"
    )
    async with speaking("de", here) as speech:
        sound = await said(speech, "Ünderstood?", speed=0.8)
    assert seconds(sound) == pytest.approx(1, rel=0.01)
    assert (here / "text").read_text() == "Ünderstood?"
    assert (here / "argv").read_text() == "--stdin --stdout -v de -s 136"


async def test_english_takes_the_place_of_a_language_that_is_unknown(stand_in: Stand) -> None:
    here = stand_in(
        "sys.stdin.read()\n"
        "if 'tl' in sys.argv: sys.exit(1)\n"
        "sys.stdout.buffer.write((here / 'sound.wav').read_bytes())"
    )  # fmt: skip
    async with speaking("tl", here) as speech:
        assert seconds(await said(speech)) == pytest.approx(1, rel=0.01)


async def test_a_program_that_fails_is_said(stand_in: Stand) -> None:
    async with speaking("", stand_in("sys.exit(3)")) as speech:
        with pytest.raises(SourceError, match="exit status 3"):
            await said(speech)


async def test_a_program_that_writes_no_wav_is_said(stand_in: Stand) -> None:
    async with speaking("", stand_in("print('Usage: espeak [options] [words]')")) as speech:
        with pytest.raises(SourceError, match="not a WAV file"):
            await said(speech)


async def test_a_program_that_is_gone_is_said() -> None:
    with pytest.raises(SourceError, match="cannot be started"):
        async for _ in EspeakProgram("/nowhere/espeak-ng").say(TEXT, "en", 170):
            pass


async def test_closing_the_iterator_ends_the_program(stand_in: Stand) -> None:
    here = stand_in(
        "import os\n(here / 'pid').write_text(str(os.getpid()))\n"
        "sys.stdout.buffer.write((here / 'sound.wav').read_bytes())\nsys.stdout.flush()\ntime.sleep(60)"
    )
    async with speaking("", here) as speech, aclosing(speech.speak(TEXT, voice="", speed=1.0)) as sound:  # type: ignore[type-var]
        await anext(sound)
        pid = int((here / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_nothing_is_said_of_nothing(tmp_path: Path) -> None:
    async with speaking("", tmp_path) as speech:
        assert await said(speech, " \n") == b""


@pytest.mark.skipif(not (shutil.which("espeak-ng") or shutil.which("espeak")), reason="espeak-ng is not installed")
async def test_the_program_of_this_machine_speaks() -> None:
    async with speaking() as speech:
        assert 2 < seconds(await said(speech)) < 8


async def test_the_library_speaks_in_its_thread(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    async with speaking("", tmp_path) as speech:
        sound = await said(speech)
        slow = await said(speech, speed=0.6)
        unknown = await said(speech, voice="qq")
    assert 2 < seconds(sound) < 8
    assert seconds(slow) > 1.3 * seconds(sound)
    assert seconds(unknown) == pytest.approx(seconds(sound), rel=0.05)
    assert np.abs(np.frombuffer(sound, "<i2").astype(int)).max() > 3_000


async def test_closing_the_iterator_stops_the_library(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    async with speaking("", tmp_path) as speech:
        async with aclosing(speech.speak(TEXT * 200, voice="", speed=1.0)) as sound:  # type: ignore[type-var]
            await anext(sound)
        async with asyncio.timeout(20):
            assert seconds(await said(speech)) > 2


async def test_two_texts_at_once_are_both_said(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    async with speaking("", tmp_path) as speech:
        one, other = await asyncio.gather(said(speech), said(speech))
    assert len(one) == pytest.approx(len(other), rel=0.05)


async def test_without_espeak_the_next_step_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    async with speaking("", tmp_path) as speech:
        with pytest.raises(SourceError, match="not installed") as caught:
            await said(speech)
    assert "sentra-tui[local]" in caught.value.hint
