"""A network that belongs to somebody else: each thing that it does is named, and the call comes once it lets go."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import Connection
from sentra_tui.provider.faults import parse_plan
from sentra_tui.provider.server import ProviderOptions, serving
from tests.engine.process import EngineProcess
from tests.services.transport.authority import Authority

DIALS_MAX = 3 * 8
"""Three obstacles, each of which may be met by a few dials of one connection each."""


class Gateway:
    """TLS in front of a provider. While it `reads_along` it shows a certificate that nobody trusts."""

    def __init__(self, folder: Path) -> None:
        ours, theirs = folder / "ours", folder / "theirs"
        for place in (ours, theirs):
            place.mkdir()
        self.authority = Authority(ours)
        self.reads_along = True
        self.connections = 0
        self.target = 0
        self._false = Authority(theirs).server_context("localhost")
        self._true = self.authority.server_context("localhost")
        self._true.sni_callback = self._choose

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """Listen on loopback; give the port."""
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0, ssl=self._true)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    def _choose(self, socket: ssl.SSLObject, name: str, context: ssl.SSLContext) -> None:
        self.connections += 1
        if self.reads_along:
            socket.context = self._false

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.mark.row(28)
async def test_each_thing_that_a_network_does_is_named_and_the_call_comes_once_it_lets_go(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    async with gateway.open() as port:
        faults = [{"numbers": [1], "status": 407}, {"numbers": [2], "web_page": True}]
        plan = parse_plan(json.dumps({"client_secrets": faults, "relays": {"ports": [port]}}))
        async with serving(ProviderOptions(plan=plan)) as provider:
            gateway.target = int(provider.base_url.split(":")[2].split("/")[0])
            config = tmp_path / "config.toml"
            config.write_text(
                f'[reconnect]\nbase_s = 0.05\ncap_s = 0.5\n[providers.house]\nbase_url = "https://localhost:{port}/v1"\n'
                f'key_env = "HOUSE_KEY"\nca_file = "{gateway.authority.ca_file}"\n'
                'mic_transcription_model = "pocketsphinx"\n'
            )
            arguments = (f"--config={config}", "--provider=house", "--mic=none", "--speaker=none", "--idle")
            engine = await EngineProcess.start(tmp_path, *arguments, env={"HOUSE_KEY": provider.api_key})
            engine.send(a.ConnectStream("mic"))
            await engine.until(lambda state: state.streams and state.streams[0].attempt >= 3)
            gateway.reads_along = False
            await engine.until(lambda state: state.streams[0].connection is Connection.LIVE)
            causes = [change.cause for change in engine.told(c.StreamReconnecting)]
            assert "localhost is not trusted" in causes[0]
            assert any("wants a login (407)" in cause for cause in causes)
            assert any("web page came" in cause for cause in causes)
            assert all("\n" not in cause for cause in causes)
            assert gateway.connections <= DIALS_MAX
            assert await engine.stop() == 0
