"""Marks lines of the microphone that are what another stream said, heard again through the room."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice

from sentra_tui.domain.actions import MarkEcho
from sentra_tui.domain.changes import Change, LineEchoed, TranscriptCommitted
from sentra_tui.domain.sound import EchoMode
from sentra_tui.domain.state import MIC, SPEAKER
from sentra_tui.domain.transcript import Line, LineKey
from sentra_tui.engine.store import Store
from sentra_tui.protocol.bleed import LATE_MS, LONG_WORDS, Utterance, is_echo, words_of

LINES_LOOKED_AT = 40
"""The newest of each stream: words come seconds after they were said, not minutes."""
TAKEN_OUT_DB = 16.0
"""Where the canceller takes out so much, few words are left of an echo: a short line is what two people say at once,
a greeting or thanks.
"""


class BleedDriver:
    """Judges each line of the microphone once its words are final, and again when the other's words come later.

    It publishes while a committed line is being told: who subscribes before it hears of the line first and of its mark
    second; who subscribes after it finds the line marked when it hears of it. Front ends and the journal come before,
    whoever answers questions after. Nothing is judged that the user decided, nor while headphones are worn.
    """

    def __init__(self, store: Store, now_ms: Callable[[], int], others: Collection[str] = (SPEAKER,)) -> None:
        """`others` are the streams that the microphone may hear through the room."""
        self._store = store
        self._now_ms = now_ms
        self._others = others
        store.subscribe(self._hear)
        store.handle(MarkEcho, self._mark)

    def _hear(self, change: Change) -> None:
        if not isinstance(change, TranscriptCommitted) or change.kind != "speech" or self._store.state.headphones:
            return
        if change.stream == MIC:
            self._judge([line for line in self._lines(MIC) if line.key == change.key])
        elif change.stream in self._others:
            self._judge([line for line in self._lines(MIC) if line.start_ms <= change.end_ms + LATE_MS])

    def _judge(self, lines: list[Line]) -> None:
        """Mark those of these lines of the microphone that are echoes."""
        lines = [line for line in lines if line.final and not line.echo and not line.echo_judged]
        if self._is_taken_out():
            lines = [line for line in lines if len(words_of(line.text)) >= LONG_WORDS]
        said = [self._utterance(line) for name in self._others for line in self._lines(name)] if lines else []
        for line in lines:
            if is_echo(self._utterance(line), said):
                self._store.publish(LineEchoed(MIC, line.key.session, line.key.item_id))

    def _is_taken_out(self) -> bool:
        echo = self._store.state.echo
        return echo.mode is EchoMode.CANCELLING and (echo.erle_db or 0.0) >= TAKEN_OUT_DB

    def _lines(self, name: str) -> Iterator[Line]:
        """Yield the newest spoken lines of a stream that have words, final or not."""
        stream = self._store.state.stream(name)
        pages = stream.transcript.pages[-2:] if stream is not None else ()
        newest = (line for page in reversed(pages) for line in reversed(page) if line.kind == "speech" and line.text)
        return islice(newest, LINES_LOOKED_AT)

    def _utterance(self, line: Line) -> Utterance:
        end_ms = line.end_ms if line.end_ms is not None else max(line.start_ms, self._now_ms())
        return Utterance(line.text, line.start_ms, end_ms)

    def _mark(self, action: MarkEcho) -> None:
        """Do as the user says, where the line is still one that can be marked."""
        stream = self._store.state.stream(action.stream)
        if stream is not None and stream.transcript.find(LineKey(action.session, action.item_id)) is not None:
            self._store.publish(
                LineEchoed(action.stream, action.session, action.item_id, echo=action.echo, by_user=True)
            )
