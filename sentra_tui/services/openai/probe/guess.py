"""The profile of a server that nobody described."""

from __future__ import annotations

import httpx

from sentra_tui.domain.provider_config import (
    HttpModeConfig,
    ProviderProfile,
    RoadName,
    SpeechKind,
    Supports,
)
from sentra_tui.services.key_origins import key_env_for
from sentra_tui.services.openai.probe.findings import Finding, Offered, ProviderFindings
from sentra_tui.services.openai.probe.models import chat_model, realtime_model, speech_model, transcription_model

_PCM_RATE_HZ = {"vllm": 16_000}


def profile_of(findings: ProviderFindings) -> ProviderProfile:
    """Return the best guess of a profile; what was refused for want of a key is taken to be there."""
    usual = ProviderProfile()
    talks = findings.dialect != "vllm"
    listener = transcription_model(findings.models)
    talker = realtime_model(findings.models) or usual.model
    writer = chat_model(findings.models)
    return ProviderProfile(
        label=httpx.URL(findings.base_url).host,
        base_url=findings.base_url,
        key_env=key_env_for(findings.base_url) if findings.keyed or findings.wants_key else "",
        transports=_roads(findings) or usual.transports,
        dialect="xai" if any(name.startswith("grok") for name in findings.models) else findings.dialect,
        pcm_rate_hz=_PCM_RATE_HZ.get(findings.dialect, usual.pcm_rate_hz),
        wrapped_messages=findings.offer == "beta_query",
        supports=Supports(
            conversation=talks, client_secrets=_there(findings.client_secrets), truncate=talks, cancel=talks
        ),
        http=HttpModeConfig(
            transcription_model=listener or usual.http.transcription_model,
            chat_model=writer or usual.http.chat_model,
            speech=_speech(findings),
            speech_model=speech_model(findings.models) or usual.http.speech_model,
        ),
        model=talker,
        economy_model=_smaller(talker, findings),
        mic_transcription_model=listener or usual.mic_transcription_model,
        speaker_transcription_model=listener or usual.speaker_transcription_model,
        main="auto" if _there(findings.responses) else "chat",
        main_model=usual.main_model if usual.main_model in findings.models else writer or usual.main_model,
        small_main_model=writer or usual.small_main_model,
        offer=findings.offer,
    )


def _roads(findings: ProviderFindings) -> list[RoadName]:
    roads: list[tuple[RoadName, bool]] = [
        ("webrtc", _there(findings.webrtc)),
        ("websocket", _there(findings.websocket)),
        ("http", _there(findings.transcription) and _there(findings.chat)),
    ]
    return [name for name, there in roads if there]


def _speech(findings: ProviderFindings) -> SpeechKind:
    if _there(findings.speech):
        return "endpoint"
    return "realtime" if _there(findings.websocket) and findings.dialect != "vllm" else "espeak"


def _smaller(talker: str, findings: ProviderFindings) -> str:
    """Return the small sister of a model, where there is one."""
    small = f"{talker}-mini"
    return small if not findings.models or small in findings.models else talker


def _there(finding: Finding) -> bool:
    return finding.offered in (Offered.YES, Offered.KEY_REFUSED)
