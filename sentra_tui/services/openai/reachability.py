"""Whether a provider can be asked at all: a request that costs nothing."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.status import is_web_page, refusal, web_page

_NO_LIST = (404, 405, 501)


async def check_reachable(client: ApiClient, key: Callable[[], Secret]) -> None:
    """Return where the provider answers and takes the key; raises CredentialRefused, TransportRefused, TransportLost.

    Not every server lists its models: one that says so is there.
    """
    reply = await client.get("/models", key())
    if is_web_page(reply):
        raise web_page(client.endpoint)
    if reply.status >= 300 and reply.status not in _NO_LIST:
        raise refusal(reply, client.endpoint)
