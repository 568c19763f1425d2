"""What watches the network for the calls of one provider."""

from __future__ import annotations

from sentra_tui.domain.steady_ports import Beacon, NetworkWatch
from sentra_tui.engine.wiring.access import ProviderAccess
from sentra_tui.services.network.beacon import HostBeacon
from sentra_tui.services.network.watch import MachineWatch


def network_ports(access: ProviderAccess) -> tuple[NetworkWatch, Beacon]:
    """Return what watches this machine's network, above all the way to the provider, and what tries that way."""
    beacon = HostBeacon(access.urls)
    return MachineWatch(beacon.addresses), beacon
