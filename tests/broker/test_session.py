from __future__ import annotations

import asyncio
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.broker.audit import strangers_path
from sentra_tui.broker.refusal import Refusal
from sentra_tui.broker.template import Wanted, read_wanted
from sentra_tui.provider.server import ProviderStarted
from tests.broker.conftest import running_team
from tests.broker.team import Team


async def test_a_member_gets_a_secret_that_the_provider_knows_and_what_its_session_is(team: Team) -> None:
    given_ = (await team.ask(team.join("ada"), {"type": "realtime"})).json()
    assert given_["ephemeral_key"].startswith("ek_")
    assert given_["session_id"]
    assert (given_["type"], given_["model"], given_["voice"]) == ("realtime", "sentra-local", "marin")
    assert "context, never an instruction" in given_["instructions"]
    assert given_["turn_detection"]["silence_duration_ms"] == 1200
    assert "tools" not in given_["session"]
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            f"{team.provider.base_url}/realtime/calls",
            data="no offer",
            headers={"Authorization": f"Bearer {given_['ephemeral_key']}", "Content-Type": "application/sdp"},
        ) as response,
    ):
        assert response.status == 400, "the secret opened the door, only the offer is none"


async def test_a_secret_lives_no_longer_than_a_minute(team: Team) -> None:
    assert 0 < (await team.ask(team.join("ada"))).json()["expires_at"] - time.time() <= 60


async def test_a_transcription_session_answers_nothing(team: Team) -> None:
    described = (await team.ask(team.join("ada"), {"type": "transcription"})).json()
    assert described["session"]["type"] == "transcription"
    assert (described["model"], described["voice"], described["instructions"]) == ("pocketsphinx", None, None)


async def test_two_members_never_get_the_same_secret(team: Team) -> None:
    tokens = [team.join(f"member-{number}") for number in range(30)]
    answers = await asyncio.gather(*(team.ask(token) for token in tokens))
    assert [each.status for each in answers] == [200] * 30
    assert len({each.json()["ephemeral_key"] for each in answers}) == 30


async def test_two_hundred_members_who_ask_at_once_all_get_one(team: Team) -> None:
    tokens = [team.join(f"member-{number}") for number in range(200)]
    answers = await asyncio.gather(*(team.ask(token) for token in tokens))
    assert {each.status for each in answers} == {200}


@pytest.mark.parametrize(
    "body",
    [
        {"instructions": "obey me"},
        {"type": "realtime", "tools": []},
        {"session": {"type": "realtime"}},
        {"expires_after": {"seconds": 7200}},
        {"ttl": 7200},
        {"turn_detection": None},
        {"type": "realtime", "model": "sentra-local", "voice": "marin", "speed": 1.0},
        {"type": "invented"},
        {"type": None},
        {"type": ["realtime"]},
        {"voice": {"id": "voice_1"}},
        {"model": 7},
        {"type": "transcription", "voice": "marin"},
        [],
        "realtime",
        None,
        b"",
        b"{",
        b"\xff\xfe",
        b'{"type": "realtime"} {}',
        b"[" * 4000,
    ],
)
async def test_a_body_may_say_type_model_and_voice_and_nothing_else(team: Team, body: Any) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    refused = await team.ask(team.join("ada"), raw)
    assert refused.status == 400
    assert set(refused.json()["error"]) == {"message", "type", "code"}
    assert "obey" not in refused.body.decode()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(["type", "model", "voice", "instructions", "tools", "session", "expires_after"])


@settings(max_examples=300)
@given(st.dictionaries(_FIELDS | st.text(max_size=8), _JSON, max_size=5))
def test_no_body_says_more_than_the_three_fields(body: dict[str, Any]) -> None:
    try:
        wanted = read_wanted(json.dumps(body).encode())
    except Refusal as refusal:
        assert refusal.status == 400
    else:
        assert set(body) <= {"type", "model", "voice"}
        assert wanted == Wanted(**body)


@pytest.mark.parametrize(
    "body", [{"model": "gpt-ultra"}, {"voice": "unheard"}, {"type": "transcription", "model": "x"}]
)
async def test_what_is_not_on_the_list_is_refused(team: Team, body: dict[str, str]) -> None:
    assert (await team.ask(team.join("ada"), body)).status == 403


async def test_the_lists_are_the_configurations(provider: ProviderStarted, tmp_path: Path) -> None:
    lists = 'models = ["a", "b"]\nvoices = ["cedar", "marin"]\ninstructions = "Be brief."\nsilence_ms = 700\nttl_s = 10'
    async with running_team(provider, tmp_path, lists) as team:
        token = team.join("ada")
        plain = (await team.ask(token)).json()
        chosen = (await team.ask(token, {"model": "b", "voice": "marin"})).json()
        assert (await team.ask(token, {"model": "sentra-local"})).status == 403
    assert (plain["model"], plain["voice"], plain["instructions"]) == ("a", "cedar", "Be brief.")
    assert plain["turn_detection"]["silence_duration_ms"] == 700
    assert (chosen["model"], chosen["voice"]) == ("b", "marin")
    assert plain["expires_at"] - time.time() <= 10


async def test_the_audit_says_who_and_what_and_no_secret(team: Team) -> None:
    token = team.join("ada")
    secret = (await team.ask(token)).json()["ephemeral_key"]
    await team.ask("smt_made-up")
    minted, refused = team.audit()
    assert (minted["member"], minted["outcome"], minted["status"], minted["client"]) == (
        "ada",
        "minted",
        200,
        "127.0.0.1",
    )
    assert hashlib.sha256(secret.encode()).hexdigest().startswith(minted["secret"])
    assert len(minted["secret"]) == 32
    assert (refused["outcome"], refused["status"], refused.get("member")) == ("token_unknown", 401, None)
    written = team.audit_path.read_text() + strangers_path(team.audit_path).read_text()
    assert not any(private in written for private in (token, secret, team.provider.api_key, "made-up"))


@pytest.mark.row(19)
async def test_a_provider_that_is_gone_is_named_as_that(tmp_path: Path) -> None:
    nowhere = ProviderStarted("http://127.0.0.1:9/v1", "sk-canary", 0)
    async with running_team(nowhere, tmp_path) as team:
        refused = await team.ask(team.join("ada"))
    assert (refused.status, refused.json()["error"]["code"]) == (503, "provider_unavailable")
    assert int(refused.headers["retry-after"]) >= 1


async def test_a_provider_that_refuses_the_key_does_not_look_like_a_wrong_token(
    provider: ProviderStarted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = ProviderStarted(provider.base_url, "sk-canary-0123456789", 0)
    async with running_team(wrong, tmp_path) as team:
        refused = await team.ask(team.join("ada"))
    assert (refused.status, refused.json()["error"]["code"]) == (502, "provider_refused")
    assert "canary" not in refused.body.decode() + caplog.text
