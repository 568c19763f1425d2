"""The provider as a process: it announces itself in one line, serves, and ends when it is told to or left alone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from aiohttp import web
from msgspec import Struct

from sentra_tui.domain.errors import ProviderError
from sentra_tui.domain.secret import Secret
from sentra_tui.media.peer import prepare_process
from sentra_tui.provider.app import ProviderApp
from sentra_tui.provider.credentials import Credentials
from sentra_tui.provider.faults import Faults, Plan
from sentra_tui.provider.models.forwarding import ForwardingModel, key_from
from sentra_tui.provider.models.plain_model import PlainModel
from sentra_tui.provider.models.quick_model import QuickModel
from sentra_tui.provider.models.reply import load_answerer
from sentra_tui.provider.models.text_model import TextModel
from sentra_tui.provider.offers_api import OffersApi
from sentra_tui.provider.realtime.calls import Calls
from sentra_tui.provider.realtime.session import Staff
from sentra_tui.provider.recognition.whisper import check_model
from sentra_tui.provider.secrets_api import SecretsApi
from sentra_tui.provider.sockets_api import SocketsApi
from sentra_tui.provider.text.apis import text_apis
from sentra_tui.provider.text.door import RouteGroup
from sentra_tui.provider.voice import Voice

HOST = "127.0.0.1"
KEY_ENV = "SENTRA_PROVIDER_KEY"
"""The environment variable with the API key of the run; without, each run makes one up."""
SHUTDOWN_S = 0.9
"""The time for goodbyes: after it the process ends without them."""

_log = logging.getLogger(__name__)


class ProviderOptions(Struct, frozen=True, kw_only=True):
    """How to run the provider."""

    port: int = 0
    """The port on the loopback interface; 0 takes a free one."""
    stt_model: Path | None = None
    """The directory of a Whisper model, in place of PocketSphinx."""
    llm: str = ""
    """The address of a chat completion server that answers in place of the rules, up to and including `/v1`."""
    llm_model: str = ""
    """Its model; empty takes the first that it lists."""
    plan: Plan = Plan()
    """What is to go wrong."""
    stop_with_stdin: bool = False
    """End when standard input ends, as it does when the parent process dies."""


class ProviderStarted(Struct, frozen=True, tag_field="type", tag="provider_started"):
    """The line on standard output that says where the provider is, and what opens it."""

    base_url: str
    api_key: str
    pid: int


@contextlib.asynccontextmanager
async def serving(
    options: ProviderOptions, text_model: TextModel | None = None, faults: Faults | None = None
) -> AsyncIterator[ProviderStarted]:
    """Serve while the block runs, in this loop; raises ProviderError when it cannot be started.

    `text_model` answers everything, in place of what the options say; it is closed at the end. `faults`, in place of
    the plan in the options, can be changed while the provider runs.
    """
    if options.stt_model is not None:
        check_model(options.stt_model)
    prepare_process()
    voice = Voice()
    faults = faults or Faults(options.plan)
    answerer = load_answerer()
    language_model = text_model or _language_model(options)
    plan_of_run = faults

    def epoch_s() -> float:
        return time.time() + plan_of_run.plan.clock_skew_s

    calls = Calls(Staff(language_model or QuickModel(answerer), voice, options.stt_model), faults, epoch_s)
    credentials = Credentials(epoch_s, _given_key())
    model = language_model or PlainModel(answerer)
    groups: list[RouteGroup] = [
        *text_apis(model, credentials, faults, epoch_s, options.stt_model),
        SecretsApi(credentials, faults, epoch_s),
        OffersApi(credentials, calls, faults, epoch_s),
        SocketsApi(credentials, calls, faults, epoch_s),
    ]
    runner = web.AppRunner(
        ProviderApp(credentials, calls, voice, faults, epoch_s, groups).application,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=SHUTDOWN_S / 2,
    )
    await runner.setup()
    try:
        await _listen(runner, options.port)
        port = runner.addresses[0][1]
        yield ProviderStarted(f"http://{HOST}:{port}/v1", credentials.api_key.reveal(), os.getpid())
    finally:
        await calls.close()
        for group in groups:
            await group.close()
        await runner.cleanup()
        await model.close()
        voice.close()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        raise ProviderError(f"The local provider cannot listen on port {port}: {error.strerror}.") from error


def _given_key() -> Secret | None:
    """Return the key that the environment names for this run: a provider that starts again keeps it so."""
    key = os.environ.get(KEY_ENV, "")
    return Secret(key) if key else None


def _language_model(options: ProviderOptions) -> TextModel | None:
    """Return the model behind the provider, None where rules answer; raises ProviderError."""
    return ForwardingModel(options.llm, options.llm_model, key_from()) if options.llm else None


def run(options: ProviderOptions) -> int:
    """Serve until a signal or the end of standard input, and return the exit status; raises ProviderError."""
    return asyncio.run(_serve(options))


async def _serve(options: ProviderOptions) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    _stop_on_signals(loop, stop)
    killer = options.plan.kill_after_s is not None and loop.call_later(options.plan.kill_after_s, _kill)
    async with serving(options) as started:
        sys.stdout.write(msgspec.json.encode(started).decode() + "\n")
        sys.stdout.flush()
        if options.stop_with_stdin:
            threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
        await stop.wait()
        _log.info("stopping")
        _exit_soon()
    if killer:
        killer.cancel()
    return 0


def _stop_on_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


def _exit_soon() -> None:
    """End the process after the time for goodbyes, whatever still runs."""
    timer = threading.Timer(SHUTDOWN_S, os._exit, args=[0])
    timer.daemon = True
    timer.start()


def _kill() -> None:
    """Die as by `kill -9`."""
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(137)
