"""The recovery of all streams."""

from __future__ import annotations

from functools import partial

from sentra_tui.domain.config import RecoveryConfig
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes.ports import Bill
from sentra_tui.engine.recovery.driver import RecoveryDriver
from sentra_tui.engine.recovery.ports import RecoveryPorts
from sentra_tui.engine.store import Store


class RecoveryCrew:
    """Starts when the state is restored and before any stream connects, and closes after the calls were hung up."""

    def __init__(
        self,
        ports: RecoveryPorts,
        config: RecoveryConfig,
        manager: ConnectionManager,
        bill: Bill,
        store: Store,
        context: EngineContext,
    ) -> None:
        self._ports = ports
        streams = manager.streams if config.enabled else ()
        self._drivers = [
            RecoveryDriver(
                stream,
                ports.spool(stream.name),
                partial(ports.transcriptions, stream.name, partial(_meter, bill, stream.name)),
                ports.detector,
                config,
                store,
                context,
            )
            for stream in streams
        ]

    def start(self) -> None:
        """Keep sound from now on, and take up what an engine before this one left."""
        for driver in self._drivers:
            driver.start()

    async def close(self) -> None:
        """Stop, and erase what is kept."""
        for driver in self._drivers:
            await driver.close()
        await self._ports.close()


def _meter(bill: Bill, stream: str, model: str, usage: Usage) -> None:
    bill(stream, "", model, usage)
