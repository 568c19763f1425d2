import pytest

from sentra_tui.domain.provider_config import ProviderProfile, shipped_providers
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.probe.findings import ProviderFindings
from sentra_tui.services.openai.probe.guess import profile_of
from sentra_tui.services.openai.probe.models import chat_model, realtime_model, speech_model, transcription_model
from sentra_tui.services.openai.probe.probe import probe
from tests.services.openai.probe.servers import SERVERS, serving


async def guessed(name: str, key: str = "") -> ProviderProfile:
    async with serving(SERVERS[name]) as base_url:
        return profile_of(await probe(base_url, Secret(key), deadline_s=20))


@pytest.mark.parametrize(
    ("name", "roads"),
    [
        ("openai", ["webrtc", "websocket", "http"]),
        ("speech-to-speech", ["webrtc", "websocket"]),
        ("localai", ["webrtc", "websocket", "http"]),
        ("speaches", ["webrtc", "websocket", "http"]),
        ("vllm", ["websocket", "http"]),
        ("xai", ["websocket"]),
    ],
)
async def test_a_known_server_is_reached_as_its_shipped_profile_has_it(name: str, roads: list[str]) -> None:
    profile, shipped = await guessed(name, SERVERS[name].key), shipped_providers()[name]
    assert profile.transports == roads
    assert profile.wrapped_messages == shipped.wrapped_messages
    assert profile.pcm_rate_hz == shipped.pcm_rate_hz
    assert profile.supports.conversation == shipped.supports.conversation
    assert profile.dialect == shipped.dialect
    if "webrtc" in roads:
        assert profile.offer == shipped.offer
    if SERVERS[name].models:
        assert profile.mic_transcription_model == shipped.mic_transcription_model
        assert profile.model == shipped.model or name in ("speaches", "vllm")


async def test_a_server_of_another_key_is_named_a_variable_of_its_own() -> None:
    profile = await guessed("openai", "sk-another")
    assert profile.key_env.startswith("SENTRA_KEY_127_0_0_1_")
    assert profile.transports == ["webrtc", "websocket", "http"]


async def test_an_open_server_wants_no_key() -> None:
    assert (await guessed("localai")).key_env == ""


async def test_chat_is_asked_as_the_server_can() -> None:
    assert ((await guessed("localai")).main, (await guessed("vllm")).main) == ("chat", "auto")


def test_of_a_server_that_said_nothing_the_usual_is_guessed() -> None:
    profile = profile_of(ProviderFindings("https://api.example/v1"))
    assert profile.transports == ["webrtc", "websocket", "http"]
    assert (profile.label, profile.model) == ("api.example", ProviderProfile().model)


@pytest.mark.parametrize(
    ("names", "realtime", "transcription", "speech", "chat"),
    [
        ([], "gpt-realtime-2.1", "gpt-transcribe", "gpt-4o-mini-tts", "gpt-6-luna"),
        (["gpt-4o-mini-tts", "gpt-realtime-mini", "gpt-realtime-whisper", "whisper-1", "text-embedding-3", "gpt-4"],
         "gpt-realtime-mini", "whisper-1", "gpt-4o-mini-tts", "gpt-4"),
        (["mistralai/Voxtral-Mini-4B-Realtime-2602"], "", "mistralai/Voxtral-Mini-4B-Realtime-2602", "", ""),
        (["llama3.2", "nomic-embed-text", "bge-m3"], "", "", "", "llama3.2"),
        (["Systran/faster-whisper-small", "hexgrad/Kokoro-82M"], "", "Systran/faster-whisper-small",
         "hexgrad/Kokoro-82M", ""),
        (["grok-voice-latest", "grok-transcribe", "grok-4"], "grok-voice-latest", "grok-transcribe", "", "grok-4"),
    ],
)  # fmt: skip
def test_names_tell_what_models_are_for(
    names: list[str], realtime: str, transcription: str, speech: str, chat: str
) -> None:
    assert realtime_model(names) == realtime
    assert transcription_model(names) == transcription
    assert speech_model(names) == speech
    assert chat_model(names) == chat
