"""What watches the network for the calls of one provider."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.changes.network import NetworkStep
from sentra_tui.domain.steady_ports import Beacon, NetworkWatch
from sentra_tui.engine.wiring.access import ProviderAccess
from sentra_tui.services.network.beacon import HostBeacon
from sentra_tui.services.network.watch import MachineWatch


def network_ports(access: ProviderAccess) -> tuple[NetworkWatch, Beacon]:
    """Return what watches this machine's network, above all the way to the provider, and what tries that way."""
    beacon = HostBeacon(access.urls)
    return _WatchFor(access, MachineWatch(beacon.addresses)), beacon


class _WatchFor:
    """A watch after each step of which the provider is asked over new connections.

    A request over one that was kept would go through the network that is gone, and wait in vain.
    """

    def __init__(self, access: ProviderAccess, watch: NetworkWatch) -> None:
        self._access = access
        self._watch = watch

    async def watch(self, on_step: Callable[[NetworkStep, str, int], None]) -> None:
        def stepped(step: NetworkStep, detail: str, slept_ms: int) -> None:
            self._access.forget_connections()
            on_step(step, detail, slept_ms)

        await self._watch.watch(stepped)
