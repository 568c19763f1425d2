from __future__ import annotations

import json

import aiohttp
import pytest

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.faults import Faults, Plan, RequestFault, ScriptedMessage, SessionFault, parse_plan
from sentra_tui.provider.script import Script
from sentra_tui.provider.server import ProviderOptions, serving
from tests.provider.client import REALTIME, TRANSCRIPTION, Client, calling, post_json, post_offer, until


@pytest.mark.parametrize(
    "text", ["", "[]", '{"invented": 1}', '{"calls": [{"status": 200}]}', '{"sessions": [{"numbers": [0]}]}']
)
def test_a_plan_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ProviderError):
        parse_plan(text)


def test_a_rule_acts_on_its_numbers_of_what_it_matches() -> None:
    plan = parse_plan('{"calls": [{"session": "realtime", "numbers": [2], "status": 500}]}')
    faults = Faults(plan)
    seen = [faults.for_call(kind).status for kind in ("realtime", "transcription", "realtime", "realtime")]
    assert seen == [None, None, 500, None]


def test_scripted_messages_come_when_they_are_due() -> None:
    messages = [
        ScriptedMessage(at_s=2, text="b{pad}", pad_chars=2),
        ScriptedMessage(at_s=1, text="a", repeat=2, every_s=3),
    ]
    script = Script(SessionFault(messages=messages, freeze_after_s=9))
    assert [script.due(age_s) for age_s in (0.5, 1.5, 2.5, 5.0)] == [[], ["a"], ["bxx"], ["a"]]
    assert [script.frozen(age_s) for age_s in (8.0, 9.0)] == [False, True]


async def test_requests_are_refused_as_planned() -> None:
    plan = Plan(
        client_secrets=[RequestFault(numbers=[1], status=401, code="invalid_api_key")],
        calls=[RequestFault(status=429, retry_after_s=1.5, delay_s=0.01)],
    )
    async with serving(ProviderOptions(plan=plan)) as started:
        code, body = await post_json(started, "realtime/client_secrets", {"session": REALTIME})
        assert (code, body["error"]["code"]) == (401, "invalid_api_key")
        code, _, headers = await post_offer(started, "v=0", REALTIME)
        assert (code, headers["Retry-After"]) == (429, "2")


async def test_the_server_says_what_the_plan_wrote_for_it() -> None:
    messages = [
        ScriptedMessage(event={"type": "response.invented", "text": "\u001b[31m{pad}"}, pad_chars=60_000, at_s=0.0),
        ScriptedMessage(text="{pad}", pad_chars=1_000_000, at_s=0.05),
        ScriptedMessage(text='{"type": "error"}', at_s=0.1),
    ]
    plan = Plan(sessions=[SessionFault(messages=[*messages, ScriptedMessage(at_s=0.2, text='{"type": "last"}')])])
    async with serving(ProviderOptions(plan=plan)) as started, calling(started, REALTIME, strict=False) as client:
        await client.next("last")
    assert client.kinds() == ["session.created", "response.invented", "error", "last"]
    assert len(json.dumps(client.events[1])) > 60_000


async def test_an_unreachable_answer_never_connects() -> None:
    plan = Plan(sessions=[SessionFault(unreachable=True)])
    client = Client()
    async with serving(ProviderOptions(plan=plan)) as started:
        await client.dial(started, REALTIME)
        await client.stay_silent(0.5)
        assert client.connection.connectionState != "connected"
        await client.close()


@pytest.mark.parametrize("fault", [SessionFault(close_channel_after_s=0.3), SessionFault(close_call_after_s=0.3)])
async def test_the_server_closes_as_planned(fault: SessionFault) -> None:
    plan = Plan(sessions=[fault])
    async with serving(ProviderOptions(plan=plan)) as started, calling(started, TRANSCRIPTION) as client:
        await until(client.closed.is_set)


async def test_a_session_expires_with_the_documented_error() -> None:
    plan = Plan(sessions=[SessionFault(expire_after_s=0.3)])
    async with serving(ProviderOptions(plan=plan)) as started, calling(started, REALTIME) as client:
        assert (await client.next("error"))["error"]["code"] == "session_expired"
        await until(client.closed.is_set)


async def test_a_frozen_call_stays_open_and_says_nothing() -> None:
    plan = Plan(sessions=[SessionFault(freeze_after_s=0.2, numbers=[1])])
    async with serving(ProviderOptions(plan=plan)) as started, calling(started, REALTIME) as client:
        await client.stay_silent(0.4)
        client.send("response.cancel")
        await client.stay_silent(0.3)
        assert client.kinds() == ["session.created"]
        assert client.channel.readyState == "open"


async def test_a_delayed_request_is_answered_late() -> None:
    plan = Plan(client_secrets=[RequestFault(delay_s=30)])
    async with serving(ProviderOptions(plan=plan)) as started, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {started.api_key}"}
        with pytest.raises(TimeoutError):
            await http.post(
                f"{started.base_url}/realtime/client_secrets",
                json={"session": REALTIME},
                headers=headers,
                timeout=aiohttp.ClientTimeout(0.2),
            )
