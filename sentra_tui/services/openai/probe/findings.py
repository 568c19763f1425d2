"""What was found out about a server."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from sentra_tui.domain.provider_config import DialectName, OfferForm


class Offered(StrEnum):
    """Whether a server has something; its value is the word for the screen."""

    YES = "yes"
    NO = "no"
    KEY_REFUSED = "key refused"
    UNKNOWN = "unknown"


class Finding(Struct, frozen=True):
    """One thing that a server may have, and why that is believed: one short line."""

    offered: Offered = Offered.UNKNOWN
    evidence: str = "no answer in time"

    def __bool__(self) -> bool:
        """Whether the server has it."""
        return self.offered is Offered.YES


class ProviderFindings(Struct, frozen=True):
    """What a server speaks, as far as harmless requests tell."""

    base_url: str
    keyed: bool = False
    """Whether a key was shown."""
    models: tuple[str, ...] = ()
    """The first 50 names that it lists."""
    model_list: Finding = Finding()
    client_secrets: Finding = Finding()
    webrtc: Finding = Finding()
    offer: OfferForm = "auto"
    """How it wants an SDP offer."""
    websocket: Finding = Finding()
    dialect: DialectName = "ga"
    transcription: Finding = Finding()
    chat: Finding = Finding()
    responses: Finding = Finding()
    speech: Finding = Finding()

    def rows(self) -> tuple[tuple[str, Finding], ...]:
        """Return what was looked for, in words, with what was found."""
        return (
            ("list of models", self.model_list),
            ("client secrets", self.client_secrets),
            ("WebRTC", self.webrtc),
            ("WebSocket", self.websocket),
            ("transcription", self.transcription),
            ("chat completions", self.chat),
            ("responses", self.responses),
            ("speech", self.speech),
        )

    @property
    def wants_key(self) -> bool:
        """Whether a key is missing, or was refused."""
        return any(finding.offered is Offered.KEY_REFUSED for _, finding in self.rows())
