"""The same recorded conversation for every road: two short turns of the demo talk, on two streams."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from sentra_tui.domain.config import DEMO_TRANSCRIPTION_MODEL, LOCAL_TEXT_MODEL
from sentra_tui.provider.demo import Side, load_talk
from sentra_tui.provider.faults import Faults, Plan
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving
from sentra_tui.provider.voice import synthesize
from tests.engine.process import EngineProcess

ASKED = "So should we put a cache in front of the database?"
SAID = "We tried that, but the cache returned old prices after an update."

TURNS: dict[Side, str] = {"speaker": ASKED, "mic": SAID}

PROFILE = f"""
[providers.remote]
base_url = "{{base_url}}"
key_env = "REMOTE_KEY"
model = "sentra-local"
mic_transcription_model = "{DEMO_TRANSCRIPTION_MODEL}"
speaker_transcription_model = "{DEMO_TRANSCRIPTION_MODEL}"
main_model = "{LOCAL_TEXT_MODEL}"
small_main_model = "{LOCAL_TEXT_MODEL}"
"""
HTTP_MODELS = f"""
[providers.remote.http]
transcription_model = "{DEMO_TRANSCRIPTION_MODEL}"
chat_model = "{LOCAL_TEXT_MODEL}"
"""


def write_recordings(folder: Path) -> tuple[str, str]:
    """Write what the microphone and the loudspeaker play; return the arguments that name them."""
    talk = load_talk()
    spoken = {side: synthesize(text, talk.voices[side], talk.words_per_minute) for side, text in TURNS.items()}
    rate_hz = spoken["speaker"][1]
    asked, said = spoken["speaker"][0], spoken["mic"][0]
    begin, between, end = (bytes(round(seconds * rate_hz) * 2) for seconds in (0.4, 2.0, 1.2))
    sides = {
        "speaker": begin + asked + between + bytes(len(said)) + end,
        "mic": begin + bytes(len(asked)) + between + said + end,
    }
    for side, pcm in sides.items():
        noise = np.random.default_rng(1).normal(0.0, 1.0, len(pcm) // 2)
        samples = np.round(np.frombuffer(pcm, "<i2") + noise).astype("<i2")
        with wave.open(str(folder / f"{side}.wav"), "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(rate_hz)
            writer.writeframes(samples.tobytes())
    return f"--mic={folder / 'mic.wav'}", f"--speaker={folder / 'speaker.wav'}"


class Provider:
    """A served provider, and the way to start engines that talk to it."""

    def __init__(self, folder: Path, started: ProviderStarted, faults: Faults) -> None:
        self.folder = folder
        self.started = started
        self.faults = faults

    async def engine(
        self, *arguments: str, profile: str = "", config: str = "", env: dict[str, str] | None = None
    ) -> EngineProcess:
        """Start an engine; `profile` is more of the provider's, `config` of everything else."""
        path = self.folder / "config.toml"
        described = PROFILE.format(base_url=self.started.base_url) + profile + HTTP_MODELS
        path.write_text(f"{config}\n{described}")
        keys = {"REMOTE_KEY": self.started.api_key, **(env or {})}
        return await EngineProcess.start(
            self.folder, f"--config={path}", "--provider=remote", *arguments, env=keys, transport=None
        )


@asynccontextmanager
async def providing(folder: Path, plan: Plan) -> AsyncIterator[Provider]:
    """Serve the local provider in this loop, with a plan that a test may change."""
    faults = Faults(plan)
    async with serving(ProviderOptions(plan=plan), faults=faults) as started:
        yield Provider(folder, started, faults)
