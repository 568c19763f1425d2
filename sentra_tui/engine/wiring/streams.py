"""Which streams there are, and where each is to take its sound from."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from sentra_tui.domain.config import Config, StreamConfig
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.source_spec import SourceKind
from sentra_tui.domain.state import MIC, SPEAKER
from sentra_tui.domain.text import clean_line
from sentra_tui.engine.options import EngineOptions

MAX_STREAMS = 8
"""Each stream is a call: more of them are a mistake, or a bill."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def stream_configs(
    options: EngineOptions, config: Config, remembered: Callable[[str], str], *, local: bool
) -> dict[str, StreamConfig]:
    """Return the streams by name: an argument stands before the configuration, that before what was chosen last time.

    `remembered` tells the latter by stream, `local` says that the provider is the one to try things out with. Raises
    ConfigError.
    """
    streams = {MIC: config.mic, SPEAKER: config.speaker, **_others(config.streams)}
    arguments = {MIC: options.mic, SPEAKER: options.speaker, **_named(options.stream)}
    defaults = {
        MIC: SourceKind.DEMO if local else SourceKind.DEVICE,
        SPEAKER: SourceKind.DEMO if local else SourceKind.LOOPBACK,
    }
    chosen = {}
    for name in {**streams, **arguments}:
        stream = streams.get(name, StreamConfig())
        source = arguments.get(name) or stream.source or remembered(name)
        source = source or defaults.get(name, SourceKind.NONE)
        chosen[name] = replace(stream, source=str(source), loop=stream.loop or options.loop)
    if len(chosen) > MAX_STREAMS:
        raise ConfigError(f"{len(chosen)} streams are too many.", hint=f"There may be {MAX_STREAMS}.")
    return chosen


def _others(streams: dict[str, StreamConfig]) -> dict[str, StreamConfig]:
    for name in (MIC, SPEAKER):
        if name in streams:
            raise ConfigError(f"streams.{name} has a table of its own.", hint=f"Write [{name}].")
    return streams


def _named(arguments: tuple[str, ...]) -> dict[str, str | None]:
    """Return what `--stream NAME=SOURCE` says."""
    named: dict[str, str | None] = {}
    for argument in arguments:
        name, equals, source = argument.partition("=")
        if not (equals and source and _NAME.fullmatch(name)):
            text = f"--stream {clean_line(argument, 60)} is not NAME=SOURCE."
            raise ConfigError(text, hint="For example: --stream room=ssh:devbox. Names are small letters.")
        if name in (MIC, SPEAKER):
            raise ConfigError(f"--stream {name} has an option of its own.", hint=f"Use --{name}.")
        named[name] = source
    return named
