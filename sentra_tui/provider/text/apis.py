"""Puts the endpoints beside calls together: every API of requests and answers that the provider speaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sentra_tui.provider.audio.speech_api import SpeechApi
from sentra_tui.provider.audio.transcriptions_api import TranscriptionsApi
from sentra_tui.provider.credentials import Credentials
from sentra_tui.provider.faults import Faults
from sentra_tui.provider.models.text_model import TextModel
from sentra_tui.provider.text.assistants import Assistants
from sentra_tui.provider.text.assistants_api import AssistantsApi
from sentra_tui.provider.text.chat_api import ChatApi
from sentra_tui.provider.text.conversations import Conversations
from sentra_tui.provider.text.conversations_api import ConversationsApi
from sentra_tui.provider.text.door import RouteGroup, TextDoor
from sentra_tui.provider.text.responses import Responses
from sentra_tui.provider.text.responses_api import ResponsesApi
from sentra_tui.provider.text.thread_runs_api import ThreadRunsApi
from sentra_tui.provider.text.threads import Threads


def text_apis(
    model: TextModel,
    credentials: Credentials,
    faults: Faults,
    epoch_s: Callable[[], float],
    whisper: Path | None = None,
) -> list[RouteGroup]:
    """Return the APIs that answer with this model; each is to be closed. `epoch_s` is the wall clock.

    `whisper` is the directory of a model that recognises speech in place of PocketSphinx.
    """
    door = TextDoor(credentials, faults, epoch_s)
    conversations = Conversations(epoch_s)
    assistants, threads = Assistants(epoch_s), Threads(model, epoch_s)
    return [
        ResponsesApi(door, Responses(model, conversations, epoch_s)),
        ConversationsApi(door, conversations),
        ChatApi(model, door, epoch_s),
        AssistantsApi(door, assistants, threads),
        ThreadRunsApi(door, assistants, threads),
        TranscriptionsApi(door, whisper),
        SpeechApi(door),
    ]
