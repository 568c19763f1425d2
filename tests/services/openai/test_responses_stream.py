import asyncio
import json
from typing import Any

import pytest
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

from sentra_tui.domain.errors import NotSupported, OutcomeUnknown, TransportRefused
from sentra_tui.domain.main_run import RunEvent, RunExtended, RunNamed, RunRef, RunStatus
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.main.main_settings import MainSettings
from sentra_tui.services.openai.main.responses_stream import ResponsesStream
from sentra_tui.services.openai.main.retry import Timing
from tests.protocol.official_schema import check
from tests.services.openai.peer import Peer
from tests.services.openai.responses_peer import (
    EVENTS,
    SETTINGS,
    Provider,
    delta,
    ended,
    event,
    name,
    provider,
    refusal,
    request,
    response,
    run,
    stream,
    words,
)

CREATE: dict[str, Any] = {"api": "responses", "method": "POST", "path": "/v1/responses"}
YES = stream(event("created", response=response("in_progress")), event("completed", response=response(text="Yes.")))


async def hurry(_wait_s: float) -> None:
    await asyncio.sleep(0)


def assistant(of: Provider, deadline_s: float = 30.0) -> ResponsesStream:
    settings = MainSettings(deadline_s=deadline_s, label="The local provider")
    return ResponsesStream(of.client, of.key, settings, Timing(sleep=hurry))


def scripted(peer: Peer) -> ResponsesStream:
    return ResponsesStream(peer.client, lambda: Secret("sk-1"), SETTINGS, Timing(sleep=hurry))


async def test_an_answer_is_named_told_and_counted() -> None:
    async with provider() as local:
        events = await run(assistant(local))
    end = ended(events)
    assert end.status is RunStatus.COMPLETED
    assert words(events) == end.text != ""
    assert end.usage is not None
    assert end.usage.text_out > 0


async def test_each_response_is_chained_to_the_one_before_it() -> None:
    async with provider() as local:
        main = assistant(local)
        first, second = [name(await run(main)) for _ in range(2)]
    assert (first.conversation_id, second.conversation_id) == ("", first.run_id)


async def test_every_body_is_as_the_official_types_have_it(peer: Peer) -> None:
    peer.answer("/responses", 200, YES, **EVENTS)
    main = scripted(peer)
    for _ in range(2):
        await run(main, request("news", "full"))
    bodies = peer.bodies("/responses")
    for body in bodies:
        check(body, ResponseCreateParamsStreaming)
    assert [(body["input"], body.get("previous_response_id")) for body in bodies] == [
        ("full", None),
        ("news", "resp_1"),
    ]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, refusal("previous_response_not_found", "previous_response_id")),
        (404, refusal("", None, "Response with id 'resp_0' not found.")),
        (400, refusal("unsupported_parameter", "previous_response_id")),
    ],
)
async def test_where_the_response_before_is_gone_a_question_begins_anew(peer: Peer, status: int, body: str) -> None:
    peer.answer("/responses", status, body)
    peer.then("/responses", 200, YES, **EVENTS)
    main = scripted(peer)
    main.adopt(RunRef("responses_background", "resp_foreign"))
    main.adopt(RunRef("responses", "resp_0"))
    assert ended(await run(main, request("news", "full"))).text == "Yes."
    sent = [(body["input"], body.get("previous_response_id")) for body in peer.bodies("/responses")]
    assert sent == [("news", "resp_0"), ("full", None)]


async def test_what_did_not_end_well_is_told_again(peer: Peer) -> None:
    failed = event("failed", response=response("failed", error={"message": "Out of paper."}))
    peer.answer("/responses", 200, YES, **EVENTS)
    peer.then("/responses", 200, stream(event("created", response=response("in_progress")), failed), **EVENTS)
    peer.then("/responses", 200, YES.replace("resp_1", "resp_3"), **EVENTS)
    main = scripted(peer)
    ends = [ended(await run(main, request("news", "full"))).status for _ in range(3)]
    assert ends == [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.COMPLETED]
    sent = [(body["input"], body.get("previous_response_id")) for body in peer.bodies("/responses")]
    assert sent == [("full", None), ("news", "resp_1"), ("full", "resp_1")]


async def test_a_broken_stream_is_looked_up_where_the_server_keeps_it(peer: Peer) -> None:
    peer.answer("/responses", 200, stream(event("created", response=response("in_progress")), delta("Ye")), **EVENTS)
    peer.answer("/responses/resp_1", 200, json.dumps(response(text="Yes.")))
    events = await run(scripted(peer))
    assert (words(events), ended(events).text) == ("Ye", "Yes.")


@pytest.mark.parametrize("kept", [(404, ""), (200, json.dumps(response("in_progress"))), (200, "<html>")])
async def test_a_broken_stream_that_nobody_knows_may_have_been_answered(peer: Peer, kept: tuple[int, str]) -> None:
    peer.answer("/responses", 200, stream(event("created", response=response("in_progress")), delta("Ye")), **EVENTS)
    peer.answer("/responses/resp_1", *kept)
    with pytest.raises(OutcomeUnknown):
        await run(scripted(peer))


@pytest.mark.parametrize("trouble", [{"no_reply": True}, {"drop_stream_after_events": 0}])
async def test_a_question_that_was_sent_and_not_named_may_have_run(trouble: dict[str, Any]) -> None:
    async with provider(text=[{**CREATE, **trouble}]) as local:
        with pytest.raises(OutcomeUnknown):
            await run(assistant(local))


async def test_a_provider_that_stops_with_the_connection_leaves_half_an_answer(peer: Peer) -> None:
    peer.answer("/responses", 200, stream(event("created", response=response("in_progress")), delta("Ye")), **EVENTS)
    peer.answer("/responses/resp_1", 200, json.dumps(response("cancelled", text="Ye")))
    end = ended(await run(scripted(peer)))
    assert (end.status, end.text) == (RunStatus.INCOMPLETE, "Ye")
    assert "connection broke" in end.cause


async def test_a_run_of_another_process_is_looked_up() -> None:
    async with provider() as local:
        first = await run(assistant(local))
        later = [each async for each in assistant(local).resume(name(first))]
        assert ended(later).text == ended(first).text
        for unknown in ("resp_unknown", "../files", ""):
            with pytest.raises(OutcomeUnknown):
                [each async for each in assistant(local).resume(RunRef("responses", unknown))]


async def test_a_run_is_cancelled_while_it_is_waited_for() -> None:
    async with provider(text=[{**CREATE, "stuck": "in_progress"}]) as local:
        main = assistant(local)
        named: asyncio.Future[RunRef] = asyncio.get_running_loop().create_future()

        async def follow() -> list[RunEvent]:
            events = []
            async for each in main.ask(request()):
                events.append(each)
                if isinstance(each, RunNamed):
                    named.set_result(each.ref)
            return events

        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(follow())
            ref = await named
            await asyncio.sleep(0.05)
            await main.cancel(ref)
        assert (ended(following.result()).status, ended(following.result()).cause) == (RunStatus.CANCELLED, "stopped")


async def test_a_run_is_cancelled_while_it_is_told() -> None:
    async with provider(text=[{**CREATE, "word_interval_s": 0.02}]) as local:
        main = assistant(local)
        events = []
        async for each in main.ask(request()):
            events.append(each)
            if isinstance(each, RunExtended):
                await main.cancel(name(events))
    end = ended(events)
    assert end.status is RunStatus.CANCELLED
    assert end.text == words(events) != ""


@pytest.mark.parametrize("run_id", ["resp_unknown", "../files", ""])
async def test_cancelling_what_is_unknown_is_no_error(run_id: str) -> None:
    async with provider() as local:
        await assistant(local).cancel(RunRef("responses", run_id))


async def test_a_run_that_is_stuck_is_given_up() -> None:
    async with provider(text=[{**CREATE, "stuck": "in_progress"}]) as local:
        end = ended(await run(assistant(local, deadline_s=0.3)))
    assert (end.status, end.cause) == (RunStatus.INCOMPLETE, "no answer in 0.3 seconds")


async def test_a_server_that_does_not_stream_is_read_whole(peer: Peer) -> None:
    peer.answer("/responses", 200, json.dumps(response(text="Yes.")), Content_Type="application/json")
    events = await run(scripted(peer))
    assert (name(events).run_id, ended(events).text) == ("resp_1", "Yes.")


async def test_a_reply_that_is_no_response_is_refused(peer: Peer) -> None:
    peer.answer("/responses", 200, "<html>Hotel</html>", Content_Type="text/html")
    with pytest.raises(TransportRefused, match="without a response"):
        await run(scripted(peer))


async def test_an_error_in_the_stream_is_its_end(peer: Peer) -> None:
    trouble = {"type": "error", "message": "Overloaded", "code": "server_error"}
    peer.answer("/responses", 200, stream(delta("Ye"), trouble), **EVENTS)
    end = ended(await run(scripted(peer)))
    assert (end.status, end.text, end.cause) == (RunStatus.FAILED, "Ye", "Overloaded")


async def test_a_server_without_the_api_is_not_for_us() -> None:
    async with provider(without=["responses"]) as local:
        with pytest.raises(NotSupported):
            await run(assistant(local))
