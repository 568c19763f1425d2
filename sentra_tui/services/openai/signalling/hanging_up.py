"""The end of a call, as servers want it told."""

from __future__ import annotations

from sentra_tui.domain.provider_config import HangUp
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.signalling.answer import is_name
from sentra_tui.services.openai.signalling.forms import CALLS
from sentra_tui.services.openai.status import refusal

_GONE = (404, 410)


async def end_call(client: ApiClient, how: HangUp, call_id: str, secret: Secret) -> None:
    """End a call; one that is gone, or never had a name, is no error.

    Raises CredentialRefused, TransportRefused or TransportLost.
    """
    if how == "none" or not is_name(call_id):
        return
    call = f"{CALLS}/{call_id}"
    reply = await (client.delete(call, secret) if how == "delete" else client.post(f"{call}/hangup", secret))
    if reply.status >= 300 and reply.status not in _GONE:
        raise refusal(reply, client.endpoint)
