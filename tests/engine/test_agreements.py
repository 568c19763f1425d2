"""Which session a call has once it stands."""

from __future__ import annotations

from sentra_tui.domain.ports import Credential
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.engine.wiring.agreements import agreement
from sentra_tui.protocol.session_config import laid_over, session_change


def test_a_language_that_a_broker_chose_is_no_reason_for_one_new_session_after_the_other() -> None:
    heard = {"transcription": {"model": "theirs", "language": "en"}, "turn_detection": None}
    chosen = {"type": "transcription", "audio": {"input": heard}}
    wanted = {"type": "transcription", "audio": {"input": {"transcription": {"model": "ours"}, "turn_detection": None}}}
    agreed, imposed = agreement(ProviderProfile(), wanted, Credential(Secret("ek-test"), agreed=chosen))
    assert session_change(agreed, laid_over(wanted, imposed)) == {}
    assert heard["transcription"] == {"model": "theirs", "language": "en"}
