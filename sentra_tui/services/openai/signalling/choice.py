"""Which form of signalling a provider takes."""

from __future__ import annotations

from sentra_tui.domain.ports import Signalling
from sentra_tui.domain.provider_config import OfferForm, ProviderProfile
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.signalling.forms import (
    PostOffer,
    post_beta,
    post_by_credential,
    post_json,
    post_multipart,
    post_sdp,
)
from sentra_tui.services.openai.signalling.realtime_http import RealtimeHttp
from sentra_tui.services.openai.signalling.session_http import SessionHttp

_FORMS: dict[OfferForm, PostOffer] = {
    "auto": post_by_credential,
    "sdp": post_sdp,
    "multipart": post_multipart,
    "json_sdp": post_json,
    "beta_query": post_beta,
}


def signalling(profile: ProviderProfile, client: ApiClient) -> Signalling:
    """Return the signalling that `profile` names, over a client that the tokens share."""
    if profile.offer == "session":
        return SessionHttp(client, hang_up=profile.hang_up)
    return RealtimeHttp(client, _FORMS[profile.offer], model=profile.model, hang_up=profile.hang_up)
