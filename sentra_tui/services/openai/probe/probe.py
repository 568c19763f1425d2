"""Asks a server what it speaks: everything at once, nothing that costs."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Mapping
from typing import TypeVar

import httpx
from msgspec.structs import replace

from sentra_tui.domain.errors import TransportError
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import auth_headers
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint, checked_url
from sentra_tui.services.openai.probe.findings import Finding, ProviderFindings
from sentra_tui.services.openai.probe.greeting import Greeting, greeting
from sentra_tui.services.openai.probe.judgement import Outcome, judge, model_names, offer_form
from sentra_tui.services.openai.probe.models import realtime_model
from sentra_tui.services.openai.reply import Reply
from sentra_tui.services.tls import load_tls_context

DEADLINE_S = 5.0
_CONTROL = "/no-such-route"
_SECRETS, _CALLS, _BETA_CALLS = "/realtime/client_secrets", "/realtime/calls", "/realtime"
_TRANSCRIPTION, _SPEECH = "/audio/transcriptions", "/audio/speech"
_CHAT, _RESPONSES = "/chat/completions", "/responses"
_POSTS = (_CONTROL, _SECRETS, _CALLS, _BETA_CALLS, _TRANSCRIPTION, _SPEECH, _CHAT, _RESPONSES)

T = TypeVar("T")


async def probe(
    base_url: str, key: Secret, tls: ssl.SSLContext | None = None, deadline_s: float = DEADLINE_S
) -> ProviderFindings:
    """Return what the server at `base_url` speaks, within `deadline_s`; a URL without a path gets `/v1`.

    `key` may be empty. Raises ConfigError for an address to which no key may go, TransportLost where nothing answers.
    """
    url = checked_url(base_url, "The provider's URL")
    if httpx.URL(url).path in ("", "/"):
        url += "/v1"
    if tls is None and url.startswith("https:"):
        tls = await load_tls_context()
    client = ApiClient(Endpoint(url, label="The server"), tls=tls)
    try:
        return await _ask(client, key, tls, deadline_s)
    finally:
        await client.close()


async def _ask(client: ApiClient, key: Secret, tls: ssl.SSLContext | None, deadline_s: float) -> ProviderFindings:
    listing = asyncio.ensure_future(client.get("/models", key))
    posting = {path: asyncio.ensure_future(_post_nothing(client, path, key)) for path in _POSTS}
    greeted = asyncio.ensure_future(_greeting(client.endpoint, key, tls, listing, deadline_s / 3))
    tasks: list[asyncio.Future[object]] = [listing, greeted, *posting.values()]  # type: ignore[list-item]
    try:
        await asyncio.wait(tasks, timeout=deadline_s)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    answers = {path: _outcome(task) for path, task in posting.items()}
    models = _outcome(listing)
    if all(isinstance(answer, TransportError) for answer in (models, *answers.values())):
        raise models  # type: ignore[misc]
    heard = None if greeted.cancelled() else greeted.result()
    place = ProviderFindings(client.endpoint.base_url, keyed=bool(key))
    return _with(place, models, answers, heard or Greeting(Finding()))


def _with(
    place: ProviderFindings, models: Outcome, answers: Mapping[str, Outcome], heard: Greeting
) -> ProviderFindings:
    control = answers[_CONTROL]
    found = {path: judge(answer, control) for path, answer in answers.items()}
    by_beta = not found[_CALLS] and bool(found[_BETA_CALLS])
    return replace(
        place,
        models=model_names(models),
        model_list=judge(models, control),
        client_secrets=found[_SECRETS],
        webrtc=found[_BETA_CALLS] if by_beta else found[_CALLS],
        offer="beta_query" if by_beta else offer_form(answers[_CALLS], secrets=bool(found[_SECRETS])),
        websocket=heard.finding,
        dialect=heard.dialect,
        transcription=found[_TRANSCRIPTION],
        chat=found[_CHAT],
        responses=found[_RESPONSES],
        speech=found[_SPEECH],
    )


async def _post_nothing(client: ApiClient, path: str, key: Secret) -> Reply:
    kind = "application/sdp" if path == _BETA_CALLS else "application/json"
    return await client.post(path, key, content=b"", headers={"Content-Type": kind})


async def _greeting(
    place: Endpoint, key: Secret, tls: ssl.SSLContext | None, listing: Awaitable[Reply], patience_s: float
) -> Greeting:
    """Hear the greeting; where there is a list of models in time, of a session with one of them."""
    models: Outcome = None
    try:
        async with asyncio.timeout(patience_s):
            models = await asyncio.shield(listing)
    except (TransportError, TimeoutError):
        models = None
    url = httpx.URL(f"ws{place.base_url.removeprefix('http')}/realtime")
    asked = url.copy_merge_params({"model": realtime_model(model_names(models)) or ProviderProfile().model})
    return await greeting(str(asked), place.host, auth_headers(key), tls, loopback=place.is_loopback)


def _outcome(task: asyncio.Future[Reply]) -> Outcome:
    if task.cancelled():
        return None
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, TransportError):
        return error.with_traceback(None)
    raise error
