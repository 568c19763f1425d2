"""Whether HTTP mode can work with a provider: requests that cost nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import is_web_page, refusal, web_page

_ABSENT = (404, 405, 501)


async def check_reachable(client: ApiClient, key: Callable[[], Secret], paths: Sequence[str] = ()) -> None:
    """Return where the provider answers, takes the key, and has `paths`.

    These are asked for nothing, which a server that has them refuses for what is missing. Not every server lists its
    models: one that says so is there. Raises CredentialRefused, TransportRefused or TransportLost.
    """
    asking = [asyncio.ensure_future(client.get("/models", key()))]
    asking += [asyncio.ensure_future(client.post(path, key(), json={})) for path in paths]
    try:
        listing, *others = await asyncio.gather(*asking)
    finally:
        for task in asking:
            task.cancel()
        await asyncio.wait(asking)
    if is_web_page(listing):
        raise web_page(client.endpoint)
    if listing.status >= 300 and listing.status not in _ABSENT:
        raise refusal(listing, client.endpoint)
    for path, reply in zip(paths, others, strict=True):
        if _is_absent(reply):
            what = f"{client.endpoint.label} does not offer {path} ({reply.status})."
            raise TransportRefused(what, hint="Check base_url: it ends in /v1 as a rule.", reason=Reason.NOT_OFFERED)


def _is_absent(reply: Reply) -> bool:
    return reply.status in _ABSENT and not is_web_page(reply)
