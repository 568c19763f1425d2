"""What the provider answers to a request that costs nothing: GET /models."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

from msgspec import Struct

from sentra_tui.doctor.check import Outcome, failed, ok, skipped, warning
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.openai.status import is_web_page, refusal, web_page

CLOCK_TOLERANCE_S = 60.0
_ABSENT = (404, 405, 501)
_NO_KEY = (401, 403)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Answer(Struct):
    """The reply, once there is one."""

    reply: Reply | None = None
    received_at: float = 0.0
    """Wall clock, seconds since 1970."""


async def ask_models(client: ApiClient, key: Secret, answer: Answer, *, key_told: bool) -> Outcome:
    """Ask, keep the reply in `answer`, and return what it means. Raises TransportError.

    `key_told` says that a key that is missing is a finding already.
    """
    began_s = time.monotonic()
    reply = answer.reply = await client.get("/models", key)
    answer.received_at = time.time()
    took_ms = 1000 * (time.monotonic() - began_s)
    if is_web_page(reply):
        page = web_page(client.endpoint)
        return failed(page.message, page.hint)
    if reply.status in _NO_KEY and not key:
        found = f"It answers ({took_ms:.0f} ms), and wants a key ({reply.status})."
        return ok(found) if key_told else failed(found, f"Set {client.endpoint.key_env}, and look again.")
    if reply.status >= 300 and reply.status not in _ABSENT:
        error = refusal(reply, client.endpoint)
        return failed(error.message, error.hint)
    return ok(f"GET {client.endpoint.base_url}/models: {reply.status} ({took_ms:.0f} ms)")


def models(answer: Answer, profile: ProviderProfile, roads: Sequence[str]) -> Outcome:
    """Return whether the models of `profile` are listed, and for how long they are there."""
    rows = _rows(answer.reply)
    if not rows:
        return skipped("It lists none.")
    wanted = _wanted(profile, roads)
    ends = [f"{name} ends on {rows[name]}" for name in wanted if rows.get(name)]
    absent = [name for name in wanted if name not in rows]
    if absent:
        shown = ", ".join(absent)
        names = clean_line(", ".join(rows), 120)
        return warning(f"It does not list {shown}.", f"Set the models of the profile to such that it has: {names}")
    if ends:
        return warning(f"{'; '.join(ends)}.", "Choose other models in the profile before then.")
    return ok(f"{len(rows)} listed, {', '.join(wanted)} among them")


def clock(answer: Answer) -> Outcome:
    """Return how our clock stands against the server's."""
    stated = answer.reply.headers.get("date") if answer.reply else None
    try:
        apart_s = answer.received_at - parsedate_to_datetime(stated or "").timestamp()
    except (ValueError, OverflowError):
        return skipped("The server does not tell the time.")
    if abs(apart_s) <= CLOCK_TOLERANCE_S:
        return ok("It agrees with the server's to the minute.")
    way = "ahead of" if apart_s > 0 else "behind"
    return warning(
        f"It is {abs(apart_s):.0f} s {way} the server's: secrets look expired, certificates invalid.",
        "Set it: sudo timedatectl set-ntp true",
    )


def _rows(reply: Reply | None) -> Mapping[str, str]:
    """Return the models that are listed, each with the day on which it ends, empty where none is named."""
    body: Any = reply.json() if reply is not None and reply.status < 300 else None
    rows = body.get("data") if isinstance(body, dict) else None
    found = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row.get("id"), str):
            day = row.get("shutdown_date")
            found[clean_line(row["id"], 100)] = day if isinstance(day, str) and _DATE.fullmatch(day) else ""
    return found


def _wanted(profile: ProviderProfile, roads: Sequence[str]) -> list[str]:
    realtime = [profile.model, profile.mic_transcription_model, profile.speaker_transcription_model]
    spoken = [profile.http.transcription_model, profile.http.chat_model] if list(roads) == ["http"] else realtime
    return list(dict.fromkeys(name for name in (*spoken, profile.main_model) if name))
