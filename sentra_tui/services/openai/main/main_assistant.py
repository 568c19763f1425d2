"""Makes the main assistant that a profile asks for."""

from __future__ import annotations

from collections.abc import Callable

from sentra_tui.domain.config import MainConfig
from sentra_tui.domain.history import ChatHistory
from sentra_tui.domain.ports import MainAssistant
from sentra_tui.domain.provider_config import MainKind, ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.main.assistants import AssistantsPoller
from sentra_tui.services.openai.main.chat import ChatAssistant
from sentra_tui.services.openai.main.chat_stream import ChatEndpoint
from sentra_tui.services.openai.main.ladder import Ladder
from sentra_tui.services.openai.main.main_settings import MainSettings
from sentra_tui.services.openai.main.responses_background import ResponsesBackground
from sentra_tui.services.openai.main.responses_stream import ResponsesStream
from sentra_tui.services.openai.main.retry import Timing

WAYS: tuple[MainKind, ...] = ("responses_background", "responses", "assistants", "chat")
"""How a main assistant is asked, in the order in which `auto` tries."""
_WITHOUT_ASSISTANTS = ("api.openai.com",)
"""OpenAI removed that API on 2026-08-26."""


def ways_of(kind: MainKind, host: str) -> tuple[MainKind, ...]:
    """Return the ways to try, `kind` being what the profile says, at a provider on this host."""
    if kind != "auto":
        return (kind,)
    return tuple(way for way in WAYS if way != "assistants" or host not in _WITHOUT_ASSISTANTS)


def main_assistant(
    profile: ProviderProfile,
    client: ApiClient,
    key: Callable[[], Secret],
    config: MainConfig,
    log: Callable[[str], None],
    timing: Timing | None = None,
) -> MainAssistant:
    """Return a main assistant with a conversation of its own; the client stays the caller's to close.

    `key` gives the API key, and may raise CredentialRefused. `log` takes lines about what nobody asked for.
    """
    endpoint = client.endpoint
    settings = MainSettings(poll_s=config.poll_s, deadline_s=config.deadline_s, label=endpoint.label)
    timing = timing or Timing()

    def made(way: MainKind) -> MainAssistant:
        match way:
            case "responses_background":
                return ResponsesBackground(client, key, settings, timing)
            case "responses":
                return ResponsesStream(client, key, settings, timing)
            case "assistants":
                return AssistantsPoller(client, key, settings, timing)
            case _:
                history = ChatHistory(config.history_turns, config.history_tokens)
                return ChatAssistant(ChatEndpoint(client, key, timing), settings, history, log)

    rungs = [made(way) for way in ways_of(profile.main, endpoint.host)]
    return rungs[0] if len(rungs) == 1 else Ladder(rungs, endpoint.label, log)
