"""Records the streams, when it is asked to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Protocol

from sentra_tui.domain.actions import SetRecording
from sentra_tui.domain.changes import Noticed, RecordingChanged
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import Recorder
from sentra_tui.domain.state import Severity
from sentra_tui.domain.text import clean_line
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.store import Store


class OpenRecorder(Protocol):
    """Opens a recorder for a stream. Both callbacks are called in the loop; raises SourceError."""

    def __call__(
        self, stream: str, on_file: Callable[[str], None], on_failure: Callable[[SourceError], None], /
    ) -> Recorder:
        """Return it; `on_file` is told each file, `on_failure` why nothing more is written."""
        ...


class RecordingDriver:
    """Writes each stream that is heard into a file of its own, from `SetRecording` on until it is taken back.

    Trouble with one file ends all: half a talk is worse than none, if nobody says so.
    """

    def __init__(self, open_recorder: OpenRecorder, store: Store, context: EngineContext) -> None:
        self._open_recorder = open_recorder
        self._context = context
        self._on = False
        self._cause = ""
        self._recorders: dict[str, Recorder] = {}
        self._files: list[str] = []
        """The files of the newest recording, another list for each: what an earlier one still has to say is told apart
        by it.
        """
        store.handle(SetRecording, self._set)

    def hear(self, stream: str, frame: bytes) -> None:
        """Take the next frame of a stream: as it is to be kept, silence where it is not."""
        if not self._on:
            return
        recorder = self._recorders.get(stream) or self._begin(stream)
        if recorder is not None:
            recorder.write(frame)

    async def close(self) -> None:
        """Finish what is being recorded."""
        await self._finish(self._stop(), self._files)

    def _set(self, action: SetRecording) -> None:
        if action.on and not self._on:
            self._on, self._cause, self._files = True, "", []
            self._tell()
        elif self._on and not action.on:
            if not self._recorders:
                text = "Nothing was recorded: no stream had sound."
                self._context.publish(Noticed(Severity.WARNING, text, "d chooses where sound comes from."))
            self._finish_soon()

    def _begin(self, stream: str) -> Recorder | None:
        files = self._files

        def began(path: str) -> None:
            files.append(path)
            if files is self._files:
                self._tell()

        def failed(error: SourceError) -> None:
            if files is self._files:
                self._fail(error)

        try:
            recorder = self._open_recorder(stream, began, failed)
        except SourceError as error:
            self._fail(error)
            return None
        self._recorders[stream] = recorder
        return recorder

    def _fail(self, error: SourceError) -> None:
        """Stop, and say why, once: what one file cannot take the others cannot either."""
        if self._cause:
            return
        self._cause = error.message
        text = f"The recording stopped. {error.message}" if self._on else f"Its end is not recorded. {error.message}"
        self._context.publish(Noticed(Severity.WARNING, text, error.hint))
        self._finish_soon()

    def _finish_soon(self) -> None:
        self._context.tasks.start(self._finish(self._stop(), self._files), self._broke, "recording")

    def _stop(self) -> list[Recorder]:
        """Write nothing more; return what is to be finished."""
        if self._on:
            self._on = False
            self._tell()
        recorders, self._recorders = list(self._recorders.values()), {}
        return recorders

    async def _finish(self, recorders: list[Recorder], files: list[str]) -> None:
        for recorder in recorders:
            await recorder.close()
        if recorders and files:
            self._context.publish(Noticed(Severity.INFORMATION, _told(files)))

    def _broke(self, _: BaseException) -> None:
        self._context.publish(
            Noticed(Severity.WARNING, "A recording could not be finished.", "The log has the details.")
        )

    def _tell(self) -> None:
        change = RecordingChanged(self._on, self._context.now_ms(), tuple(self._files), self._cause)
        self._context.publish(change)


def _told(files: list[str]) -> str:
    """Return where the files are."""
    folder = PurePath(files[0]).parent
    names = ", ".join(PurePath(file).name for file in files)
    return clean_line(f"Recorded in {folder}: {names}.", 1_000)
