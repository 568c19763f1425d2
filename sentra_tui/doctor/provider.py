"""The provider: its key, the way to it, what it answers and what it speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx

from sentra_tui.doctor.answer import Answer, ask_models, clock, models
from sentra_tui.doctor.board import Board, Question
from sentra_tui.doctor.check import Group, Outcome, failed, ok, skipped, warning
from sentra_tui.doctor.configuration import Chosen, key
from sentra_tui.doctor.road import Road, place_of, proxy
from sentra_tui.doctor.udp import DEADLINE_S as UDP_DEADLINE_S
from sentra_tui.doctor.udp import stun_servers, turn_servers
from sentra_tui.domain.config import Config
from sentra_tui.domain.errors import ConfigError, SentraError, TransportError
from sentra_tui.domain.secret import Secret
from sentra_tui.services.keys import api_key
from sentra_tui.services.local_provider import LocalProvider
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint, broker, endpoint
from sentra_tui.services.openai.probe.findings import ProviderFindings
from sentra_tui.services.openai.probe.probe import probe
from sentra_tui.services.tls import load_tls_context

KEY, ADDRESS, PROXY, NAME, CONNECTION = "key", "address", "proxy", "name (DNS)", "connection"
CERTIFICATE, ANSWER, MODELS, CLOCK, DIALECT = "certificate", "answer", "models", "clock", "dialect"
LOCAL_PROVIDER, BROKER, UDP, RELAY = "local provider", "broker", "UDP (STUN)", "relay (TURN)"
ORDER = (
    LOCAL_PROVIDER, KEY, ADDRESS, PROXY, NAME, CONNECTION, CERTIFICATE, ANSWER, MODELS, CLOCK, DIALECT, BROKER, UDP,
    RELAY,
)  # fmt: skip

_STEP_S = 2.5
_ANSWER_S = 4.0
_START_S = 8.0
_MUTE_RESOLVER = "The name server does not answer: check the network's DNS settings, or a VPN."
_DROPPED = "A firewall drops it, or the host is down: check the network, a VPN, HTTPS_PROXY."
_NO_TLS = "Something takes the connection and says nothing: a firewall, or no TLS at this port."
_WORDS = {"ga": "Realtime GA", "beta": "the beta", "vllm": "vLLM", "xai": "xAI"}


class ProviderExamination:
    """Looks at one provider. `environ` holds the keys; none of them is told."""

    def __init__(self, board: Board, chosen: Chosen, config: Config, environ: Mapping[str, str]) -> None:
        self._board = board
        self._chosen = chosen
        self._profile = chosen.profile
        self._config = config
        self._environ = environ
        self._key = Secret("")

    async def run(self) -> None:
        """Put everything down."""
        await asyncio.gather(self._provider(), self._udp())

    async def _provider(self) -> None:
        if self._chosen.is_local:
            await self._local()
            return
        await self._ask(KEY, self._have_key(), 1)
        place: list[Endpoint] = []
        await self._ask(ADDRESS, self._find(place), 1)
        if not place:
            self._skip(ADDRESS, PROXY, NAME, CONNECTION, CERTIFICATE, ANSWER, MODELS, CLOCK, DIALECT)
            return
        await asyncio.gather(self._reach(place[0]), self._broker())

    async def _local(self) -> None:
        local = LocalProvider()
        try:
            if not await self._ask(LOCAL_PROVIDER, _started(local), _START_S):
                self._skip(LOCAL_PROVIDER, ANSWER, MODELS, CLOCK, DIALECT)
                return
            self._key = local.api_key
            await self._converse(endpoint(self._profile, local.base_url))
        finally:
            await local.close()

    async def _reach(self, place: Endpoint) -> None:
        """Go the way to the provider, step by step; where one fails there is nothing behind it."""
        through, relay = proxy(place.base_url)
        if not self._board.note(Group.PROVIDER, PROXY, through):
            self._skip(PROXY, NAME, CONNECTION, CERTIFICATE, ANSWER, MODELS, CLOCK, DIALECT)
            return
        road = Road(relay or place_of(place.base_url), is_proxy=relay is not None)
        steps = [(NAME, road.name, _MUTE_RESOLVER), (CONNECTION, road.connection, _DROPPED)]
        behind = [NAME, CONNECTION, CERTIFICATE, ANSWER, MODELS, CLOCK, DIALECT]
        for name, step, late in steps:
            behind.remove(name)
            if not await self._ask(name, step(), _STEP_S, late):
                self._skip(name, *behind)
                return
        certificate = self._certificate(place, road, proxied=relay is not None)
        if not await self._ask(CERTIFICATE, certificate, _STEP_S, _NO_TLS):
            self._skip(CERTIFICATE, ANSWER, MODELS, CLOCK, DIALECT)
            return
        await self._converse(place)

    async def _certificate(self, place: Endpoint, road: Road, *, proxied: bool) -> Outcome:
        if place.base_url.startswith("http:"):
            return skipped("Plain http, on this machine.")
        if proxied:
            return skipped("The proxy leads there: the answer tells.")
        return await road.certificate(await load_tls_context(place.ca_file))

    async def _converse(self, place: Endpoint) -> None:
        await asyncio.gather(self._answer(place), self._dialect(place))

    async def _answer(self, place: Endpoint) -> None:
        client, answer = ApiClient(place), Answer()
        try:
            answered = await self._ask(
                ANSWER, ask_models(client, self._key, answer, key_told=not self._chosen.by_url), _ANSWER_S
            )
        finally:
            await client.close()
        if answered:
            self._board.note(Group.PROVIDER, MODELS, models(answer, self._profile, self._profile.transports))
        else:
            self._skip(ANSWER, MODELS)
        if answer.reply is None:
            self._skip(ANSWER, CLOCK)
        else:
            self._board.note(Group.PROVIDER, CLOCK, clock(answer))

    async def _dialect(self, place: Endpoint) -> None:
        if self._profile.broker_url or place.auth != "bearer" or place.headers:
            self._board.note(Group.PROVIDER, DIALECT, skipped("The profile says it: without its key nobody can ask."))
            return
        await self._ask(DIALECT, self._speaks(place), _ANSWER_S + 0.5)

    async def _speaks(self, place: Endpoint) -> Outcome:
        tls = await load_tls_context(place.ca_file) if place.base_url.startswith("https:") else None
        try:
            found = await probe(place.base_url, self._key, tls, deadline_s=_ANSWER_S)
        except TransportError:
            return skipped(f"{ANSWER} comes first.")
        return spoken(found, self._chosen)

    async def _broker(self) -> None:
        if self._profile.broker_url:
            await self._ask(BROKER, _broker_health(broker(self._profile)), 2 * _STEP_S)

    async def _udp(self) -> None:
        relays = any(server.relays for server in self._profile.ice_servers)
        await self._ask(UDP, stun_servers(self._profile, is_local=self._chosen.is_local), UDP_DEADLINE_S)
        if relays:
            await self._ask(RELAY, turn_servers(self._profile, self._environ), UDP_DEADLINE_S)

    async def _have_key(self) -> Outcome:
        outcome = key(self._chosen, self._config, self._environ)
        if not self._profile.broker_url and self._environ.get(self._profile.key_env, "").strip():
            self._key = api_key(self._profile, self._environ)
        return outcome

    async def _find(self, place: list[Endpoint]) -> Outcome:
        """Return where the provider is, and put that into `place`; what was said of the key is not said again."""
        try:
            place.append(endpoint(self._profile))
        except ConfigError as error:
            said = any(check.found == error.message for check in self._board.checks)
            return skipped(f"{KEY} comes first.") if said else failed(error.message, error.hint)
        return ok(place[0].base_url)

    async def _ask(self, name: str, question: Question, deadline_s: float, late: str = "") -> bool:
        return await self._board.ask(Group.PROVIDER, name, question, deadline_s, late)

    def _skip(self, first: str, *names: str) -> None:
        self._board.skip(Group.PROVIDER, f"{first} comes first.", *names)


def spoken(found: ProviderFindings, chosen: Chosen) -> Outcome:
    """Return what a server was found to speak, and whether that is what the profile says."""
    if found.wants_key and not found.keyed:
        return skipped("Without a key nothing is told.")
    offered = [name for name, finding in found.rows()[2:] if finding]
    if not offered:
        shown = f"Look closer: sentra-tui providers {found.base_url}"
        return warning("Nothing that a call can be made of was found.", shown)
    words = f"{', '.join(offered)}; its sessions speak {_WORDS[found.dialect]}"
    if chosen.by_url or not found.websocket or chosen.profile.dialect in (found.dialect, "xai"):
        return ok(words)
    said = _WORDS[chosen.profile.dialect]
    return warning(f"{words}, and the profile says {said}.", f'Write dialect = "{found.dialect}" into the profile.')


async def _started(local: LocalProvider) -> Outcome:
    await local.start(_START_S)
    return ok(f"It starts, and listens at {httpx.URL(local.base_url).netloc.decode()}.")


async def _broker_health(place: Endpoint) -> Outcome:
    parsed = httpx.URL(place.base_url)
    client = ApiClient(Endpoint(f"{parsed.scheme}://{parsed.netloc.decode()}", place.label, ca_file=place.ca_file))
    try:
        reply = await client.get("/health", Secret(""))
    except SentraError as error:
        return failed(error.message, error.hint)
    finally:
        await client.close()
    if reply.status == 200:
        return ok(f"{parsed.host} is well.")
    return warning(f"{parsed.host} answers {reply.status} to /health.", "Ask whoever runs the broker.")
