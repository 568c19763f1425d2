"""A machine on two networks, and a provider far away: two namespaces with two cables between them.

The provider has one address that both networks lead to. It is reached by https, as over a real network: whoever serves
it there passes on what it reads to the provider's loopback.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import msgspec

from sentra_tui.domain.config import BLOCKS_TRANSCRIPTION_MODEL, DEMO_TRANSCRIPTION_MODEL
from sentra_tui.media.coded_sound import write_talk
from sentra_tui.provider.server import ProviderStarted
from tests.engine.process import EngineProcess
from tests.engine.roads.conversation import HTTP_MODELS, PROFILE
from tests.netns import Namespace, network_namespace
from tests.services.openai.certificates import Authority

ADDRESS = "10.70.0.1"
NETWORKS = {"wlan0": "10.71.0", "eth0": "10.72.0"}
FIRST = {"mic": 1, "speaker": 5001}
"""Where the numbers of each stream begin."""
START_S = 40


class TwoNetworks:
    """The machine (`near`) and the provider's host (`far`)."""

    def __init__(self, near: Namespace, far: Namespace) -> None:
        self.near, self.far = near, far

    def join(self, link: str, *, leave: str | None = None) -> None:
        """Go on by this network, all at once, as when a laptop changes its Wi-Fi."""
        network = NETWORKS[link]
        commands = [
            f"link set {link} up",
            f"address replace {network}.2/24 dev {link}",
            f"route replace default via {network}.1 dev {link}",
        ]
        if leave is not None:
            commands = [f"address flush dev {leave}", f"link set {leave} down", *commands]
        self.near.run("ip", "-batch", "-", stdin="\n".join(commands) + "\n")

    def leave(self, link: str) -> None:
        """Be on no network."""
        self.near.run("ip", "link", "set", link, "down")


@contextmanager
def two_networks() -> Iterator[TwoNetworks]:
    """Make both, with the machine on `wlan0`; skip, by name, where that cannot be done."""
    with network_namespace() as near, network_namespace() as far:
        far.add_address(ADDRESS)
        for link, network in NETWORKS.items():
            near.run("ip", "link", "add", link, "type", "veth", "peer", "name", link, "netns", far.name)
            far.run("ip", "link", "set", link, "up")
            far.run("ip", "address", "add", f"{network}.1/24", "dev", link)
        networks = TwoNetworks(near, far)
        networks.join("wlan0")
        yield networks


class FarProvider:
    """The local provider as a process on the far side, and the way to start engines on the near one."""

    def __init__(self, folder: Path, networks: TwoNetworks, started: ProviderStarted, port: int, ca_file: Path) -> None:
        self._folder = folder
        self._networks = networks
        self._started = started
        self._url = f"https://{ADDRESS}:{port}/v1"
        self._ca_file = ca_file

    def talk(self, utterances: int) -> tuple[list[str], dict[str, list[int]]]:
        """Write counted sound; return the engine's arguments for it, and each stream's numbers."""
        paths = {name: self._folder / f"{name}.wav" for name in FIRST}
        numbers = {name: write_talk(path, FIRST[name], utterances, blocks=12) for name, path in paths.items()}
        return [f"--{name}={path}" for name, path in paths.items()], numbers

    async def engine(self, *arguments: str, config: str = "") -> EngineProcess:
        """Start an engine on the machine."""
        path = self._folder / "config.toml"
        described = PROFILE.format(base_url=self._url) + f'ca_file = "{self._ca_file}"\n' + HTTP_MODELS
        counted = described.replace(DEMO_TRANSCRIPTION_MODEL, BLOCKS_TRANSCRIPTION_MODEL)
        path.write_text(f"{config}\n{counted}")
        with self._networks.near.entered():
            return await EngineProcess.start(
                self._folder,
                f"--config={path}",
                "--provider=remote",
                *arguments,
                env={"REMOTE_KEY": self._started.api_key},
                transport=None,
            )


@asynccontextmanager
async def far_provider(folder: Path, networks: TwoNetworks, *arguments: str) -> AsyncIterator[FarProvider]:
    """Run the provider on the far side; `arguments` are its own."""
    command = (sys.executable, "-m", "sentra_tui.provider", "--stop-with-stdin", *arguments)
    with (folder / "provider.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *networks.far.command(*command), stdin=PIPE, stdout=PIPE, stderr=log
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_S)
        started = msgspec.json.decode(line, type=ProviderStarted)
        authority = Authority(folder)
        async with _https(networks.far, started, authority) as port:
            yield FarProvider(folder, networks, started, port, authority.ca_file)
    finally:
        process.stdin.close()
        await process.stdout.read()
        await process.wait()


@asynccontextmanager
async def _https(far: Namespace, started: ProviderStarted, authority: Authority) -> AsyncIterator[int]:
    """Serve the provider by https on the far side; yield the port."""
    inner = int(started.base_url.rsplit(":", 1)[1].split("/")[0])
    with far.entered():
        listening = socket.create_server((ADDRESS, 0))
    port: int = listening.getsockname()[1]
    lines: set[asyncio.Task[None]] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with far.entered():
            line = socket.socket()
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", inner))
        inner_reader, inner_writer = await asyncio.open_connection(sock=line)
        outer_host, inner_host = (f"Host: {host}".encode() for host in (f"{ADDRESS}:{port}", f"127.0.0.1:{inner}"))
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_carry(reader, inner_writer, outer_host, inner_host))
                both.create_task(_carry(inner_reader, writer))
        finally:
            inner_writer.transport.abort()
            writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(pass_on(reader, writer))
        lines.add(task)
        task.add_done_callback(lines.discard)

    context = authority.server(ADDRESS)
    server = await asyncio.start_server(accept, sock=listening, ssl=context)
    try:
        yield port
    finally:
        server.close()
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, meant: bytes = b"", instead: bytes = b""
) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data.replace(meant, instead) if meant else data)
            await writer.drain()
    writer.transport.abort()
