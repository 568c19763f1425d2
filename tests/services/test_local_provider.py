import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sentra_tui.domain.errors import ProviderError
from sentra_tui.services import local_provider
from sentra_tui.services.audio.wav import read_wav
from sentra_tui.services.local_provider import LocalProvider

TOKEN = "local-token-0123456789"
PEER = f"""
import http.server, json, os, sys, threading

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/v1/demo/mic.wav" and self.headers["Authorization"] == "Bearer {TOKEN}"
        body = b"RIFF-like" if known else b""
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
ready = {{"type": "provider_started", "base_url": f"http://127.0.0.1:{{server.server_port}}/v1", "api_key": "{TOKEN}",
         "pid": os.getpid(), "later": 1}}
print(json.dumps(ready), flush=True)
sys.stdin.read()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + PEER + "\nthreading.Event().wait()"


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


@pytest_asyncio.fixture
async def provider(tmp_path: Path) -> AsyncIterator[LocalProvider]:
    running = LocalProvider(tmp_path / "provider.log", command=python(PEER))
    await running.start()
    yield running
    await running.close()


def pid_of(provider: LocalProvider) -> int:
    assert provider._process
    return provider._process.pid


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_started_provider_says_where_it_is(provider: LocalProvider) -> None:
    assert provider.running
    assert provider.base_url.startswith("http://127.0.0.1:")
    assert provider.base_url.endswith("/v1")
    assert provider.api_key.reveal() == TOKEN


async def test_the_demo_talk_is_fetched_with_the_key(provider: LocalProvider) -> None:
    assert await provider.demo("mic") == b"RIFF-like"
    with pytest.raises(ProviderError, match=r"no such demo talk \(404\)"):
        await provider.demo("nonesuch")


async def test_closing_ends_the_process_and_may_be_repeated(provider: LocalProvider) -> None:
    pid = pid_of(provider)
    await provider.close()
    await provider.close()
    assert gone(pid)
    assert not provider.running


async def test_a_provider_that_is_told_to_start_twice_starts_once(tmp_path: Path) -> None:
    provider = LocalProvider(command=python(PEER))
    await asyncio.gather(provider.start(), provider.start())
    pid = pid_of(provider)
    await provider.start()
    assert pid_of(provider) == pid
    await provider.close()


async def test_a_provider_that_dies_is_noticed_and_can_be_started_again(provider: LocalProvider) -> None:
    ended = asyncio.create_task(provider.ended())
    os.kill(pid_of(provider), signal.SIGKILL)
    error = await ended
    assert "stopped" in error.message
    assert "provider.log" in error.hint
    assert not provider.running
    with pytest.raises(ProviderError, match="gave no demo talk"):
        await provider.demo("mic")
    await provider.start()
    assert provider.running


async def test_a_provider_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_provider, "GRACE_S", 0.1)
    provider = LocalProvider(command=python(STUBBORN))
    await provider.start()
    pid = pid_of(provider)
    await provider.close()
    assert gone(pid)


async def test_a_provider_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = LocalProvider(command=python("import sys; sys.stdin.read()"))
    with pytest.raises(ProviderError, match=r"did not start within 0\.2 s"):
        await provider.start(deadline_s=0.2)
    assert gone(pid_of(provider))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("raise SystemExit(3)", "stopped .exit status 3."),
        ("print('hello', flush=True); import sys; sys.stdin.read()", "did not say where it is"),
        ("print('x' * 200_000); import sys; sys.stdin.read()", "did not say where it is"),
        ('print(\'{"type": "other"}\', flush=True); import sys; sys.stdin.read()', "did not say where it is"),
    ],
)
async def test_a_provider_that_starts_wrongly_is_an_error(program: str, words: str, tmp_path: Path) -> None:
    log = tmp_path / "provider.log"
    provider = LocalProvider(log, command=python(program))
    with pytest.raises(ProviderError, match=words) as caught:
        await provider.start()
    assert str(log) in caught.value.hint
    assert gone(pid_of(provider))


async def test_what_it_says_goes_to_a_log_for_its_owner_only(tmp_path: Path) -> None:
    log = tmp_path / "provider.log"
    log.write_text("before\n")
    log.unlink()
    provider = LocalProvider(log, command=python("import sys; print('noise', file=sys.stderr)\n" + PEER))
    await provider.start()
    await provider.close()
    assert log.read_text() == "noise\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


async def test_a_log_that_cannot_be_written_and_a_missing_program_are_named(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="cannot be written"):
        await LocalProvider(tmp_path, command=python(PEER)).start()
    with pytest.raises(ProviderError, match="cannot be started: No such file"):
        await LocalProvider(command=[str(tmp_path / "no-python")]).start()


async def test_a_cancelled_start_leaves_no_process(tmp_path: Path) -> None:
    provider = LocalProvider(command=python("import sys; sys.stdin.read()"))
    starting = asyncio.create_task(provider.start())
    while provider._process is None:
        await asyncio.sleep(0.01)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert gone(pid_of(provider))


async def test_the_missing_extra_is_said_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_provider, "_MODULES", ("surely_not_installed",))
    with pytest.raises(ProviderError) as caught:
        await LocalProvider().start()
    assert str(caught.value) == "The local provider needs its extra. pip install 'sentra-tui[local]'"


async def test_the_real_provider_starts_and_gives_a_talk_that_plays(tmp_path: Path) -> None:
    for module in local_provider._MODULES:
        pytest.importorskip(module)
    provider = LocalProvider(tmp_path / "provider.log")
    await provider.start()
    try:
        recording = read_wav(await provider.demo("mic"), "demo talk")
        assert recording.duration_s > 10
    finally:
        await provider.close()
    assert gone(pid_of(provider))
