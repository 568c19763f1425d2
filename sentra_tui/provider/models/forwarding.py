"""A language model behind the provider: any server that speaks `POST /chat/completions`, as Ollama and llama.cpp do.

https://platform.openai.com/docs/api-reference/chat, streamed. `stream_options` is never sent, because older servers
refuse it and nothing here needs their count of tokens.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from sentra_tui.domain.config import LOCAL_TEXT_MODEL
from sentra_tui.domain.errors import ProviderError
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.text import clean_line
from sentra_tui.provider.models.completion import read_completion, read_delta, read_error
from sentra_tui.provider.models.loopback import is_loopback
from sentra_tui.provider.models.text_model import TextMessage

KEY_ENV = "SENTRA_LLM_KEY"
"""The environment variable that holds the key of the server, where it wants one."""
FIRST_WORD_S = 300.0
"""The longest wait for more of an answer: a large model on a small machine reads a long prompt for minutes."""
CONNECT_S = 10.0

_SHOWN_CHARS = 200


class ForwardingModel:
    """Asks the server at `base_url`, which ends in `/v1` as a rule, for every answer."""

    def __init__(self, base_url: str, model: str = "", key: Secret | None = None) -> None:
        """Take an address; raises ProviderError for one that cannot be used. Without `model` its first one answers."""
        self._url = checked_llm_url(base_url)
        self._model = model
        headers = {"Authorization": f"Bearer {key.reveal()}"} if key else {}
        loopback = is_loopback(urlsplit(self._url).hostname or "")
        timeout = httpx.Timeout(FIRST_WORD_S, connect=CONNECT_S)
        self._http = httpx.AsyncClient(headers=headers, timeout=timeout, trust_env=not loopback)

    async def answer(self, messages: Sequence[TextMessage], model: str = "") -> AsyncGenerator[str, None]:
        """Yield the server's answer as it comes; raises ProviderError when there is none.

        The name of the provider's own text model, which the server cannot know, stands for the server's.
        """
        body = {
            "model": model if model not in ("", LOCAL_TEXT_MODEL) else await self._name(),
            "messages": [{"role": _role(message.role), "content": message.text} for message in messages],
            "stream": True,
        }
        try:
            async with self._http.stream("POST", f"{self._url}/chat/completions", json=body) as response:
                if response.status_code >= 300:
                    raise self._refused(response.status_code, await response.aread())
                if response.headers.get("content-type", "").startswith("application/json"):
                    yield read_completion(await response.aread())
                    return
                lines = response.aiter_lines()
                try:
                    async for line in lines:
                        delta = _delta(line)
                        if delta is None:
                            return
                        if delta:
                            yield delta
                finally:
                    await _let_go(lines)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _name(self) -> str:
        """Return the model's name, asked for once where none was given."""
        if self._model:
            return self._model
        try:
            response = await self._http.get(f"{self._url}/models")
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if response.status_code >= 300:
            raise self._refused(response.status_code, response.content)
        names = _model_names(response.content)
        if not names:
            raise ProviderError(f"The model server at {self._url} has no models.", hint="Load one, or use --llm-model.")
        self._model = names[0]
        return self._model

    def _refused(self, status: int, body: bytes) -> ProviderError:
        said = clean_line(read_error(body), _SHOWN_CHARS).rstrip(".") or "it does not say why"
        hint = f"Set {KEY_ENV} to its key." if status in (401, 403) else ""
        return ProviderError(f"The model server at {self._url} refused ({status}): {said}.", hint=hint)

    def _unreachable(self, error: httpx.HTTPError) -> ProviderError:
        """Return what to tell; the library's own words are left out, because some quote headers."""
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            return ProviderError(f"The model server at {self._url} cannot be reached.", hint="Check that it runs.")
        if isinstance(error, httpx.TimeoutException):
            return ProviderError(f"The model server at {self._url} took too long.")
        return ProviderError(f"The model server at {self._url} broke off ({type(error).__name__}).")


def key_from(environment: Mapping[str, str] = os.environ) -> Secret | None:
    """Return the key of the model server, None where none is set."""
    value = environment.get(KEY_ENV, "").strip()
    return Secret(value) if value else None


def checked_llm_url(url: str) -> str:
    """Return the address without a slash at its end; raises ProviderError.

    https to anywhere; plain http to this machine only, because what was said in the room goes there.
    """
    shown = clean_line(url, 80)
    hint = "Write it like http://127.0.0.1:11434/v1."
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise ProviderError(f"--llm is not a URL: {shown}.", hint=hint) from error
    if parts.username or parts.password:
        raise ProviderError("--llm has a name or password in it.", hint=f"Use the environment variable {KEY_ENV}.")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise ProviderError(f"--llm does not fit: {shown}.", hint=hint)
    if parts.scheme == "http" and not is_loopback(host):
        raise ProviderError(f"--llm is plain http: {shown}.", hint="Use https; plain http is for this machine only.")
    return parts.geturl().rstrip("/")


def _delta(line: str) -> str | None:
    """Return the words of one line of the stream, None behind the last; raises ProviderError for an error in it."""
    name, _, value = line.partition(":")
    data = value.strip()
    if name != "data" or not data:
        return ""
    return None if data == "[DONE]" else read_delta(data.encode())


async def _let_go(lines: AsyncIterator[str]) -> None:
    """End a stream that may not be at its end.

    httpx reads through generators inside generators, and closing the outer one leaves the others to the garbage
    collector. A cancelled read ends them all.
    """
    with contextlib.suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(0):
            async for _ in lines:
                pass


def _model_names(body: bytes) -> list[str]:
    try:
        listed: Any = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return []
    rows: Iterable[Any] = listed.get("data") or () if isinstance(listed, dict) else ()
    return [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]


def _role(role: str) -> str:
    """Return the role as all servers know it: `developer` is newer than most."""
    return "system" if role == "developer" else role
