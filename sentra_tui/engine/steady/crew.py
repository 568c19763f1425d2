"""What keeps calls over breaks, and what measures that, put together."""

from __future__ import annotations

from sentra_tui.domain.steady_ports import Beacon, NetworkWatch
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.steady.metrics import MetricsDriver
from sentra_tui.engine.steady.network import NetworkDriver
from sentra_tui.engine.steady.wire_log import WireLogDriver
from sentra_tui.engine.store import Store


class SteadyCrew:
    """Made before the first call, so that nothing of it is missed."""

    def __init__(
        self, network: tuple[NetworkWatch, Beacon], manager: ConnectionManager, store: Store, context: EngineContext
    ) -> None:
        streams = manager.streams
        MetricsDriver(streams, store, context)
        WireLogDriver(streams, store, context)
        watch, beacon = network
        self._network = NetworkDriver(watch, beacon, streams, store, context)

    def start(self) -> None:
        """Begin to watch."""
        self._network.start()

    async def close(self) -> None:
        """Watch no more."""
        await self._network.close()
