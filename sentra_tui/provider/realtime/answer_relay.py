"""Asks a test's UDP relay to stand between a call and its client."""

from __future__ import annotations

import aiohttp

from sentra_tui.provider.api_error import ApiError

_TIMEOUT = aiohttp.ClientTimeout(5)


async def by_way_of(relay_url: str, answer: str) -> str:
    """Return the SDP answer with the relay's candidates; raises ApiError (502) where there is no relay."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as http,
            http.post(relay_url, data=answer.encode()) as response,
        ):
            response.raise_for_status()
            return await response.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ApiError(502, "The relay of the plan does not answer.", code="relay_unreachable") from error
