"""One answer of the text model while it is written: as long as allowed, and troubled as planned."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Sequence

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.models.text_model import TextMessage, TextModel
from sentra_tui.provider.text_faults import RunFailure, TextFault

_WORD = re.compile(r"\S+")


class PlannedFailure(ProviderError):
    """The plan lets the run fail with this code."""

    def __init__(self, failure: RunFailure) -> None:
        super().__init__(failure.message)
        self.code = failure.code


class Answering:
    """Writes one answer. Words count as tokens; `max_words` None is no limit."""

    def __init__(self, model: TextModel, fault: TextFault, max_words: int | None = None) -> None:
        self._model = model
        self._fault = fault
        self._max_words = max_words
        self._inside_word = False
        self.text = ""
        self.words = 0
        self.cut = False
        """Whether the answer ended at its limit."""

    async def write(self, messages: Sequence[TextMessage], model: str) -> AsyncGenerator[str, None]:
        """Yield the answer a piece at a time; raises ProviderError, PlannedFailure where it is planned.

        A run that is stuck yields nothing, for ever. Use it in `contextlib.aclosing`.
        """
        if self._fault.stuck is not None:
            await asyncio.Event().wait()
        self._fail_when_due()
        async with contextlib.aclosing(self._model.answer(messages, model)) as pieces:
            async for piece in pieces:
                await asyncio.sleep(self._fault.word_interval_s)
                kept = self._take(piece)
                if kept:
                    self.text += kept
                    yield kept
                if self.cut:
                    return
                self._fail_when_due()

    def _fail_when_due(self) -> None:
        if self._fault.fail is not None and self.words >= self._fault.fail.after_words:
            raise PlannedFailure(self._fault.fail)

    def _take(self, piece: str) -> str:
        """Count the words of a piece, and return what of it is within the limit."""
        for word in _WORD.finditer(piece):
            if word.start() == 0 and self._inside_word:
                continue
            if self.words == self._max_words:
                self.cut = True
                return piece[: word.start()].rstrip()
            self.words += 1
        if piece:
            self._inside_word = not piece[-1].isspace()
        return piece
