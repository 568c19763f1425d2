"""A path between engine and provider that is lost and comes back, while both streams say counted sound.

The machine and the provider's host are two network namespaces, and packets are dropped on arrival at both, as a network
that is gone does: TCP backs off meanwhile, and nothing tells the engine when it is over. Where that takes rights that
are not to be had, relays lose the bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.engine.process import EngineProcess
from tests.steady.two_networks import FarProvider, TwoNetworks, far_provider, two_networks
from tests.steady.world import Road, World, world

ROADS: tuple[Road, ...] = ("websocket", "webrtc")
UTTERANCE_S = 2.1
"""An utterance and the pause after it."""
_BLOCKS = 12
_TABLE = "inet blackout"
_RULES = f'table {_TABLE} {{\nchain arriving {{\ntype filter hook input priority 0\niifname != "lo" drop\n}}\n}}\n'

Said = dict[str, list[int]]
"""The numbers of each stream."""


class LostPath(Protocol):
    """Where an engine has a path to its provider that can be lost."""

    means: str
    """How it is lost, a few words."""

    def blackout(self) -> None:
        """Lose everything."""

    def heal(self) -> None:
        """Let everything through again."""

    async def start(self, road: Road, utterances: int, *arguments: str) -> tuple[EngineProcess, Said]:
        """Start an engine whose streams say so many utterances; return what they say, too."""
        ...


class Namespaces:
    """Two namespaces with a cable between them."""

    means = "packets dropped by nft between namespaces"
    _entering = asyncio.Lock()
    """Whoever enters a namespace takes the whole thread along."""

    def __init__(self, networks: TwoNetworks, provider: FarProvider) -> None:
        self._networks, self._provider = networks, provider

    def blackout(self) -> None:
        """Drop what arrives, on both sides."""
        self._filter(_RULES)

    def heal(self) -> None:
        """Drop nothing."""
        self._filter("")

    async def start(self, road: Road, utterances: int, *arguments: str) -> tuple[EngineProcess, Said]:
        """Start an engine on the machine."""
        sources, said = self._provider.talk(utterances)
        async with self._entering:
            return await self._provider.engine(f"--transport={road}", *sources, *arguments), said

    def _filter(self, rules: str) -> None:
        for side in (self._networks.near, self._networks.far):
            side.run("nft", "-f", "-", stdin=f"table {_TABLE} {{}}\ndelete table {_TABLE}\n{rules}")


class Relays:
    """Relays in front of the provider."""

    means = "bytes lost by relays, for want of network namespaces"

    def __init__(self, place: World) -> None:
        self._place = place
        self.blackout, self.heal = place.blackout, place.heal

    async def start(self, road: Road, utterances: int, *arguments: str) -> tuple[EngineProcess, Said]:
        """Start an engine that goes through them."""
        sources, said = self._place.talk(utterances, _BLOCKS)
        return await self._place.engine(*sources, *arguments, transport=road), said


@contextlib.asynccontextmanager
async def lost_path(seed: int) -> AsyncIterator[LostPath]:
    """Make a path of the better kind."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, contextlib.ExitStack() as stack:
        try:
            networks = stack.enter_context(two_networks())
        except pytest.skip.Exception:
            async with world(Path(folder), seed=seed) as place:
                yield Relays(place)
        else:
            async with far_provider(Path(folder), networks) as provider:
                yield Namespaces(networks, provider)
