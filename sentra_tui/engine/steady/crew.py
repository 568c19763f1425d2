"""What keeps calls over breaks, and what measures that, put together."""

from __future__ import annotations

from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.steady_ports import Beacon, NetworkWatch
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.steady.beside import CallsBeside
from sentra_tui.engine.steady.metrics import MetricsDriver
from sentra_tui.engine.steady.network import NetworkDriver
from sentra_tui.engine.steady.rollover import RolloverDriver
from sentra_tui.engine.steady.standby import StandbyKeeper
from sentra_tui.engine.steady.wire_log import WireLogDriver
from sentra_tui.engine.store import Store


class SteadyCrew:
    """Made before the first call, so that nothing of it is missed. A session lasts at most `longest_ms`."""

    def __init__(
        self,
        network: tuple[NetworkWatch, Beacon],
        config: ReconnectConfig,
        longest_ms: int,
        manager: ConnectionManager,
        store: Store,
        context: EngineContext,
    ) -> None:
        streams = manager.streams
        MetricsDriver(streams, store, context)
        WireLogDriver(streams, store, context)
        watch, beacon = network
        self._network = NetworkDriver(watch, beacon, streams, store, context)
        self._beside = CallsBeside(manager, store, config.dead_s, context)
        self._rollover = RolloverDriver(manager, self._beside, store, config, longest_ms, context)
        self._standby = StandbyKeeper(self._beside, store, config, longest_ms, context) if config.standby else None

    def start(self) -> None:
        """Begin to watch."""
        self._network.start()
        self._rollover.start()
        if self._standby is not None:
            self._standby.start()

    async def close(self) -> None:
        """Watch no more."""
        await self._network.close()
        self._rollover.close()
        if self._standby is not None:
            self._standby.close()
        self._beside.close()
