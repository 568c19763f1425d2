"""A value that must never be seen."""

from __future__ import annotations


class Secret:
    """Holds a key or a token; only `reveal` gives it, so that no log, traceback or screen can."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, for the one line that puts it on the wire."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __bool__(self) -> bool:
        return bool(self._value)


class ClientSecret(Secret):
    """A short-lived secret that a provider minted: it is always shown as a bearer token, whatever keys are."""

    __slots__ = ()
