"""Where the sound of each stream comes from."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.config import StreamConfig
from sentra_tui.domain.errors import SentraError, SourceError
from sentra_tui.domain.sound_ports import AudioSource, Report
from sentra_tui.domain.source_spec import SourceKind, SourceSpec, parse_source
from sentra_tui.domain.state import Severity
from sentra_tui.engine.wiring.access import ProviderAccess
from sentra_tui.services.audio.file_source import WavSource
from sentra_tui.services.audio.sources import open_source

DEMO_LABEL = "demo talk · own language model"


class StreamSource:
    """The source of one stream, and what takes its place on the local provider where it cannot be opened.

    `remember` keeps what the user chooses; `remembered` says that the choice at hand was kept from an earlier run;
    `standard_input` that standard input carries nothing but sound.
    """

    def __init__(
        self,
        name: str,
        config: StreamConfig,
        provider: ProviderAccess,
        publish: Callable[[Change], None],
        remember: Callable[[str, str], None],
        *,
        remembered: bool = False,
        standard_input: bool = False,
    ) -> None:
        self._name = name
        self._config = config
        self._provider = provider
        self._publish = publish
        self._remember = remember
        self._remembered = remembered
        self._standard_input = standard_input

    @property
    def choice(self) -> str:
        """What was chosen, as in `StreamConfig.source`."""
        return self._config.source

    @property
    def spec(self) -> SourceSpec:
        """What that means."""
        return parse_source(self._config.source)

    def choose(self, choice: str) -> None:
        """Open this from now on, and remember it."""
        self._config = replace(self._config, source=choice)
        self._remembered = False
        self._remember(self._name, choice)

    async def open(self, report: Report) -> AudioSource:
        """Open it; raises SourceError."""
        if self.spec.kind is SourceKind.DEMO:
            return await self._open_demo()
        try:
            return await open_source(
                self._config.source, loop=self._config.loop, report=report, standard_input=self._standard_input
            )
        except SourceError as error:
            instead = self._instead()
            if instead is None:
                raise
            source, words = instead
            self._publish(Noticed(Severity.WARNING, f"{error.message} {words}", error.hint))
            self._config = replace(self._config, source=source)
            self._remembered = False
            return await self.open(report)

    def _instead(self) -> tuple[str, str] | None:
        """Return what is opened in place of what cannot be, and how that is said; None where nothing is."""
        spec = self.spec
        if self._remembered and spec.in_room and spec.name:
            return str(spec.kind), "The default is used instead: press d to choose."
        if self._provider.is_local and spec.kind is SourceKind.DEVICE:
            return str(SourceKind.DEMO), "Playing the demo talk instead."
        return None

    async def _open_demo(self) -> AudioSource:
        try:
            talk = await self._provider.demo(self._name)
        except SentraError as error:
            raise SourceError(error.message, hint=error.hint) from error
        if talk is None:
            raise SourceError("The demo talk needs the local provider.", hint="Start with --provider local.")
        return WavSource(talk, label=DEMO_LABEL, loop=self._config.loop)
