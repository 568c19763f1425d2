"""The local provider as a process of our own."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from sentra_tui.domain.errors import ProviderError
from sentra_tui.domain.secret import Secret
from sentra_tui.services.bearer import BearerAuth

START_DEADLINE_S = 20.0
DEMO_DEADLINE_S = 60.0
GRACE_S = 1.0
MAX_DEMO_BYTES = 64 << 20
_COMMAND = (sys.executable, "-m", "sentra_tui.provider", "--stop-with-stdin")
_MODULES = ("aiohttp", "espeakng_loader", "pocketsphinx", "webrtcvad")
"""What the extra `local` brings."""


class _Ready(msgspec.Struct, tag_field="type", tag="provider_started"):
    base_url: str
    api_key: str
    pid: int = 0


class LocalProvider:
    """The provider on a loopback port of its own choice, with a key of its own making.

    It ends by itself when its standard input does, so it never outlives this process.
    """

    def __init__(
        self,
        log: Path | None = None,
        *,
        stt_model: Path | None = None,
        llm: str | None = None,
        llm_model: str | None = None,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self.base_url = ""
        """Where it listens, up to and including `/v1`, once it has started."""
        self.api_key = Secret("")
        self._log = log
        options = {"--stt-model": stt_model, "--llm": llm, "--llm-model": llm_model}
        self._command = (*command, *(f"{name}={value}" for name, value in options.items() if value))
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """It has started, and not ended."""
        return bool(self.base_url) and self._process is not None and self._process.returncode is None

    async def start(self, deadline_s: float = START_DEADLINE_S) -> None:
        """Start it, unless it runs, and wait until it listens; what it says goes to the end of the log.

        Two callers at once start one. Raises ProviderError.
        """
        async with self._starting:
            if not self.running:
                await self._start(deadline_s)

    async def demo(self, stream: str) -> bytes:
        """Return the demo talk's side for `stream` as a WAV file; raises ProviderError."""
        try:
            return await self._fetch(f"{self.base_url}/demo/{stream}.wav")
        except httpx.HTTPError as error:
            cause = type(error).__name__
        # Outside of the handler: the library's frames hold the token.
        raise ProviderError(f"The local provider gave no demo talk ({cause}).", hint=self._log_hint())

    async def ended(self) -> ProviderError:
        """Wait until the process ends, and return what to tell the user."""
        status = await self._process.wait() if self._process else 0
        return ProviderError(f"The local provider stopped (exit status {status}).", hint=self._log_hint())

    async def close(self) -> None:
        """End the process: ask, wait a second, insist. May be called more than once."""
        self.base_url = ""
        if self._process is None:
            return
        try:
            await _stop(self._process)
        finally:
            _signal(self._process, kill=True)
        await self._process.wait()
        if self._drain:
            self._drain.cancel()
            await asyncio.gather(self._drain, return_exceptions=True)

    async def _start(self, deadline_s: float) -> None:
        await self.close()
        if self._command[: len(_COMMAND)] == _COMMAND:
            _check_extra()
        with _log_file(self._log) as stderr:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, **_own_group()
                )
            except OSError as error:
                raise ProviderError(
                    f"The local provider cannot be started: {os.strerror(error.errno or 0)}."
                ) from error
        try:
            await self._become_ready(self._process, deadline_s)
        except BaseException:
            await self.close()
            raise

    async def _become_ready(self, process: asyncio.subprocess.Process, deadline_s: float) -> None:
        assert process.stdout
        try:
            async with asyncio.timeout(deadline_s):
                line = await process.stdout.readline()
                if not line:
                    raise await self.ended()
            ready = msgspec.json.decode(line, type=_Ready)
        except TimeoutError:
            message = f"The local provider did not start within {deadline_s:g} s."
            raise ProviderError(message, hint=self._log_hint()) from None
        except (ValueError, msgspec.MsgspecError):
            raise ProviderError("The local provider did not say where it is.", hint=self._log_hint()) from None
        self.base_url, self.api_key = ready.base_url.rstrip("/"), Secret(ready.api_key)
        self._drain = asyncio.create_task(_read_on(process.stdout), name="local provider's output")

    async def _fetch(self, url: str) -> bytes:
        # Plain http to loopback: no certificates, whose loading would hold up the loop, and no proxy.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client = httpx.AsyncClient(verify=context, trust_env=False, timeout=DEMO_DEADLINE_S)
        async with client, client.stream("GET", url, auth=BearerAuth(self.api_key)) as response:
            if response.status_code != 200:
                message = f"The local provider has no such demo talk ({response.status_code})."
                raise ProviderError(message, hint=self._log_hint())
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_DEMO_BYTES:
                    raise ProviderError("The local provider's demo talk is too large.")
            return bytes(body)

    def _log_hint(self) -> str:
        return f"Its log is {self._log}." if self._log else ""


async def _read_on(stdout: asyncio.StreamReader) -> None:
    """Read to the end, so that a provider that prints never waits for us."""
    while await stdout.read(1 << 16):
        pass


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.stdin:
        process.stdin.close()
    for insist in (False, True):
        if insist:
            _signal(process, kill=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await process.wait()
                return


def _signal(process: asyncio.subprocess.Process, *, kill: bool) -> None:
    """End the process and its group."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)


def _check_extra() -> None:
    if any(importlib.util.find_spec(name) is None for name in _MODULES):
        raise ProviderError("The local provider needs its extra.", hint="pip install 'sentra-tui[local]'")


@contextlib.contextmanager
def _log_file(log: Path | None) -> Iterator[int]:
    if log is None:
        yield subprocess.DEVNULL
        return
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise ProviderError(f"The log {log} cannot be written: {os.strerror(error.errno or 0)}.") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _own_group() -> dict[str, Any]:
    """A group of its own: the terminal's Ctrl-C is for us, who then end it in order."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
