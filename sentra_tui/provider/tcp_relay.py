"""A bad network in one process: a TCP relay in front of a server, whose toxics may be changed while bytes flow.

It stands in for tc netem and for toxiproxy, whose toxics it has (https://github.com/Shopify/toxiproxy). A socket that
accepts is as near as a program comes to a SYN that nobody answers: `blackhole` accepts, and nothing more is heard.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from random import Random

from sentra_tui.provider.reset import reset

Address = tuple[str, int]

_PIECE_BYTES = 65_536
_BACKLOG_PIECES = 64


@dataclass
class Toxics:
    """What happens to the bytes of one direction, on connections that stand and on those to come.

    `slice_bytes` cuts what flows into pieces; `bandwidth_bps` is in bytes per second. After `limit_bytes` of a
    connection it is ended, after `reset_bytes` reset; `timeout_s` ends a connection this long after it began. The end
    of one side is told to the other `slow_close_s` later.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bandwidth_bps: float | None = None
    slice_bytes: int | None = None
    limit_bytes: int | None = None
    reset_bytes: int | None = None
    timeout_s: float | None = None
    slow_close_s: float = 0.0
    relayed_bytes: int = 0
    dropped_bytes: int = 0
    drop: bool = False
    """What cannot pass is lost, rather than kept for later."""
    _open: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def __post_init__(self) -> None:
        self._open.set()

    def seal(self, *, drop: bool = False) -> None:
        """Let nothing pass."""
        self.drop = drop
        self._open.clear()

    def heal(self) -> None:
        """Let it pass again."""
        self._open.set()

    async def opened(self) -> None:
        """Wait until bytes may pass."""
        await self._open.wait()

    async def passing(self) -> bool:
        """Wait until bytes may pass; return at once, and False, where they are to be lost."""
        while not self._open.is_set():
            if self.drop:
                return False
            await self._open.wait()
        return True

    def delay_s(self, random: Random) -> float:
        """Return how long a piece is under way."""
        return max(0.0, self.latency_s + random.uniform(-1, 1) * self.jitter_s)


class _Direction:
    """The bytes of a connection that go one way."""

    def __init__(self, toxics: Toxics, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, random: Random):
        self._toxics = toxics
        self._reader = reader
        self._writer = writer
        self._random = random
        self._under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_BACKLOG_PIECES)
        self._bytes = 0
        self._due_s = 0.0

    async def run(self) -> bool:
        """Relay until this side ends; return whether the connection is to be reset."""
        reading = asyncio.create_task(self._read())
        try:
            return await self._write()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await self._reader.read(self._toxics.slice_bytes or _PIECE_BYTES)
            except ConnectionError:
                data = b""
            self._due_s = max(self._due_s, loop.time() + self._toxics.delay_s(self._random))
            await self._under_way.put((self._due_s, data))
            if not data:
                return

    async def _write(self) -> bool:
        loop = asyncio.get_running_loop()
        while True:
            due_s, data = await self._under_way.get()
            await asyncio.sleep(due_s - loop.time())
            if not await self._toxics.passing():
                self._toxics.dropped_bytes += len(data)
                continue
            if not data:
                await asyncio.sleep(self._toxics.slow_close_s)
                with contextlib.suppress(OSError):
                    self._writer.write_eof()
                return False
            if await self._send(data):
                return self._toxics.reset_bytes is not None

    async def _send(self, data: bytes) -> bool:
        """Send as much as may pass; return whether the connection is over by that."""
        limits = [limit for limit in (self._toxics.limit_bytes, self._toxics.reset_bytes) if limit is not None]
        left = min(limits) - self._bytes if limits else len(data) + 1
        data = data[: max(0, left)]
        self._bytes += len(data)
        self._toxics.relayed_bytes += len(data)
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            return True
        if self._toxics.bandwidth_bps:
            await asyncio.sleep(len(data) / self._toxics.bandwidth_bps)
        return len(data) >= left


class TcpRelay:
    """Relays connections to `target`, which may be another for those to come; `random` spreads their delays.

    `up` is from the client to the server. Close it before the loop ends.
    """

    def __init__(self, target: Address, random: Random) -> None:
        self.target = target
        self.up = Toxics()
        self.down = Toxics()
        self.refusing = False
        """Connections to come are reset as soon as they are accepted."""
        self._random = random
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Address:
        """Listen; return where."""
        self._server = await asyncio.start_server(self._accept, host, port)
        address: Address = self._server.sockets[0].getsockname()[:2]
        return address

    @property
    def connections(self) -> int:
        """How many stand."""
        return len(self._connections)

    def blackhole(self, *, drop: bool = False) -> None:
        """Let nothing pass either way until `heal`: it is kept, as TCP would send it again, or lost with `drop`.

        Bytes that are lost leave a hole in a stream that TCP would not: `reset` what was relayed then.
        """
        self.up.seal(drop=drop)
        self.down.seal(drop=drop)

    def heal(self) -> None:
        """Let everything pass again."""
        self.up.heal()
        self.down.heal()

    def reset(self) -> None:
        """Reset all connections that stand, at both ends."""
        for writers in self._connections.values():
            for writer in writers:
                reset(writer.transport)

    async def close(self) -> None:
        """Stop relaying and let go of all sockets."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            reset(writer.transport)
            return
        task = asyncio.create_task(self._relay(reader, writer))
        self._connections[task] = [writer]
        task.add_done_callback(lambda _: self._connections.pop(task))

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        writers = self._connections[task]
        try:
            await self.up.opened()
            far_reader, far_writer = await asyncio.open_connection(*self.target)
            writers.append(far_writer)
            await self._carry(writers, (reader, far_writer), (far_reader, writer))
        except OSError:
            reset(writer.transport)
        finally:
            for each in writers:
                each.close()

    async def _carry(
        self,
        writers: list[asyncio.StreamWriter],
        up: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        down: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        directions = [
            asyncio.create_task(_Direction(toxics, *ends, self._random).run())
            for toxics, ends in ((self.up, up), (self.down, down))
        ]
        try:
            patience_s = min(
                (each.timeout_s for each in (self.up, self.down) if each.timeout_s is not None), default=None
            )
            ended, running = await asyncio.wait(directions, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            if any(task.result() for task in ended):
                for writer in writers:
                    reset(writer.transport)
            elif ended and running and not self._limited():
                await asyncio.wait(running)
        finally:
            for task in directions:
                task.cancel()
            await asyncio.gather(*directions, return_exceptions=True)

    def _limited(self) -> bool:
        return self.up.limit_bytes is not None or self.down.limit_bytes is not None
