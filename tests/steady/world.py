"""A whole bad network for an engine: a provider that can be killed, behind relays that can lose everything.

No root is needed. HTTP and WebSockets go through a TCP relay, the media of WebRTC calls through a UDP relay.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any, Literal

import msgspec
from aiohttp import web

from sentra_tui.domain.config import BLOCKS_TRANSCRIPTION_MODEL, LOCAL_TEXT_MODEL
from sentra_tui.media.coded_sound import write_talk
from sentra_tui.provider.relay import UdpRelay
from sentra_tui.provider.server import KEY_ENV, ProviderStarted
from sentra_tui.provider.tcp_relay import TcpRelay
from tests.engine.process import ENGINE_MODULE, EngineProcess

MIC_FIRST, SPEAKER_FIRST = 1, 5001
"""Where the numbers of each stream begin: mix-ups show."""
_KEY = "the-key-of-a-world"
_DEADLINE_S = 45.0
_PROFILE = f"""
[providers.world]
base_url = "{{base_url}}"
key_env = "WORLD_KEY"
model = "sentra-local"
mic_transcription_model = "{BLOCKS_TRANSCRIPTION_MODEL}"
speaker_transcription_model = "{BLOCKS_TRANSCRIPTION_MODEL}"
main_model = "{LOCAL_TEXT_MODEL}"
small_main_model = "{LOCAL_TEXT_MODEL}"
{{profile}}
[providers.world.http]
transcription_model = "{BLOCKS_TRANSCRIPTION_MODEL}"
chat_model = "{LOCAL_TEXT_MODEL}"
"""

Road = Literal["webrtc", "websocket", "http", "auto"]


class World:
    """A provider and the network in front of it. `plan` is of faults, for the provider."""

    def __init__(self, folder: Path, plan: dict[str, Any] | None = None, seed: int = 1) -> None:
        self.folder = folder
        self.plan = plan or {}
        self.tcp = TcpRelay(("127.0.0.1", 9), Random(seed))
        self.udp = UdpRelay(Random(seed + 1))
        self.base_url = ""
        self.key = _KEY
        self.started: ProviderStarted | None = None
        """What the provider said of itself last; its own address leads past the relays."""
        self._port = 0
        self._answers: web.AppRunner | None = None
        self._answers_url = ""
        self._provider: Process | None = None

    async def open(self) -> None:
        """Start the relays and the provider."""
        _, self._port = await self.tcp.start()
        self.base_url = f"http://127.0.0.1:{self._port}/v1"
        application = web.Application()
        application.router.add_post("/", self._relay_answer)
        self._answers = web.AppRunner(application, access_log=None)
        await self._answers.setup()
        await web.TCPSite(self._answers, "127.0.0.1", 0).start()
        self._answers_url = f"http://127.0.0.1:{self._answers.addresses[0][1]}/"
        await self.start_provider()

    async def close(self) -> None:
        """End everything."""
        await self.kill_provider()
        await self.tcp.close()
        await self.udp.close()
        if self._answers is not None:
            await self._answers.cleanup()

    async def start_provider(self, plan: dict[str, Any] | None = None) -> None:
        """Start the provider, by another plan where one is given. It keeps its key and, by the relay, its address."""
        self.plan = self.plan if plan is None else plan
        relays = {"ports": [self._port], "answers_url": self._answers_url}
        path = self.folder / "plan.json"
        path.write_bytes(msgspec.json.encode({**self.plan, "relays": relays}))
        with (self.folder / "provider.log").open("ab") as log:
            self._provider = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "sentra_tui.provider",
                f"--plan={path}",
                "--stop-with-stdin",
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                env={**os.environ, KEY_ENV: _KEY},
            )
        assert self._provider.stdout is not None
        line = await asyncio.wait_for(self._provider.stdout.readline(), _DEADLINE_S)
        self.started = msgspec.json.decode(line, type=ProviderStarted)
        self.tcp.target = ("127.0.0.1", int(self.started.base_url.split(":")[2].split("/")[0]))

    async def kill_provider(self) -> None:
        """End the provider as by `kill -9`."""
        provider, self._provider = self._provider, None
        if provider is None:
            return
        with contextlib.suppress(ProcessLookupError):
            provider.kill()
        assert provider.stdin is not None
        assert provider.stdout is not None
        provider.stdin.close()
        await provider.stdout.read()
        await provider.wait()

    def blackout(self) -> None:
        """Lose everything, silently; connections can be made, and stay silent."""
        self.tcp.blackhole()
        self.udp.blackhole(True)

    def heal(self) -> None:
        """Let everything through again; loss and delay stay as they are."""
        self.tcp.heal()
        self.udp.blackhole(False)

    def udp_dies(self) -> None:
        """Lose all datagrams; HTTP and WebSockets go on. `heal` ends it."""
        self.udp.blackhole(True)

    def tcp_dies(self) -> None:
        """Let no byte of HTTP and WebSockets through; media goes on. `heal` ends it."""
        self.tcp.blackhole()

    def loss(self, share: float) -> None:
        """Lose this share of the datagrams, 0 to 1, each way."""
        self.udp.up.loss = self.udp.down.loss = share

    def delay(self, delay_s: float, jitter_s: float = 0.0) -> None:
        """Have everything take this long, each way."""
        for datagrams in (self.udp.up, self.udp.down):
            datagrams.delay_s, datagrams.jitter_s = delay_s, jitter_s
        for stream in (self.tcp.up, self.tcp.down):
            stream.latency_s, stream.jitter_s = delay_s, jitter_s

    def talk(self, utterances: int, blocks: int = 25, pause_ms: int = 900) -> tuple[list[str], dict[str, list[int]]]:
        """Write what the microphone and the others say; return the engine's arguments, and each stream's numbers."""
        arguments, numbers = [], {}
        for stream, first in (("mic", MIC_FIRST), ("speaker", SPEAKER_FIRST)):
            path = self.folder / f"{stream}.wav"
            numbers[stream] = write_talk(path, first, utterances, blocks, pause_ms)
            arguments.append(f"--{stream}={path}")
        return arguments, numbers

    async def engine(
        self,
        *arguments: str,
        transport: Road = "webrtc",
        config: str = "",
        profile: str = "",
        env: dict[str, str] | None = None,
        module: str = ENGINE_MODULE,
    ) -> EngineProcess:
        """Start an engine that knows this world only; `profile` is more of the provider's, `config` of all else."""
        return await EngineProcess.start(
            self.folder,
            *self.configure(transport, config, profile),
            *arguments,
            env={**self.environ, **(env or {})},
            transport=None,
            module=module,
        )

    @property
    def environ(self) -> dict[str, str]:
        """What the environment of such an engine must name."""
        return {"WORLD_KEY": self.key}

    def configure(self, transport: Road = "webrtc", config: str = "", profile: str = "") -> list[str]:
        """Write the configuration of engines that know this world only; return the arguments that name it."""
        path = self.folder / "config.toml"
        described = _PROFILE.format(base_url=self.base_url, profile=f'transport = "{transport}"\n{profile}')
        path.write_text(f"{config}\n{described}")
        return [f"--config={path}", "--provider=world"]

    async def _relay_answer(self, request: web.Request) -> web.Response:
        return web.Response(text=await self.udp.rewrite(await request.text()), content_type="application/sdp")


@contextlib.asynccontextmanager
async def world(folder: Path, plan: dict[str, Any] | None = None, seed: int = 1) -> AsyncIterator[World]:
    """Be in a world of its own."""
    place = World(folder, plan, seed)
    try:
        await place.open()
        yield place
    finally:
        await place.close()
