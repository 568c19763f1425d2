"""What writes down after a break, and where sound is kept until then, as options and profiles have it."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.config import DEMO_TRANSCRIPTION_MODEL, Config, JournalConfig, RecoveryConfig
from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.provider_config import ProviderProfile, Supports, shipped_providers
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded, TextEvent, TextExtended, Transcription
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.wiring.access import Access
from sentra_tui.engine.wiring.recovery import MeteredTranscription, RecoveryAccess, open_shelf, transcriptions
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.tokens import ApiKeyTokens

Bill = list[tuple[str, Usage]]


class Writer:
    """Writes the same for every recording."""

    max_ms = 7_000

    def __init__(self, usage: Usage | None) -> None:
        self._usage = usage

    async def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
        yield TextExtended(f"{language} {prompt}")
        yield TextEnded("It is so.", self._usage)


class SpeechOrNot:
    """Hears none."""

    def hear(self, frame: bytes) -> tuple[bool, bool]:
        return False, False


@asynccontextmanager
async def access_to(profile: ProviderProfile, started: ProviderStarted | None = None) -> AsyncIterator[Access]:
    url, key = (started.base_url, started.api_key) if started else ("http://127.0.0.1:1/v1", "sk-test")
    client = ApiClient(Endpoint(url, label="local"))
    tokens = ApiKeyTokens(client, lambda: Secret(key), offer="auto", dialect="ga", client_secrets=True)
    access = Access(profile, client, tokens, lambda: Secret(key), "")
    try:
        yield access
    finally:
        await access.close()


async def written(by: Transcription, sound: bytes) -> TextEnded:
    async with aclosing(by.transcribe(sound, language="en")) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, TextEnded):
                return event
    raise AssertionError("no end")


def speech(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        resampler = Resampler(file.getframerate(), 48_000, file.getnchannels())
        return resampler.feed(file.readframes(file.getnframes())) + resampler.flush()


@pytest.mark.parametrize(("counted", "billed"), [(Usage(audio_in=9), Usage(audio_in=9)), (None, Usage(seconds=2.0))])
async def test_what_was_counted_is_on_the_bill_and_told_once(counted: Usage | None, billed: Usage) -> None:
    bill: list[Usage] = []
    metered = MeteredTranscription(Writer(counted), bill.append)
    told = [event async for event in metered.transcribe(bytes(2 * 96_000), language="en", prompt="So?")]
    assert told == [TextExtended("en So?"), TextEnded("It is so.")]
    assert bill == [billed]
    assert metered.max_ms == 7_000


@pytest.mark.parametrize(
    ("profile", "count"),
    [
        (ProviderProfile(), 2),
        (ProviderProfile(transports=["webrtc", "http"]), 1),
        (ProviderProfile(transports=["websocket"]), 1),
        (ProviderProfile(transports=["webrtc"]), 0),
        (ProviderProfile(broker_url="http://127.0.0.1:2"), 1),
        (shipped_providers()["vllm"], 1),
    ],
)
async def test_a_provider_is_asked_for_what_it_has(profile: ProviderProfile, count: int) -> None:
    async with access_to(profile) as access:
        assert len(transcriptions(access, "gpt-transcribe", lambda model, usage: None)) == count


async def test_both_ways_write_down_what_was_said_and_are_billed(sample: Callable[[str], Path]) -> None:
    sound = await asyncio.to_thread(speech, sample("go-forward.wav"))
    bill: Bill = []
    async with serving(ProviderOptions()) as started, access_to(shipped_providers()["local"], started) as access:
        ways: Sequence[Transcription] = transcriptions(
            access, "pocketsphinx", lambda model, usage: bill.append((model, usage))
        )
        ended = [await written(way, sound) for way in ways]
    assert ["forward" in each.text for each in ended] == [True, True]
    assert [each.usage for each in ended] == [None, None]
    assert [model for model, _ in bill] == ["pocketsphinx", "pocketsphinx"]
    assert all(usage.seconds or usage.tokens for _, usage in bill)


async def test_the_demo_talk_is_written_down_by_the_model_that_knows_it() -> None:
    bill: Bill = []
    async with serving(ProviderOptions()) as started, access_to(shipped_providers()["local"], started) as access:
        way, *_ = transcriptions(access, "", lambda model, usage: bill.append((model, usage)), demo=True)
        await written(way, bytes(96_000))
    assert [model for model, _ in bill] == [DEMO_TRANSCRIPTION_MODEL]


async def test_a_conversation_is_used_where_nothing_only_transcribes(sample: Callable[[str], Path]) -> None:
    sound = await asyncio.to_thread(speech, sample("go-forward.wav"))
    profile = replace(
        shipped_providers()["local"], transports=["websocket"], supports=Supports(transcription_session=False)
    )
    async with serving(ProviderOptions()) as started, access_to(profile, started) as access:
        (way,) = transcriptions(access, "pocketsphinx", lambda model, usage: None)
        assert "forward" in (await written(way, sound)).text


@pytest.mark.parametrize(
    ("options", "config"),
    [
        (EngineOptions(), Config()),
        (EngineOptions(spool=Path("spool")), Config(recovery=RecoveryConfig(enabled=False))),
        (EngineOptions(spool=Path("spool")), Config(recovery=RecoveryConfig(disk_minutes=0))),
        (EngineOptions(spool=Path("spool")), Config(journal=JournalConfig(enabled=False))),
    ],
)
def test_nothing_is_kept_on_the_disk_where_it_is_not_to_be(options: EngineOptions, config: Config) -> None:
    assert open_shelf(options, config, 1.0, lambda change: None) is None


async def test_sound_is_kept_by_the_beginning_of_the_talk_and_a_failure_is_told(tmp_path: Path) -> None:
    told: list[Change] = []
    shelf = open_shelf(EngineOptions(spool=tmp_path / "spool"), Config(), 1_763_000_000.5, told.append)
    assert shelf is not None
    spool = shelf.open("mic")
    assert await spool.inherited() == []
    assert (tmp_path / "spool" / "1763000000500").is_dir()
    (tmp_path / "spool" / "1763000000500").rmdir()
    spool.write(0, bytes(1_920))
    await spool.read(0, 0)
    await shelf.close()
    await asyncio.sleep(0)
    (notice,) = told
    assert isinstance(notice, Noticed)
    assert "cannot be kept on the disk" in notice.text


async def test_nobody_writes_down_what_the_budget_has_no_money_for() -> None:
    async with access_to(ProviderProfile()) as access:

        async def reach() -> Access:
            return access

        money = [True, False]
        ports = RecoveryAccess(None, reach, {"mic": "gpt-transcribe"}, (), SpeechOrNot, lambda: money.pop(0))
        assert len(await ports.transcriptions("mic", lambda model, usage: None)) == 2
        with pytest.raises(TransportRefused, match="budget"):
            await ports.transcriptions("mic", lambda model, usage: None)
