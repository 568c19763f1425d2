"""What it takes to have speech written down after a break, and to keep it until then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from functools import partial

from msgspec.structs import replace

from sentra_tui.domain.audio import SAMPLE_BYTES, samples_to_ms
from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.config import DEMO_TRANSCRIPTION_MODEL, Config
from sentra_tui.domain.errors import SentraError, TransportRefused
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.domain.state import Severity
from sentra_tui.domain.steady_ports import Spool
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded, TextEvent, Transcription
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.wiring.access import Access
from sentra_tui.protocol.session_config import speaker_session
from sentra_tui.services.openai.voice.message_socket import MessageSocket
from sentra_tui.services.openai.voice.realtime_transcription_for import (
    has_sessions,
    realtime_transcription,
    transcription_socket,
)
from sentra_tui.services.spool.shelf import SpoolShelf

Meter = Callable[[str, Usage], None]
"""Takes a model and what it counted."""


def transcriptions(access: Access, model: str, meter: Meter, *, demo: bool = False) -> Sequence[Transcription]:
    """Return what writes down recordings at this provider, best first: an endpoint for them, then a realtime session.

    `model` is that of the stream's calls; `demo` says that the demo talk is what is heard. A broker's provider has no
    endpoint for us, since that wants the key. What each costs goes to `meter`, and is told to nobody else.
    """
    profile = access.profile
    found: list[Transcription] = []
    if "http" in profile.transports and not profile.broker_url:
        written_by = DEMO_TRANSCRIPTION_MODEL if demo else profile.http.transcription_model
        found.append(MeteredTranscription(access.http.transcription(written_by), partial(meter, written_by)))
    if has_sessions(profile):
        written_by = DEMO_TRANSCRIPTION_MODEL if demo else model
        found.append(MeteredTranscription(_in_session(access, written_by), partial(meter, written_by)))
    return found


class MeteredTranscription:
    """The Transcription port before another one, whose counts go to `meter`, and nowhere else.

    A server that counts nothing has its model billed by the length of the sound.
    """

    def __init__(self, transcription: Transcription, meter: Callable[[Usage], None]) -> None:
        self._transcription = transcription
        self._meter = meter

    @property
    def max_ms(self) -> int:
        """The longest recording that the server takes, in milliseconds."""
        return self._transcription.max_ms

    async def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
        """Yield what is said in `sound`; see the port."""
        told = self._transcription.transcribe(sound, language=language, prompt=prompt)
        async with aclosing(told) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, TextEnded):
                    seconds = samples_to_ms(len(sound) // SAMPLE_BYTES) / 1000
                    self._meter(event.usage or Usage(seconds=seconds))
                    yield replace(event, usage=None)
                else:
                    yield event


def open_shelf(
    options: EngineOptions, config: Config, started_at: float, tell: Callable[[Change], None]
) -> SpoolShelf | None:
    """Return where the sound of the talk that began at `started_at` is kept; None where it is not to be.

    A talk that is not written down is not kept either. `tell` is told where the disk fails.
    """
    recovery = config.recovery
    if options.spool is None or not (recovery.enabled and recovery.disk_minutes and config.journal.enabled):
        return None

    def tell_failure(failure: SentraError) -> None:
        tell(Noticed(Severity.WARNING, failure.message, failure.hint))

    limit_ms = round(recovery.disk_minutes * 60_000)
    return SpoolShelf(options.spool, round(started_at * 1000), limit_ms=limit_ms, on_failure=tell_failure)


def _in_session(access: Access, model: str) -> Transcription:
    profile, endpoint = access.profile, access.client.endpoint
    session = speaker_session(_transcribing(profile, model), StreamSettings())

    async def opened() -> MessageSocket:
        credential = await access.socket_credential(session)
        return await transcription_socket(profile, endpoint, lambda: credential.secret, model)()

    return realtime_transcription(profile, endpoint.label, model, opened)


def _transcribing(profile: ProviderProfile, model: str) -> ProviderProfile:
    return replace(profile, speaker_transcription_model=model)


class RecoveryAccess:
    """`sentra_tui.engine.recovery.ports.RecoveryPorts` for one provider and one talk."""

    def __init__(
        self,
        shelf: SpoolShelf | None,
        reach: Callable[[], Awaitable[Access]],
        models: Mapping[str, str],
        demo: Collection[str],
        open_detector: Callable[[], SpeechDetector],
        may_spend: Callable[[], bool] = lambda: True,
    ) -> None:
        """`models` gives by stream what writes it down live; `demo` are those that hear the demo talk.

        Nobody is asked while `may_spend` says no.
        """
        self._shelf = shelf
        self._reach = reach
        self._models = models
        self._demo = demo
        self._open_detector = open_detector
        self._may_spend = may_spend

    def spool(self, stream: str) -> Spool | None:
        """Return where this stream's sound is kept on the disk; None where it is not."""
        return None if self._shelf is None else self._shelf.open(stream)

    async def transcriptions(self, stream: str, meter: Meter) -> Sequence[Transcription]:
        """Return what can write down this stream's sound now, best first; raises TransportError."""
        if not self._may_spend():
            raise TransportRefused("the hard budget is spent", hint="Raise cost.hard_usd in the configuration.")
        return transcriptions(await self._reach(), self._models[stream], meter, demo=stream in self._demo)

    def detector(self) -> SpeechDetector:
        """Return a new one."""
        return self._open_detector()

    async def close(self) -> None:
        """Let go of the disk."""
        if self._shelf is not None:
            await self._shelf.close()
