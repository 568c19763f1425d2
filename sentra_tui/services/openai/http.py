"""Session descriptions over HTTP, as OpenAI's Realtime API takes them.

Source: https://platform.openai.com/docs/guides/realtime-webrtc, `POST /v1/realtime/calls`.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.ports import Credential, SdpAnswer
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import refusal

_CALLS = "/realtime/calls"
_SDP = "application/sdp"
_CALL_ID = re.compile(r"[\w~-][\w.~-]{0,255}", re.ASCII)
_GONE = (404, 410)


class RealtimeHttp:
    """The Signalling port, over a client that the tokens share."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    async def offer(self, sdp: str, credential: Credential) -> SdpAnswer:
        """Post an offer: raw with a client secret, multipart with an API key and the session; return the answer.

        Raises CredentialRefused, TransportRefused or TransportLost.
        """
        if credential.session is None:
            reply = await self._client.post(_CALLS, credential.secret, content=sdp, headers={"Content-Type": _SDP})
        else:
            session = json.dumps(credential.session)
            parts = {"sdp": (None, sdp, _SDP), "session": (None, session, "application/json")}
            reply = await self._client.post(_CALLS, credential.secret, files=parts)
        return self._answer(reply)

    async def hang_up(self, call_id: str, credential: Credential) -> None:
        """End a call at the provider; one that is gone, or never had a name, is no error.

        Raises CredentialRefused, TransportRefused or TransportLost.
        """
        if not _CALL_ID.fullmatch(call_id):
            return
        reply = await self._client.post(f"{_CALLS}/{call_id}/hangup", credential.secret)
        if reply.status >= 300 and reply.status not in _GONE:
            raise refusal(reply, self._client.endpoint)

    def _answer(self, reply: Reply) -> SdpAnswer:
        if reply.status >= 300:
            raise refusal(reply, self._client.endpoint)
        answer = reply.text.lstrip()
        if reply.status in (200, 201) and answer.startswith("v=0"):
            return SdpAnswer(answer, _call_id(reply.headers.get("location", "")))
        label = self._client.endpoint.label
        if reply.media_type == "text/html" or answer[:1] == "<":
            raise TransportLost(
                f"A web page came instead of {label}'s answer.",
                hint="The network may want you to sign in: open any page in a browser. Or base_url is wrong.",
            )
        raise TransportRefused(
            f"{label} answered the call without a session description ({reply.status}).",
            hint="Check base_url: it ends in /v1 as a rule.",
        )


def _call_id(location: str) -> str:
    try:
        name = urlsplit(location).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        return ""
    return name if _CALL_ID.fullmatch(name) else ""
