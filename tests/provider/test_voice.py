"""The voice of spoken answers: which there are, and when it may change."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from openai.types.realtime.realtime_audio_config_output import Voice

from sentra_tui.provider.server import ProviderStarted
from sentra_tui.provider.voice import VOICES, synthesize
from tests.provider.client import REALTIME, Client, calling, post_json, post_offer
from tests.provider.test_session import user_text

BUILT_IN = next(names for part in get_args(Voice) if (names := get_args(part)))


def session(voice: Any) -> dict[str, Any]:
    return {**REALTIME, "output_modalities": ["audio"], "audio": {"output": {"voice": voice}}}


async def answer(client: Client, text: str) -> dict[str, Any]:
    """Have this answered aloud, to the end of the sound."""
    client.send("conversation.item.create", item=user_text(text))
    client.send("response.create")
    response: dict[str, Any] = (await client.next("response.done"))["response"]
    await client.next("output_audio_buffer.stopped")
    return response


async def update(client: Client, **output: Any) -> dict[str, Any]:
    client.send("session.update", session={"type": "realtime", "audio": {"output": output}})
    updated: dict[str, Any] = (await client.next("session.updated"))["session"]["audio"]["output"]
    return updated


def test_every_built_in_voice_of_openai_is_known_and_sounds_like_itself() -> None:
    assert set(BUILT_IN) <= set(VOICES)
    assert len({synthesize("Good morning.", name)[0] for name in BUILT_IN}) == len(BUILT_IN)


@pytest.mark.parametrize("voice", ["hal", "", "MARIN", "en-us+m3"])
async def test_a_session_with_an_unknown_voice_is_refused_with_the_known_ones(
    started: ProviderStarted, voice: str
) -> None:
    code, body = await post_json(started, "realtime/client_secrets", {"session": session(voice)})
    error = body["error"]
    assert (code, error["code"], error["param"]) == (400, "invalid_value", "session.audio.output.voice")
    assert "'marin'" in error["message"]


async def test_an_offer_with_an_unknown_voice_is_refused(started: ProviderStarted) -> None:
    code, body, _ = await post_offer(started, "v=0", session("hal"), multipart=True)
    assert code == 400
    assert "session.audio.output.voice" in body


@pytest.mark.parametrize("voice", [{"id": "hal"}, {"name": "voice_1"}, 7, ["marin"]])
async def test_what_is_no_voice_is_refused(started: ProviderStarted, voice: Any) -> None:
    code, body = await post_json(started, "realtime/client_secrets", {"session": session(voice)})
    assert (code, body["error"]["code"]) == (400, "invalid_value")


async def test_a_custom_voice_speaks(started: ProviderStarted) -> None:
    async with calling(started, session({"id": "voice_1234"})) as client:
        assert client.events[0]["session"]["audio"]["output"]["voice"] == {"id": "voice_1234"}
        await answer(client, "thanks")
    assert client.loudest > 0


async def test_the_voice_may_change_until_an_answer_was_heard(started: ProviderStarted) -> None:
    async with calling(started, session("marin")) as client:
        assert (await update(client, voice="cedar"))["voice"] == "cedar"
        response = await answer(client, "thanks")
        assert response["audio"]["output"]["voice"] == "cedar"

        refused = {"type": "realtime", "instructions": "Be brief.", "audio": {"output": {"voice": "ash"}}}
        client.send("session.update", session=refused, event_id="event_voice")
        error = (await client.next("error"))["error"]
        assert (error["code"], error["event_id"]) == ("cannot_update_voice", "event_voice")

        client.send("session.update", session={"type": "realtime", "audio": {"output": {"voice": "cedar"}}})
        updated = (await client.next("session.updated"))["session"]
        assert (updated["audio"]["output"]["voice"], updated["instructions"]) == ("cedar", "")


async def test_an_update_to_an_unknown_voice_is_an_error_and_changes_nothing(started: ProviderStarted) -> None:
    async with calling(started, session("marin")) as client:
        client.send("session.update", session={"type": "realtime", "audio": {"output": {"voice": "hal"}}})
        error = (await client.next("error"))["error"]
        assert (error["code"], error["param"]) == ("invalid_value", "session.audio.output.voice")
        assert (await update(client, speed=1.0))["voice"] == "marin"


async def test_a_new_speed_is_that_of_the_next_answer(started: ProviderStarted) -> None:
    async with calling(started, session("marin")) as client:
        usual = await answer(client, "thanks")
        assert (await update(client, speed=0.5))["speed"] == 0.5
        slow = await answer(client, "thanks")
    tokens = [each["usage"]["output_token_details"]["audio_tokens"] for each in (usual, slow)]
    assert tokens[1] > 1.4 * tokens[0]
