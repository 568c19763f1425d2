"""Every form of signalling, with the local provider at the other end and real media between."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sentra_tui.domain.config import DeadlinesConfig
from sentra_tui.domain.provider_config import HangUp, OfferForm, ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.protocol.dialects import beta_session
from sentra_tui.provider.faults import Plan
from sentra_tui.provider.server import ProviderOptions, serving
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import endpoint
from sentra_tui.services.openai.signalling.choice import signalling
from sentra_tui.services.openai.tokens import ApiKeyTokens
from sentra_tui.services.transport.webrtc import WebRtcTransport

PATIENT = DeadlinesConfig(offer_s=20, media_s=20, channel_s=20)
GA: dict[str, Any] = {"type": "realtime", "model": "sentra-local"}
FORMS: list[tuple[OfferForm, HangUp, bool]] = [
    ("auto", "post", False),
    ("sdp", "delete", False),
    ("multipart", "post", False),
    ("json_sdp", "delete", False),
    ("beta_query", "none", True),
    ("session", "post", False),
]


@pytest.mark.parametrize(("offer", "hang_up", "wrapped"), FORMS, ids=[form[0] for form in FORMS])
async def test_a_call_stands_and_its_session_speaks(offer: OfferForm, hang_up: HangUp, wrapped: bool) -> None:
    profile = ProviderProfile(offer=offer, hang_up=hang_up, model="sentra-local", key_env="")
    plan = Plan(dialects=["ga", "beta"], wrapped_messages=wrapped)
    async with serving(ProviderOptions(plan=plan)) as started:
        client = ApiClient(endpoint(profile, started.base_url))
        tokens = ApiKeyTokens(client, lambda: Secret(started.api_key), offer=offer)
        transport = WebRtcTransport(signalling(profile, client), deadlines=PATIENT, wrapped_messages=wrapped)
        try:
            await transport.connect(tokens.mint(beta_session(GA) if offer == "session" else GA))
            async with asyncio.timeout(20):
                event = json.loads(await anext(transport.messages()))
            assert event["type"] == "session.created"
            assert event["session"]["model"] == "sentra-local"
        finally:
            await transport.close()
            await client.close()
