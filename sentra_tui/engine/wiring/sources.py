"""Where the sound of each stream comes from."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.config import StreamConfig
from sentra_tui.domain.errors import SentraError, SourceError
from sentra_tui.domain.sound_ports import AudioSource
from sentra_tui.domain.state import Severity
from sentra_tui.engine.wiring.access import ProviderAccess
from sentra_tui.services.audio.file_source import WavSource
from sentra_tui.services.audio.sources import open_source

DEMO = "demo"
DEMO_LABEL = "demo talk · own language model"
DEVICE = "device"
NO_SOURCE = "none"
_LIVE_SOURCES = (DEVICE, NO_SOURCE)


class StreamSource:
    """The source of one stream, and what takes its place on the local provider where it cannot be opened."""

    def __init__(
        self, name: str, config: StreamConfig, provider: ProviderAccess, publish: Callable[[Change], None]
    ) -> None:
        self._name = name
        self._config = config
        self._provider = provider
        self._publish = publish

    @property
    def is_demo(self) -> bool:
        """Whether it is the demo talk."""
        return self._config.source == DEMO

    @property
    def is_none(self) -> bool:
        """Whether there is none."""
        return self._config.source == NO_SOURCE

    @property
    def is_recorded(self) -> bool:
        """Whether it can wait for the calls."""
        return self._config.source.split(":")[0] not in _LIVE_SOURCES

    async def open(self) -> AudioSource:
        """Open it; raises SourceError."""
        if self.is_demo:
            return await self._open_demo()
        try:
            return await open_source(self._config.source, loop=self._config.loop)
        except SourceError as error:
            if not self._provider.is_local or self._config.source.split(":")[0] != DEVICE:
                raise
            notice = f"{error.message} Playing the demo talk instead."
            self._publish(Noticed(Severity.WARNING, notice, error.hint))
            self._config = replace(self._config, source=DEMO)
            return await self._open_demo()

    async def _open_demo(self) -> AudioSource:
        try:
            talk = await self._provider.demo(self._name)
        except SentraError as error:
            raise SourceError(error.message, hint=error.hint) from error
        if talk is None:
            raise SourceError("The demo talk needs the local provider.", hint="Start with --provider local.")
        return WavSource(talk, label=DEMO_LABEL, loop=self._config.loop)
