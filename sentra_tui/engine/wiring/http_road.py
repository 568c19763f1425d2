"""HTTP mode of one provider: the three requests, and a call that is made of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sentra_tui.domain.config import DEMO_TRANSCRIPTION_MODEL
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.engine.http_call.call import HttpCall
from sentra_tui.protocol.session_config import transcription_model
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.reachability import check_reachable
from sentra_tui.services.openai.voice.completion import HttpCompletion
from sentra_tui.services.openai.voice.speech_for import speech_for
from sentra_tui.services.openai.voice.transcription import HttpTranscription

_TRANSCRIPTIONS = "/audio/transcriptions"
_COMPLETIONS = "/chat/completions"


class HttpRoad:
    """Makes calls out of requests to one provider; whoever makes it closes it, and the client."""

    def __init__(self, profile: ProviderProfile, client: ApiClient, key: Callable[[], Secret], language: str) -> None:
        self._profile = profile
        self._client = client
        self._key = key
        self._completion = HttpCompletion(client, key, profile.http.chat_model)
        self._speech = None if profile.http.speech == "none" else speech_for(profile, client, key, language=language)
        self._transcriptions: dict[str, HttpTranscription] = {}

    def impositions(self, session: dict[str, Any]) -> dict[str, Any]:
        """Return which models stand in place of those of `session`, in GA form."""
        written_by = self._profile.http.transcription_model
        if transcription_model(session) == DEMO_TRANSCRIPTION_MODEL:
            written_by = DEMO_TRANSCRIPTION_MODEL
        imposed: dict[str, Any] = {"audio": {"input": {"transcription": {"model": written_by}}}}
        if session["type"] == "realtime":
            imposed["model"] = self._profile.http.chat_model
        return imposed

    def call(self, session: dict[str, Any], detector: SpeechDetector) -> HttpCall:
        """Return a call that is to be connected, with this session."""
        return HttpCall(
            self.transcription(transcription_model(session)),
            self._completion,
            self._speech,
            detector,
            session,
            open_check=partial(check_reachable, self._client, self._key, _needed(session)),
        )

    def transcription(self, model: str) -> HttpTranscription:
        """Return what writes down by this model: one for all calls, since it learns what the server takes."""
        if model not in self._transcriptions:
            upload_bytes = self._profile.http.upload_bytes
            self._transcriptions[model] = HttpTranscription(self._client, self._key, model, upload_bytes=upload_bytes)
        return self._transcriptions[model]

    async def close(self) -> None:
        """Let go of what speaks."""
        if self._speech is not None:
            await self._speech.close()


def _needed(session: dict[str, Any]) -> tuple[str, ...]:
    """Return what the provider must have for this session."""
    return (_TRANSCRIPTIONS, _COMPLETIONS) if session["type"] == "realtime" else (_TRANSCRIPTIONS,)
