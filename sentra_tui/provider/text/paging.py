"""Lists in pages, as OpenAI's endpoints give them: `limit`, `order`, `after`, `before`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sentra_tui.provider.api_error import ApiError

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

_NUMBER = re.compile(r"[0-9]{1,9}")

Item = dict[str, Any]


def page(items: Sequence[Item], query: Mapping[str, str]) -> Item:
    """Return the page that the query asks for; `items` have an `id` each, oldest first. Raises ApiError (400)."""
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise ApiError(400, "The order is 'asc' or 'desc'.", code="invalid_value", param="order")
    limit = _limit(query.get("limit", str(DEFAULT_LIMIT)))
    ordered = list(items) if order == "asc" else list(reversed(items))
    begin = _place(ordered, query, "after") + 1
    end = _place(ordered, query, "before") if "before" in query else len(ordered)
    wanted = ordered[begin:end]
    shown = wanted[:limit]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else "",
        "last_id": shown[-1]["id"] if shown else "",
        "has_more": len(wanted) > limit,
    }


def whole_number(text: str, param: str) -> int:
    """Return a number of a query; raises ApiError (400)."""
    if not _NUMBER.fullmatch(text):
        raise ApiError(400, f"'{param}' is a number.", code="invalid_value", param=param)
    return int(text)


def _limit(text: str) -> int:
    limit = whole_number(text, "limit")
    if not 1 <= limit <= MAX_LIMIT:
        raise ApiError(400, f"The limit is 1 to {MAX_LIMIT}.", code="invalid_value", param="limit")
    return limit


def _place(ordered: Sequence[Item], query: Mapping[str, str], param: str) -> int:
    if param not in query:
        return -1
    ids = [item["id"] for item in ordered]
    if query[param] not in ids:
        raise ApiError(400, f"There is no item with id '{query[param]}'.", code="invalid_value", param=param)
    return ids.index(query[param])
