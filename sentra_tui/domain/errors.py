"""Every error the program raises on purpose, split by what the caller can do next.

    SentraError
    ├── ConfigError            mend the file, or the argument
    ├── SourceError            choose another source of sound
    ├── TransportError
    │   ├── TransportLost      dial, or ask, again
    │   │   └── OutcomeUnknown      what was asked for may have happened: let the user decide
    │   └── TransportRefused   do not dial, or ask, again before something changes
    │       ├── CredentialRefused   the key is missing, wrong or not allowed to do this
    │       └── NotSupported        this server does not have what was asked for: ask in another way
    ├── JournalError           the talk is not written down
    ├── ProtocolError          we asked a state machine for an illegal step
    ├── ProviderError          the local provider could not start
    │   └── ApiError           it refuses a request (in `sentra_tui.provider`)
    └── Refusal                the broker refuses one (in `sentra_tui.broker`)

Each carries one line saying what happened and, where there is one, the next step.
"""

from __future__ import annotations

from sentra_tui.domain.roads import Reason


class SentraError(Exception):
    """What happened, in one line that may be shown to the user, and what helps."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class ConfigError(SentraError):
    """The configuration, or an argument, cannot be used as it is."""


class SourceError(SentraError):
    """A recording or a device cannot give sound."""


class TransportError(SentraError):
    """A call could not be made or kept; `reason` says whether another road may do."""

    def __init__(self, message: str, *, hint: str = "", reason: Reason = Reason.OTHER) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class TransportLost(TransportError):
    """The call, or the attempt at one, broke: dialling again may help.

    `retry_after_s` is the wait that the server asked for, in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        retry_after_s: float | None = None,
        reason: Reason = Reason.OTHER,
    ) -> None:
        super().__init__(message, hint=hint, reason=reason)
        self.retry_after_s = retry_after_s


class TransportRefused(TransportError):
    """The peer said no: dialling again changes nothing. `param` is what it did not like, where it said so."""

    def __init__(self, message: str, *, hint: str = "", param: str = "", reason: Reason = Reason.OTHER) -> None:
        super().__init__(message, hint=hint, reason=reason)
        self.param = param


class CredentialRefused(TransportRefused):
    """The key is missing, wrong, or not allowed to do this (401, 403)."""


class OutcomeUnknown(TransportLost):
    """A request was sent and nothing came back: it may have been carried out."""


class NotSupported(TransportRefused):
    """The server does not know this part of the API: another part may serve."""


class JournalError(SentraError):
    """The journal cannot be read or written."""


class ProtocolError(SentraError):
    """A state machine was asked for a step that its table does not have."""


class ProviderError(SentraError):
    """The local provider could not be started."""
