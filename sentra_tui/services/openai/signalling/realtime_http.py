"""Calls that are made with one request: an offer, and its answer."""

from __future__ import annotations

from sentra_tui.domain.ports import Credential, SdpAnswer
from sentra_tui.domain.provider_config import HangUp
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.signalling.answer import sdp_answer
from sentra_tui.services.openai.signalling.forms import PostOffer, post_by_credential
from sentra_tui.services.openai.signalling.hanging_up import end_call


class RealtimeHttp:
    """The Signalling port, over a client that the tokens share.

    `post` is the form of the offer. `model` is the one to name where the form has a place for it and the credential
    names none, since a client secret carries it.
    """

    def __init__(
        self, client: ApiClient, post: PostOffer = post_by_credential, *, model: str = "", hang_up: HangUp = "post"
    ) -> None:
        self._client = client
        self._post = post
        self._model = model
        self._hang_up = hang_up

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        """Post an offer and return the answer; raises CredentialRefused, TransportRefused or TransportLost."""
        return sdp_answer(await self._post(self._client, sdp, credential, self._model), self._client.endpoint)

    async def hang_up(self, call_id: str, credential: Credential) -> None:
        """End a call at the provider; one that is gone, or never had a name, is no error.

        Raises CredentialRefused, TransportRefused or TransportLost.
        """
        await end_call(self._client, self._hang_up, call_id, credential.secret)
