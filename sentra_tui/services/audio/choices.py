"""What the user chose of sound, kept for the next time: sources by stream, the output, headphones.

It is a convenience and never in the way: a file that is missing, damaged or cannot be written is logged, and passed
over.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import tempfile
import threading
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

_LOG = logging.getLogger(__name__)

FILE_BYTES_MAX = 65_536
VALUE_CHARS_MAX = 1_000
CLOSE_S = 2.0


class _Choices(Struct, frozen=True, omit_defaults=True):
    sources: dict[str, str] = {}
    output: str = ""
    headphones: bool | None = None


class RememberedChoices:
    """The choices in the file `path`, JSON for the owner alone.

    It is read here, once; every choice is written at once, whole, on a thread: where two programs write, the last one
    wins. Call from one thread. Without a path nothing outlasts the program.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._choices = _Choices() if path is None else _read(path)
        self._lock = threading.Lock()
        self._waiting: bytes | None = None
        self._writer: threading.Thread | None = None

    def source(self, stream: str) -> str:
        """What was chosen as the source of a stream, as in `StreamConfig.source`; empty where nothing was."""
        return self._choices.sources.get(stream, "")

    @property
    def output(self) -> str:
        """What was chosen to play answers, as in `SoundConfig.output`; empty where nothing was."""
        return self._choices.output

    @property
    def headphones(self) -> bool | None:
        """Whether headphones are worn; None where the user never said."""
        return self._choices.headphones

    def remember_source(self, stream: str, source: str) -> None:
        """Keep this as the source of a stream; empty forgets it."""
        sources = {**self._choices.sources, stream: source}
        if not source:
            del sources[stream]
        self._keep(replace(self._choices, sources=sources))

    def remember_output(self, output: str) -> None:
        """Keep this as the output; empty forgets it."""
        self._keep(replace(self._choices, output=output))

    def remember_headphones(self, on: bool) -> None:
        """Keep whether headphones are worn."""
        self._keep(replace(self._choices, headphones=on))

    def close(self) -> None:
        """Wait until what was chosen is written, two seconds at most."""
        writer = self._writer
        if writer is not None:
            writer.join(CLOSE_S)

    def _keep(self, choices: _Choices) -> None:
        if choices == self._choices:
            return
        self._choices = choices
        if self._path is None:
            return
        with self._lock:
            self._waiting = msgspec.json.format(msgspec.json.encode(choices)) + b"\n"
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._write_all, args=[self._path], name="sound-choices", daemon=True
                )
                self._writer.start()

    def _write_all(self, path: Path) -> None:
        """Write the newest choices until there are no newer ones."""
        while True:
            with self._lock:
                raw, self._waiting = self._waiting, None
                if raw is None:
                    self._writer = None
                    return
            try:
                _write(path, raw)
            except OSError as error:
                _LOG.warning("the choice of devices is not kept: %s", error.strerror)


def _read(path: Path) -> _Choices:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # Whoever opens a FIFO waits for its writer.
            _LOG.warning("the choice of devices is no file: %s", path)
            return _Choices()
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX)
        choices = msgspec.json.decode(raw, type=_Choices)
    except FileNotFoundError:
        return _Choices()
    except OSError as error:
        _LOG.warning("the choice of devices cannot be read: %s", error.strerror)
        return _Choices()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _LOG.warning("the choice of devices is damaged, and begun anew: %s", path)
        return _Choices()
    sources = {stream: source for stream, source in choices.sources.items() if _is_plain(stream) and _is_plain(source)}
    return replace(choices, sources=sources, output=choices.output if _is_plain(choices.output) else "")


def _is_plain(value: str) -> bool:
    return len(value) <= VALUE_CHARS_MAX and value.isprintable()


def _write(path: Path, raw: bytes) -> None:
    """Put `raw` in place of the file in one step, readable by its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
