"""How a provider is reached: over the network, or as a process of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sentra_tui.domain.changes import Change, EventLogged
from sentra_tui.domain.config import LOCAL, Config
from sentra_tui.domain.ports import Credential, MainAssistant, TokenSource
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.wiring.http_road import HttpRoad
from sentra_tui.services.key_origins import check_keys
from sentra_tui.services.keys import api_key, member_token
from sentra_tui.services.local_provider import LocalProvider
from sentra_tui.services.openai.cached_tokens import CachedTokens
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import broker, endpoint
from sentra_tui.services.openai.main.main_assistant import main_assistant
from sentra_tui.services.openai.signalling.choice import signalling
from sentra_tui.services.openai.tokens import ApiKeyTokens, BrokerTokens


class Access:
    """A provider as one dial sees it: its signalling, what mints secrets for it, and its main assistant."""

    def __init__(
        self,
        profile: ProviderProfile,
        client: ApiClient,
        tokens: TokenSource,
        key: Callable[[], Secret],
        language: str,
        *others: ApiClient,
    ) -> None:
        """`language` is what a voice on this machine speaks."""
        self.profile = profile
        self.client = client
        self.signalling = signalling(profile, client)
        self.tokens = CachedTokens(tokens)
        self.key = key
        self.http = HttpRoad(profile, client, key, language)
        self.assistants: dict[int, MainAssistant] = {}
        """The main assistants, by number: each is a conversation of its own."""
        self._clients = (client, *others)

    async def socket_credential(self, session: dict[str, Any]) -> Credential:
        """Return what opens a socket: the key itself, or a secret where a broker has the key; raises TransportError."""
        if self.profile.broker_url:
            return await self.tokens.mint(session)
        return Credential(self.key())

    def forget_connections(self) -> None:
        """Open new connections from now on."""
        for client in self._clients:
            client.forget_connections()

    async def close(self) -> None:
        """Close the connections."""
        await self.tokens.close()
        await self.http.close()
        for assistant in self.assistants.values():
            await assistant.close()
        for client in self._clients:
            await client.close()


class ProviderAccess:
    """Reaches one provider; the local one is started when it is first needed, and again where it died."""

    def __init__(
        self,
        name: str,
        options: EngineOptions,
        config: Config,
        environ: Mapping[str, str],
        publish: Callable[[Change], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.profile = config.require_profile(name)
        check_keys(name, config.providers)
        self.is_local = name == LOCAL and not self.profile.base_url
        self._config = config
        self._language = config.mic.language
        self._environ = environ
        self._publish = publish
        self._now_ms = now_ms
        self._local = _local_provider(options) if self.is_local else None
        self._access: Access | None = None
        self._starting = asyncio.Lock()

    async def reach(self) -> Access:
        """Return the provider, once it can be asked; raises SentraError."""
        if self._local is not None:
            return await self._reach_local(self._local)
        if self._access is None:
            self._access = self._remote(self.profile)
        return self._access

    def urls(self) -> list[str]:
        """Return where calls and their secrets come from; nothing while the local provider does not run."""
        if self._local is not None:
            return [self._local.base_url] if self._local.running else []
        return [url for url in (self.profile.base_url, self.profile.broker_url) if url]

    def forget_connections(self) -> None:
        """Open new connections from now on: those that are kept lead through a network that is gone."""
        if self._access is not None:
            self._access.forget_connections()

    async def main_assistant(self, number: int) -> MainAssistant:
        """Return the main assistant of this number; raises SentraError."""
        access = await self.reach()
        if number not in access.assistants:
            access.assistants[number] = await self.new_main_assistant()
        return access.assistants[number]

    async def new_main_assistant(self) -> MainAssistant:
        """Return a main assistant with a conversation of its own; whoever takes it closes it. Raises SentraError."""
        access = await self.reach()
        return main_assistant(self.profile, access.client, access.key, self._config.main, self._log)

    async def demo(self, stream: str) -> bytes | None:
        """Return the demo talk's side for `stream`, None where this provider has none; raises SentraError."""
        if self._local is None:
            return None
        await self._reach_local(self._local)
        return await self._local.demo(stream)

    async def close(self) -> None:
        """End what was started: the local provider, HTTP connections."""
        if self._access is not None:
            await self._access.close()
        if self._local is not None:
            await self._local.close()

    def _remote(self, profile: ProviderProfile) -> Access:
        client = ApiClient(endpoint(profile))
        key = partial(api_key, profile, self._environ)
        if profile.broker_url:
            minting = ApiClient(broker(profile))
            member = partial(member_token, profile, self._environ)
            return Access(profile, client, BrokerTokens(minting, member), key, self._language, minting)
        return Access(profile, client, _tokens(profile, client, key), key, self._language)

    async def _reach_local(self, local: LocalProvider) -> Access:
        """A local provider that was started again has another port and another key."""
        async with self._starting:
            if self._access is None or not local.running:
                await local.start()
                if self._access is not None:
                    await self._access.close()
                client = ApiClient(endpoint(self.profile, local.base_url))
                tokens = _tokens(self.profile, client, lambda: local.api_key)
                self._access = Access(self.profile, client, tokens, lambda: local.api_key, self._language)
            return self._access

    def _log(self, text: str) -> None:
        self._publish(EventLogged(self._now_ms(), "main", text))


def _tokens(profile: ProviderProfile, client: ApiClient, key: Callable[[], Secret]) -> TokenSource:
    minting = profile.supports.client_secrets
    return ApiKeyTokens(client, key, offer=profile.offer, dialect=profile.dialect, client_secrets=minting)


def _local_provider(options: EngineOptions) -> LocalProvider:
    return LocalProvider(options.log, stt_model=options.stt_model, llm=options.llm, llm_model=options.llm_model)
