from __future__ import annotations

import io

import aiohttp
import pytest

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.credentials import Credentials
from sentra_tui.provider.realtime.settings import SessionSettings
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving
from tests.provider.client import (
    REALTIME,
    TRANSCRIPTION,
    calling,
    get,
    mint,
    post_json,
    post_offer,
    read_wav,
    status,
    until,
)

WRONG_KEY = "sk-wrong-and-not-to-be-repeated"


async def test_a_client_secret_comes_with_its_expiry_and_the_session_that_it_opens(started: ProviderStarted) -> None:
    code, body = await post_json(
        started, "realtime/client_secrets", {"expires_after": {"seconds": 60}, "session": TRANSCRIPTION}
    )
    assert code == 200
    assert body["value"].startswith("ek_")
    assert body["session"]["object"] == "realtime.transcription_session"
    assert body["session"]["audio"]["input"]["transcription"]["model"] == "pocketsphinx"


@pytest.mark.parametrize("key", [WRONG_KEY, "", "ek_made_up", "é"])
async def test_a_wrong_key_is_refused_and_never_repeated(started: ProviderStarted, key: str) -> None:
    code, body = await post_json(started, "realtime/client_secrets", {"session": REALTIME}, api_key=key)
    assert code == 401
    assert body["error"]["code"] == "invalid_api_key"
    assert not key or key not in str(body)


async def test_a_client_secret_cannot_mint_another(started: ProviderStarted) -> None:
    secret = await mint(started, REALTIME)
    code, _ = await post_json(started, "realtime/client_secrets", {"session": REALTIME}, api_key=secret)
    assert code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"expires_after": {"seconds": 5}},
        {"expires_after": 600},
        {"session": {"type": "invented"}},
        {"session": {"type": "realtime", "output_modalities": ["text", "audio"]}},
        {
            "session": {
                "type": "realtime",
                "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 7}}},
            }
        },
        [],
    ],
)
async def test_a_request_that_does_not_fit_is_a_400_in_openais_shape(started: ProviderStarted, body: object) -> None:
    code, answer = await post_json(started, "realtime/client_secrets", body)
    assert code == 400
    assert set(answer["error"]) == {"message", "type", "param", "code"}


def test_an_expired_client_secret_opens_nothing() -> None:
    now = 1000.0
    credentials = Credentials(lambda: now)
    minted = credentials.mint(SessionSettings(REALTIME), 10)
    bearer = f"Bearer {minted.secret.reveal()}"
    assert credentials.open(bearer) is minted.settings
    now = 1011.0
    with pytest.raises(ApiError) as refusal:
        credentials.open(bearer)
    assert refusal.value.status == 401


@pytest.mark.parametrize("multipart", [False, True])
async def test_an_offer_is_answered_in_both_forms_and_hung_up(started: ProviderStarted, multipart: bool) -> None:
    async with calling(started, REALTIME, multipart=multipart) as client:
        assert client.call_path.startswith("/v1/realtime/calls/rtc_")
        assert client.events[0]["session"]["type"] == "realtime"
        assert [call["connected"] for call in await status(started)] == [True]
        call_id = client.call_path.rpartition("/")[2]
        code = await hang_up(started, call_id)
        assert code == 200
        assert await status(started) == []
        assert await hang_up(started, call_id) == 404
        await until(client.closed.is_set)


@pytest.mark.parametrize("multipart", [False, True])
async def test_an_offer_that_is_no_sdp_is_refused(started: ProviderStarted, multipart: bool) -> None:
    for sdp in ("", "nonsense", "v=0\r\nm=audio x y z\r\n"):
        code, body, _ = await post_offer(started, sdp, REALTIME, multipart)
        assert code == 400, body
    assert await status(started) == []


async def test_an_unknown_path_is_a_404_in_openais_shape(started: ProviderStarted) -> None:
    code, body = await post_json(started, "chat/inventions", {})
    assert code == 404
    assert body["error"]["type"] == "invalid_request_error"


async def test_models_are_listed(started: ProviderStarted) -> None:
    assert b"pocketsphinx" in await get(started, "models")


async def test_both_sides_of_the_demo_talk_have_one_length() -> None:
    async with serving(ProviderOptions()) as started:
        sides = [read_wav(io.BytesIO(await get(started, f"demo/{side}.wav"))) for side in ("mic", "speaker")]
    (mic, sample_rate_hz), (speaker, _) = sides
    assert len(mic) == len(speaker)
    assert 50 < len(mic) / 2 / sample_rate_hz < 90


async def hang_up(started: ProviderStarted, call_id: str) -> int:
    headers = {"Authorization": f"Bearer {started.api_key}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{started.base_url}/realtime/calls/{call_id}/hangup", headers=headers) as response,
    ):
        return response.status
