"""What a server answers to an offer."""

from __future__ import annotations

import re
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.ports import SdpAnswer
from sentra_tui.domain.roads import Reason
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import is_web_page, refusal, web_page

_NAME = re.compile(r"[\w~-][\w.~-]{0,255}", re.ASCII)


def sdp_answer(reply: Reply, endpoint: Endpoint, call_id: str = "") -> SdpAnswer:
    """Return the answer, which is the body or the `sdp` of a JSON object.

    The call is named by `call_id`, else by the Location header or the `session_id` beside the answer. Raises
    CredentialRefused, TransportRefused or TransportLost.
    """
    if reply.status >= 300:
        raise refusal(reply, endpoint)
    body: Any = reply.json()
    fields: dict[str, Any] = body if isinstance(body, dict) else {"sdp": reply.text}
    sdp = fields.get("sdp")
    if reply.status in (200, 201) and isinstance(sdp, str) and sdp.lstrip().startswith("v=0"):
        names = (call_id, _last_segment(reply.headers.get("location", "")), fields.get("session_id"))
        return SdpAnswer(sdp.lstrip(), next(filter(is_name, names), ""))
    if is_web_page(reply):
        raise web_page(endpoint)
    raise TransportRefused(
        f"{endpoint.label} answered the call without a session description ({reply.status}).",
        hint="Check base_url: it ends in /v1 as a rule.",
        reason=Reason.NOT_OFFERED,
    )


def is_name(name: object) -> TypeGuard[str]:
    """Return whether a call or a session of this name can be asked for safely: it fits into a path."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _last_segment(location: str) -> str:
    try:
        return urlsplit(location).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        return ""
