import asyncio
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentra_tui.domain.errors import CredentialRefused, TransportLost
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.secret import ClientSecret, Secret
from sentra_tui.services.openai.cached_tokens import MARGIN_S, CachedTokens
from sentra_tui.services.openai.tokens import ApiKeyTokens
from tests.services.openai.peer import Peer

MIC: dict[str, Any] = {"type": "realtime", "model": "m", "audio": {"output": {"voice": "marin"}}}
SPEAKER: dict[str, Any] = {"type": "transcription"}


class Mint:
    """A source of secrets that a test holds up, lets fail, and counts."""

    def __init__(self, lifetime_s: float | None = 60.0) -> None:
        self.lifetime_s = lifetime_s
        self.session_id = ""
        self.asked: list[dict[str, Any]] = []
        self.failure: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.now_s = 1000.0
        self.tokens = CachedTokens(self, monotonic=lambda: self.now_s)

    async def mint(self, session: dict[str, Any]) -> Credential:
        self.asked.append(session)
        await self.open.wait()
        if self.failure:
            raise self.failure
        secret = ClientSecret(f"ek_{len(self.asked)}")
        if self.lifetime_s is None:
            return Credential(Secret("sk-key"), session)
        return Credential(secret, session_id=self.session_id, lifetime_s=self.lifetime_s)


async def test_a_secret_is_used_again_until_shortly_before_its_end() -> None:
    mint = Mint()
    first = await mint.tokens.mint(MIC)
    mint.now_s += 60.0 - MARGIN_S - 0.1
    assert (await mint.tokens.mint(MIC)).secret is first.secret
    mint.now_s += 0.2
    assert (await mint.tokens.mint(MIC)).secret is not first.secret
    assert len(mint.asked) == 2


async def test_the_order_of_keys_makes_no_other_session() -> None:
    mint = Mint()
    first = await mint.tokens.mint({"a": 1, "b": {"c": 2, "d": 3}})
    assert (await mint.tokens.mint({"b": {"d": 3, "c": 2}, "a": 1})).secret is first.secret
    assert (await mint.tokens.mint({"a": 1, "b": {"c": 2, "d": 4}})).secret is not first.secret


async def test_who_asks_at_the_same_time_shares_one_request() -> None:
    mint = Mint()
    mint.open.clear()
    asking = [asyncio.create_task(mint.tokens.mint(MIC)) for _ in range(5)]
    other = asyncio.create_task(mint.tokens.mint(SPEAKER))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking[0].cancel()
    mint.open.set()
    given_out = await asyncio.gather(*asking[1:])
    assert len({id(credential.secret) for credential in given_out}) == 1
    assert (await other).secret is not given_out[0].secret
    assert len(mint.asked) == 2
    assert (mint.tokens.attempts, mint.tokens.successes) == (2, 2)


async def test_a_secret_that_was_refused_is_forgotten_and_no_other() -> None:
    mint = Mint()
    refused, kept = await mint.tokens.mint(MIC), await mint.tokens.mint(SPEAKER)
    mint.tokens.forget(refused)
    assert (await mint.tokens.mint(MIC)).secret is not refused.secret
    assert (await mint.tokens.mint(SPEAKER)).secret is kept.secret


async def test_what_failed_is_asked_for_again() -> None:
    mint = Mint()
    mint.failure = TransportLost("The network is down.")
    with pytest.raises(TransportLost):
        await mint.tokens.mint(MIC)
    assert mint.tokens.success_rate == 0.0
    mint.failure = None
    await mint.tokens.mint(MIC)
    assert mint.tokens.success_rate == 0.5


async def test_what_goes_wrong_is_said_to_everybody_who_asked() -> None:
    mint = Mint()
    mint.failure = CredentialRefused("No.")
    outcome = await asyncio.gather(*(mint.tokens.mint(MIC) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in outcome] == [CredentialRefused] * 3
    assert len(mint.asked) == 1


async def test_a_key_passes_through() -> None:
    mint = Mint(lifetime_s=None)
    for _ in range(2):
        credential = await mint.tokens.mint(MIC)
        assert (credential.secret.reveal(), credential.session) == ("sk-key", MIC)
    assert len(mint.asked) == 2
    assert mint.tokens.success_rate is None


async def test_a_session_is_called_once() -> None:
    mint = Mint()
    mint.session_id = "sess_1"
    first = await mint.tokens.mint(MIC)
    assert (await mint.tokens.mint(MIC)).secret is not first.secret
    assert len(mint.asked) == 2


async def test_closing_ends_what_is_under_way() -> None:
    mint = Mint()
    mint.open.clear()
    dial = asyncio.create_task(mint.tokens.mint(MIC))
    await asyncio.sleep(0)
    await mint.tokens.close()
    await mint.tokens.close()
    await asyncio.wait({dial})
    assert dial.cancelled()


@pytest.mark.parametrize("lifetime_s", [0.0, MARGIN_S])
async def test_a_secret_that_ends_at_once_opens_the_call_it_was_made_for(lifetime_s: float) -> None:
    mint = Mint(lifetime_s)
    await mint.tokens.mint(MIC)
    await mint.tokens.mint(MIC)
    assert len(mint.asked) == 2


async def test_a_wrong_clock_of_this_machine_does_not_matter(peer: Peer) -> None:
    """The server lives in another decade."""
    body = json.dumps({"value": "ek_0123456789", "expires_at": 1_200_000_060})
    peer.answer("/realtime/client_secrets", 200, body, Date="Thu, 10 Jan 2008 21:20:00 GMT")
    tokens = CachedTokens(ApiKeyTokens(peer.client, lambda: Secret("sk-key")))
    await tokens.mint(MIC)
    await tokens.mint(MIC)
    assert len(peer.asked) == 1


Step = st.sampled_from(["mint", "begin", "forget", "fail", "mend", "later"])


@example([("begin", 1), ("mint", 1), ("forget", 0), ("mint", 1)])
@given(st.lists(st.tuples(Step, st.sampled_from([0, 1])), max_size=30))
def test_no_secret_is_given_out_that_is_old_or_was_refused(steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        mint = Mint()
        minted_s: dict[str, float] = {}
        refused: set[str] = set()
        latest: Credential | None = None
        begun: list[asyncio.Task[Credential]] = []
        for step, which in steps:
            session = (MIC, SPEAKER)[which]
            if step == "mint":
                try:
                    latest = await mint.tokens.mint(session)
                except TransportLost:
                    continue
                name = latest.secret.reveal()
                assert name not in refused
                assert mint.now_s - minted_s.setdefault(name, mint.now_s) < 60.0
            elif step == "begin":
                begun.append(asyncio.create_task(mint.tokens.mint(session)))
                await asyncio.sleep(0)
            elif step == "forget" and latest is not None:
                refused.add(latest.secret.reveal())
                mint.tokens.forget(latest)
            elif step == "later":
                mint.now_s += 17.0
            else:
                mint.failure = TransportLost("Down.") if step == "fail" else None
        await mint.tokens.close()
        await asyncio.gather(*begun, return_exceptions=True)

    asyncio.run(play())
