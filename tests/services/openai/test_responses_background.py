import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest
from openai.types.conversations import ConversationCreateParams
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)

from sentra_tui.domain.errors import CredentialRefused, NotSupported, OutcomeUnknown, TransportLost, TransportRefused
from sentra_tui.domain.main_run import RunExtended, RunNamed, RunRef, RunStatus
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.main.main_settings import MainSettings
from sentra_tui.services.openai.main.responses_background import ResponsesBackground
from sentra_tui.services.openai.main.retry import Timing
from tests.protocol.official_schema import check
from tests.services.openai.peer import Peer
from tests.services.openai.responses_peer import (
    EVENTS,
    QUESTION,
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
LOOK: dict[str, Any] = {"api": "responses", "method": "GET"}


async def hurry(_wait_s: float) -> None:
    await asyncio.sleep(0)


def assistant(of: Provider, **settings: Any) -> ResponsesBackground:
    chosen = MainSettings(**{"poll_s": 0.02, "deadline_s": 30.0, "label": "The local provider", **settings})
    return ResponsesBackground(of.client, of.key, chosen, Timing(sleep=hurry))


def scripted(peer: Peer, timing: Timing | None = None) -> ResponsesBackground:
    """Give an assistant of a peer that makes conversations."""
    peer.answer("/conversations", 200, '{"id": "conv_1"}')
    return ResponsesBackground(peer.client, lambda: Secret("sk-1"), SETTINGS, timing or Timing(sleep=hurry))


async def test_an_answer_is_named_told_and_counted() -> None:
    async with provider() as local:
        events = await run(assistant(local))
    end = ended(events)
    assert end.status is RunStatus.COMPLETED
    assert words(events) == end.text != ""
    assert end.usage is not None
    assert end.usage.text_out > 0
    assert name(events).conversation_id.startswith("conv_")


@pytest.mark.parametrize("after", [1, 3, 6, 9])
async def test_a_stream_that_breaks_is_taken_up_behind_the_last_event(after: int) -> None:
    rules = [{**CREATE, "drop_stream_after_events": after}, {**LOOK, "numbers": [1], "drop_stream_after_events": 2}]
    async with provider(text=rules) as local:
        events = await run(assistant(local))
    end = ended(events)
    assert end.status is RunStatus.COMPLETED
    assert words(events) == end.text


async def test_where_a_stream_is_not_taken_up_the_run_is_polled() -> None:
    rules = [
        {**CREATE, "drop_stream_after_events": 5, "word_interval_s": 0.02},
        {**LOOK, "numbers": [1], "status": 400, "code": "unsupported_parameter", "param": "stream"},
    ]
    async with provider(text=rules) as local:
        events = await run(assistant(local))
    end = ended(events)
    assert end.status is RunStatus.COMPLETED
    assert end.text.startswith(words(events))


async def test_a_server_that_cannot_stream_is_polled_from_then_on(peer: Peer) -> None:
    peer.answer("/responses", 400, refusal("unsupported_parameter", "stream"))
    peer.then("/responses", 200, json.dumps(response("queued")))
    peer.answer("/responses/resp_1", 200, json.dumps(response("in_progress")))
    peer.then("/responses/resp_1", 200, json.dumps(response(text="Yes.")))
    main = scripted(peer)
    assert ended(await run(main)).text == "Yes."
    assert ended(await run(main)).text == "Yes."
    assert [body.get("stream") for body in peer.bodies("/responses")] == [True, None, None]


async def test_polls_keep_to_the_interval_or_to_what_the_server_asks_for(peer: Peer) -> None:
    waits: list[float] = []

    async def note(wait_s: float) -> None:
        waits.append(wait_s)

    peer.answer("/responses", 200, json.dumps(response("queued")), openai_poll_after_ms="700")
    peer.answer("/responses/resp_1", 200, json.dumps(response("queued")))
    peer.then("/responses/resp_1", 429, "", Retry_After="3")
    peer.then("/responses/resp_1", 200, "<html>Hotel</html>")
    peer.then("/responses/resp_1", 200, json.dumps(response(text="Yes.")))
    assert ended(await run(scripted(peer, Timing(sleep=note, random=lambda: 1.0)))).text == "Yes."
    assert waits == [0.7, pytest.approx(SETTINGS.poll_s * 1.2), 3.0, pytest.approx(1.0)]


@pytest.mark.row(27)
async def test_polling_outlives_broken_connections() -> None:
    async with provider(
        text=[{**CREATE, "word_interval_s": 0.02}, {**LOOK, "numbers": [1, 2], "no_reply": True}]
    ) as local:
        async with aclosing(assistant(local).ask(request())) as events:
            async for each in events:
                if isinstance(each, RunNamed):
                    ref = each.ref
                    break
        assert ended([each async for each in assistant(local).resume(ref)]).status is RunStatus.COMPLETED


async def test_another_process_finds_the_run_again_and_its_words_begin_anew() -> None:
    async with provider(text=[{**CREATE, "word_interval_s": 0.02}]) as local:
        async with aclosing(assistant(local).ask(request())) as events:
            async for each in events:
                if isinstance(each, RunNamed):
                    ref = each.ref
                if isinstance(each, RunExtended):
                    break
        rest = [each async for each in assistant(local).resume(ref)]
        again = [each async for each in assistant(local).resume(ref)]
    assert ended(rest).status is RunStatus.COMPLETED
    assert words(rest) == ended(rest).text == ended(again).text
    assert words(again) == ""


@pytest.mark.row(27)
@pytest.mark.parametrize("run_id", ["resp_unknown", "../files", ""])
async def test_a_run_that_nobody_knows_any_more_may_have_run(run_id: str) -> None:
    async with provider() as local:
        with pytest.raises(OutcomeUnknown):
            [each async for each in assistant(local).resume(RunRef("responses_background", run_id))]


@pytest.mark.parametrize("trouble", [{"no_reply": True}, {"drop_stream_after_events": 0}])
async def test_a_question_that_was_sent_and_not_named_may_have_run(trouble: dict[str, Any]) -> None:
    async with provider(text=[{**CREATE, **trouble}]) as local:
        with pytest.raises(OutcomeUnknown):
            await run(assistant(local))


async def test_a_server_that_is_not_there_was_sent_nothing() -> None:
    async with provider() as local:
        client = ApiClient(local.client.endpoint)
    with pytest.raises(TransportLost) as caught:
        await run(ResponsesBackground(client, local.key, SETTINGS))
    assert type(caught.value) is TransportLost
    await client.close()


async def test_a_run_is_cancelled_while_it_is_told() -> None:
    async with provider(text=[{**CREATE, "stuck": "in_progress"}]) as local:
        main = assistant(local)
        events = []
        async for each in main.ask(request()):
            events.append(each)
            if isinstance(each, RunNamed):
                await main.cancel(each.ref)
        assert (ended(events).status, ended(events).cause) == (RunStatus.CANCELLED, "stopped")
        await main.cancel(name(events))


async def test_a_run_is_cancelled_while_it_is_waited_for() -> None:
    async with provider(text=[{**CREATE, "stuck": "queued"}]) as local:
        main = assistant(local)
        named: asyncio.Future[RunRef] = asyncio.get_running_loop().create_future()

        async def follow() -> list[Any]:
            events = []
            async for each in main.ask(request()):
                events.append(each)
                if isinstance(each, RunNamed) and not named.done():
                    named.set_result(each.ref)
            return events

        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(follow())
            ref = await named
            await asyncio.sleep(0.05)
            await main.cancel(ref)
        assert ended(following.result()).status is RunStatus.CANCELLED


@pytest.mark.parametrize("run_id", ["resp_unknown", "../files", ""])
async def test_cancelling_what_is_unknown_is_no_error(run_id: str) -> None:
    async with provider() as local:
        await assistant(local).cancel(RunRef("responses_background", run_id))


@pytest.mark.row(27)
async def test_a_run_that_is_stuck_is_given_up_and_cancelled() -> None:
    async with provider(text=[{**CREATE, "stuck": "in_progress"}]) as local:
        events = await run(assistant(local, deadline_s=0.3))
        end = ended(events)
        assert (end.status, end.cause) == (RunStatus.INCOMPLETE, "no answer in 0.3 seconds")
        later = [each async for each in assistant(local).resume(name(events))]
    assert ended(later).status is RunStatus.CANCELLED


async def test_a_run_that_fails_says_why_and_keeps_its_words() -> None:
    async with provider(text=[{**CREATE, "fail": {"message": "Out of paper.", "after_words": 3}}]) as local:
        events = await run(assistant(local))
    end = ended(events)
    assert (end.status, end.cause) == (RunStatus.FAILED, "Out of paper.")
    assert end.text == words(events) != ""


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 429, "code": "rate_limit_exceeded", "retry_after_ms": 10},
        {"status": 503},
        {"status": 400, "code": "conversation_locked", "param": "conversation"},
    ],
)
async def test_what_passes_is_asked_again(trouble: dict[str, Any]) -> None:
    async with provider(text=[{**CREATE, "numbers": [1, 2, 3], **trouble}]) as local:
        assert ended(await run(assistant(local))).status is RunStatus.COMPLETED


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        ({"status": 429, "code": "insufficient_quota"}, TransportRefused),
        ({"status": 429, "code": "rate_limit_exceeded"}, TransportLost),
        ({"status": 401}, CredentialRefused),
        ({"status": 404, "code": "model_not_found"}, TransportRefused),
        ({"status": 404}, NotSupported),
    ],
)
async def test_what_does_not_pass_says_what_to_do(trouble: dict[str, Any], kind: type[Exception]) -> None:
    async with provider(text=[{**CREATE, **trouble}]) as local:
        with pytest.raises(kind) as caught:
            await run(assistant(local))
    assert type(caught.value) is kind


async def test_a_conversation_that_stays_locked_gives_way_to_a_new_one_that_is_told_everything() -> None:
    locked = {"status": 400, "code": "conversation_locked", "param": "conversation"}
    async with provider(text=[{**CREATE, "numbers": [2, 3, 4, 5, 6], **locked}]) as local:
        asking = assistant(local)
        first = await run(asking)
        second = await run(asking, request(news="It is asked again.", full=QUESTION))
    assert ended(second).text == ended(first).text
    assert name(second).conversation_id != name(first).conversation_id


@pytest.mark.parametrize("lack", ["background", "conversations", "responses"])
async def test_a_server_without_a_part_of_the_api_is_not_for_us(lack: str) -> None:
    async with provider(without=[lack]) as local:
        with pytest.raises(NotSupported):
            await run(assistant(local))


async def test_every_body_is_as_the_official_types_have_it(peer: Peer) -> None:
    peer.answer("/responses", 400, refusal("unsupported_parameter", "stream"))
    peer.then("/responses", 200, json.dumps(response(text="Yes.")))
    await run(scripted(peer))
    streaming, plain = peer.bodies("/responses")
    check(streaming, ResponseCreateParamsStreaming)
    check(plain, ResponseCreateParamsNonStreaming)
    check(peer.bodies("/conversations")[0], ConversationCreateParams)
    assert streaming["background"] is streaming["store"] is streaming["stream"] is True
    assert streaming["conversation"] == "conv_1"
    assert streaming["metadata"] == {"question_id": "mic.1.item_7"}


async def test_a_conversation_that_answered_is_sent_only_what_is_new(peer: Peer) -> None:
    peer.answer("/responses", 200, json.dumps(response(text="Yes.")))
    peer.then("/responses", 200, json.dumps(response("failed", error={"message": "Out of paper."})))
    peer.then("/responses", 200, json.dumps(response(text="Yes.")))
    main = scripted(peer)
    for _ in range(4):
        await run(main, request("news", "full"))
    assert [body["input"] for body in peer.bodies("/responses")] == ["full", "news", "full", "news"]
    assert len(peer.bodies("/conversations")) == 1


async def test_a_conversation_is_adopted_and_replaced_once_it_is_gone(peer: Peer) -> None:
    peer.answer("/responses", 200, json.dumps(response(text="Yes.")))
    peer.then("/responses", 404, refusal("", "", "Conversation with id 'conv_old' not found."))
    peer.then("/responses", 200, json.dumps(response(text="Yes.")))
    main = scripted(peer)
    main.adopt(RunRef("chat", "x", "conv_foreign"))
    main.adopt(RunRef("responses_background", "resp_0", "conv_old"))
    await run(main, request("news", "full"))
    await run(main, request("news", "full"))
    sent = [(body["conversation"], body["input"]) for body in peer.bodies("/responses")]
    assert sent == [("conv_old", "news"), ("conv_old", "news"), ("conv_1", "full")]


async def test_a_name_moves_on_at_most_once_a_second(peer: Peer) -> None:
    seconds = iter(range(1000))
    start = [event("created", 0, response=response("queued")), *[delta("x", number) for number in range(1, 9)]]
    peer.answer("/responses", 200, stream(*start, event("completed", 9, response=response(text="x" * 8))), **EVENTS)
    slow = Timing(sleep=hurry, monotonic=lambda: next(seconds) * 0.25)
    events = await run(scripted(peer, slow))
    names = [each.ref.sequence_number or 0 for each in events if isinstance(each, RunNamed)]
    assert names[0] == 0
    assert 2 <= len(names) <= 6
    assert names == sorted(names)


async def test_a_stream_without_numbers_is_not_taken_up_but_polled(peer: Peer) -> None:
    peer.answer("/responses", 200, stream(event("created", response=response("queued")), delta("Ye")), **EVENTS)
    peer.answer("/responses/resp_1", 200, json.dumps(response(text="Yes.")))
    events = await run(scripted(peer))
    assert (words(events), ended(events).text) == ("Ye", "Yes.")
    assert [asked.query for asked in peer.asked if asked.method == "GET"] == [{}]


async def test_a_server_that_begins_its_stream_again_is_not_repeated(peer: Peer) -> None:
    start = [event("created", 0, response=response("queued")), delta("Ye", 1)]
    peer.answer("/responses", 200, stream(*start), **EVENTS)
    rest = [*start, delta("s.", 2), event("completed", 3, response=response(text="Yes."))]
    peer.answer("/responses/resp_1", 200, stream(*rest), **EVENTS)
    assert words(await run(scripted(peer))) == "Yes."
    assert peer.asked[-1].query == {"stream": "true", "starting_after": "1"}


async def test_an_error_in_the_stream_is_looked_into(peer: Peer) -> None:
    trouble = {"type": "error", "message": "Overloaded", "code": "server_error"}
    peer.answer("/responses", 200, stream(event("created", 0, response=response("queued")), trouble), **EVENTS)
    peer.answer("/responses/resp_1", 200, json.dumps(response(text="Yes.")))
    assert ended(await run(scripted(peer))).text == "Yes."
    peer.answer("/responses", 200, stream(trouble), **EVENTS)
    assert ended(await run(scripted(peer))).cause == "Overloaded"


async def test_a_reply_that_is_no_response_is_refused(peer: Peer) -> None:
    peer.answer("/responses", 200, "<html>Hotel</html>", Content_Type="text/html")
    with pytest.raises(TransportRefused, match="without a response"):
        await run(scripted(peer))


async def test_closing_the_iterator_leaves_the_run_alone() -> None:
    async with provider(text=[{**CREATE, "word_interval_s": 0.02}]) as local:
        main = assistant(local)
        async with aclosing(main.ask(request())) as events:
            async for each in events:
                if isinstance(each, RunNamed):
                    ref = each.ref
                    break
        assert ended([each async for each in main.resume(ref)]).status is RunStatus.COMPLETED
