"""Calls in a session that was made before, as the beta had them: the offer and each candidate are posted below it.

`/sessions/{id}/webrtc/sdp-offer` takes `{sdp, modalities}`, `/sessions/{id}/webrtc/ice-candidate` takes `{candidate}`,
both with the client secret of that session. Servers have them at their root or below `/realtime`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.ports import Credential, IceCandidate, SdpAnswer
from sentra_tui.domain.provider_config import HangUp
from sentra_tui.domain.roads import Reason
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.signalling.answer import is_name, sdp_answer
from sentra_tui.services.openai.signalling.hanging_up import end_call
from sentra_tui.services.openai.status import refusal

_HEADERS = {"OpenAI-Beta": "realtime=v1"}
_PLACES = ("/sessions", "/realtime/sessions")
_ELSEWHERE = (404, 405)
_MODALITIES = ["audio", "text"]


class SessionHttp:
    """The TricklingSignalling port, for credentials that name the session that was made for one call."""

    def __init__(self, client: ApiClient, *, hang_up: HangUp = "post") -> None:
        self._client = client
        self._hang_up = hang_up
        self._places: Sequence[str] = _PLACES
        """Where sessions may be; the one that is, once an offer was answered there."""

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        """Post an offer and return the answer; the call is named like its session.

        Raises CredentialRefused, TransportRefused or TransportLost.
        """
        if not is_name(credential.session_id):
            raise TransportRefused(
                "No session was made that a call can be made in.",
                hint="Set another offer in the profile.",
                reason=Reason.NOT_OFFERED,
            )
        body = {"sdp": sdp, "modalities": _MODALITIES}
        for place in self._places:
            reply = await self._post(place, "sdp-offer", credential, body)
            if reply.status not in _ELSEWHERE:
                break
        answer = sdp_answer(reply, self._client.endpoint, credential.session_id)
        self._places = (place,)
        return answer

    async def candidates(self, call_id: str, candidates: Sequence[IceCandidate], credential: Credential) -> None:
        """Post our candidates one by one; raises CredentialRefused, TransportRefused or TransportLost."""
        for each in candidates:
            told = {"candidate": each.candidate, "sdpMid": each.sdp_mid, "sdpMLineIndex": each.sdp_m_line_index}
            reply = await self._post(self._places[0], "ice-candidate", credential, {"candidate": told})
            if reply.status >= 300:
                raise refusal(reply, self._client.endpoint)

    async def hang_up(self, call_id: str, credential: Credential) -> None:
        """End a call at the provider; one that is gone is no error.

        Raises CredentialRefused, TransportRefused or TransportLost.
        """
        await end_call(self._client, self._hang_up, call_id, credential.secret)

    async def _post(self, place: str, what: str, credential: Credential, body: dict[str, Any]) -> Reply:
        path = f"{place}/{credential.session_id}/webrtc/{what}"
        return await self._client.post(path, credential.secret, json=body, headers=_HEADERS)
