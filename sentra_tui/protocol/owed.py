"""The drafts that a session owes, so that the next one is asked for what a break cut short."""

from __future__ import annotations

OWED_MAX = 8
"""The newest drafts that are asked for again: a session answers them one after the other."""


class OwedDrafts:
    """Remembers which drafts were asked for and did not end, for `ttl_ms`; each is asked for again once."""

    def __init__(self, ttl_ms: int) -> None:
        self._ttl_ms = ttl_ms
        self._since: dict[str, int] = {}
        self._again: set[str] = set()

    def expect(self, question_id: str, now_ms: int) -> None:
        """A draft was asked for, or is about to come by itself."""
        self._since.setdefault(question_id, now_ms)

    def settle(self, question_id: str) -> None:
        """It came, or nobody wants it any more."""
        self._since.pop(question_id, None)
        self._again.discard(question_id)

    def forget(self) -> None:
        """Nobody wants any."""
        self._since.clear()
        self._again.clear()

    def ask_again(self, now_ms: int) -> list[str]:
        """A new session stands: return the questions to put to it, oldest first."""
        self._since = {each: since for each, since in self._since.items() if now_ms - since < self._ttl_ms}
        self._again &= self._since.keys()
        asked = [each for each in self._since if each not in self._again][-OWED_MAX:]
        self._again |= self._since.keys()
        return asked
