from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.services.openai.voice.peer import VoicePeer, voice_peer


@pytest_asyncio.fixture
async def voice() -> AsyncIterator[VoicePeer]:
    async with voice_peer() as running:
        yield running
