from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
import pytest_asyncio
from openai import AsyncOpenAI
from openai._models import validate_type
from openai.types.beta import Assistant, AssistantStreamEvent, Thread
from openai.types.beta.threads import Message, Run
from openai.types.beta.threads.runs import RunStep

from sentra_tui.provider.faults import Plan
from sentra_tui.provider.models.reply import load_answerer
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving
from sentra_tui.provider.text_faults import RunFailure, TextFault
from tests.provider.client import post_json, until
from tests.provider.gullible import GullibleModel

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

MODEL = "sentra-local-text"
QUESTION: Any = {"role": "user", "content": "What about opus?"}
ANSWER = load_answerer().answer("opus")
TOOL: Any = {"type": "function", "function": {"name": "delete_all", "parameters": {"type": "object", "properties": {}}}}
ENDED = ("completed", "failed", "incomplete", "expired", "cancelled")


class Desk:
    """A client with an assistant and a thread that holds the question."""

    def __init__(self, client: AsyncOpenAI, assistant_id: str, thread_id: str) -> None:
        self.client = client
        self.beta = client.beta.threads
        self.assistant_id = assistant_id
        self.thread_id = thread_id

    async def begin(self, **more: Any) -> Run:
        run: Run = await self.beta.runs.create(self.thread_id, assistant_id=self.assistant_id, **more)
        checked(run, Run)
        return run

    async def get(self, run: Run) -> Run:
        found: Run = checked(await self.beta.runs.retrieve(run.id, thread_id=self.thread_id), Run)
        return found

    async def status(self, run: Run, *wanted: str) -> Run:
        """Return the run once it has one of these statuses."""

        async def reached() -> bool:
            return (await self.get(run)).status in wanted

        await until(reached)
        return await self.get(run)

    async def add(self, text: str) -> Message:
        message = await self.beta.messages.create(self.thread_id, role="user", content=text)
        checked(message, Message)
        return message

    async def answer(self, run: Run) -> str:
        listed = await self.beta.messages.list(self.thread_id, run_id=run.id)
        return "".join(text_of(checked(message, Message)) for message in listed.data)


def checked(value: Any, kind: Any) -> Any:
    """Return a model of the `openai` package that is exactly what its type says, which its client does not demand."""
    validate_type(type_=kind, value=value.to_dict())
    return value


def text_of(message: Message) -> str:
    return "".join(part.text.value for part in message.content if part.type == "text")


@contextlib.asynccontextmanager
async def desk_at(started: ProviderStarted) -> AsyncIterator[Desk]:
    async with AsyncOpenAI(base_url=started.base_url, api_key=started.api_key, max_retries=0) as client:
        assistant = checked(await client.beta.assistants.create(model=MODEL, instructions="Be short."), Assistant)
        thread = checked(await client.beta.threads.create(messages=[QUESTION]), Thread)
        yield Desk(client, assistant.id, thread.id)


@pytest_asyncio.fixture
async def desk(started: ProviderStarted) -> AsyncIterator[Desk]:
    async with desk_at(started) as opened:
        yield opened


@pytest_asyncio.fixture
async def planned(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """A desk at a provider that does to every new run what the test's parameter says."""
    plan = Plan(text=[TextFault(api="assistants", method="POST", path="*/runs", **request.param)])
    async with serving(ProviderOptions(plan=plan)) as started, desk_at(started) as opened:
        yield opened


def with_plan(**fault: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("planned", [fault], indirect=True)


async def test_a_run_is_polled_to_its_end_and_its_message_read(desk: Desk) -> None:
    run = await desk.begin()
    assert run.status == "queued"
    assert run.instructions == "Be short."
    ended = await desk.status(run, *ENDED)
    assert ended.status == "completed"
    assert ended.usage is not None
    assert ended.usage.completion_tokens == len(ANSWER.split())
    assert await desk.answer(run) == ANSWER
    steps = await desk.beta.runs.steps.list(run.id, thread_id=desk.thread_id)
    assert [checked(step, RunStep).status for step in steps.data] == ["completed"]
    assert [listed.id for listed in (await desk.beta.runs.list(desk.thread_id)).data] == [run.id]


async def test_the_official_client_polls_as_it_is_told(desk: Desk) -> None:
    run = await desk.beta.runs.create_and_poll(thread_id=desk.thread_id, assistant_id=desk.assistant_id)
    assert run.status == "completed"
    raw = await desk.beta.runs.with_raw_response.retrieve(run.id, thread_id=desk.thread_id)
    assert raw.headers["openai-poll-after-ms"] == "300"


async def test_a_thread_and_its_run_begin_together(desk: Desk) -> None:
    run = await desk.beta.create_and_run(assistant_id=desk.assistant_id, thread={"messages": [QUESTION]})
    assert run.thread_id != desk.thread_id


async def test_messages_are_listed_in_pages_both_ways(desk: Desk) -> None:
    for text in ("two", "three"):
        await desk.add(text)
    newest = await desk.beta.messages.list(desk.thread_id, limit=2)
    assert [text_of(message) for message in newest.data] == ["three", "two"]
    assert newest.has_more
    rest = await desk.beta.messages.list(desk.thread_id, after=newest.data[-1].id)
    assert [text_of(message) for message in rest.data] == ["What about opus?"]
    oldest = await desk.beta.messages.list(desk.thread_id, order="asc", before=newest.data[0].id)
    assert [text_of(message) for message in oldest.data] == ["What about opus?", "two"]
    one = await desk.beta.messages.retrieve(newest.data[0].id, thread_id=desk.thread_id)
    assert text_of(one) == "three"


@with_plan(stuck="in_progress")
async def test_while_a_run_is_active_its_thread_takes_nothing(planned: Desk) -> None:
    run = await planned.begin()
    with pytest.raises(openai.BadRequestError) as refusal:
        await planned.add("And cache?")
    assert f"Can't add messages to {planned.thread_id} while a run {run.id} is active." in refusal.value.message
    with pytest.raises(openai.BadRequestError) as refusal:
        await planned.begin()
    assert f"Thread {planned.thread_id} already has an active run {run.id}." in refusal.value.message


@with_plan(stuck="in_progress")
async def test_a_cancelled_run_ends_and_frees_its_thread(planned: Desk) -> None:
    run = await planned.status(await planned.begin(), "in_progress")
    assert (await planned.beta.runs.cancel(run.id, thread_id=planned.thread_id)).status == "cancelling"
    ended = await planned.status(run, *ENDED)
    assert (ended.status, ended.expires_at) == ("cancelled", None)
    with pytest.raises(openai.BadRequestError, match="Cannot cancel run with status 'cancelled'"):
        await planned.beta.runs.cancel(run.id, thread_id=planned.thread_id)
    await planned.add("And cache?")


@with_plan(stuck="queued", expire_after_s=0.2)
async def test_a_run_that_takes_too_long_expires(planned: Desk) -> None:
    assert (await planned.status(await planned.begin(), *ENDED)).status == "expired"


@with_plan(fail=RunFailure(code="rate_limit_exceeded", after_words=4))
async def test_a_run_that_fails_says_why_and_leaves_its_words(planned: Desk) -> None:
    run = await planned.status(await planned.begin(), *ENDED)
    assert run.status == "failed"
    assert run.last_error is not None
    assert run.last_error.code == "rate_limit_exceeded"
    message = (await planned.beta.messages.list(planned.thread_id)).data[0]
    assert message.status == "incomplete"
    assert message.incomplete_details is not None
    assert message.incomplete_details.reason == "run_failed"


async def test_a_run_at_its_limit_is_incomplete(desk: Desk) -> None:
    run = await desk.status(await desk.begin(max_completion_tokens=3), *ENDED)
    assert run.status == "incomplete"
    assert run.incomplete_details is not None
    assert run.incomplete_details.reason == "max_completion_tokens"
    assert await desk.answer(run) == " ".join(ANSWER.split()[:3])


@with_plan(requires_action=True)
async def test_a_run_may_want_a_function_called_first(planned: Desk) -> None:
    run = await planned.status(await planned.begin(), "requires_action")
    assert run.required_action is not None
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    with pytest.raises(openai.BadRequestError):
        await planned.add("And cache?")
    with pytest.raises(openai.BadRequestError, match=call.id):
        await planned.beta.runs.submit_tool_outputs(run.id, thread_id=planned.thread_id, tool_outputs=[])
    outputs: Any = [{"tool_call_id": call.id, "output": "42"}]
    await planned.beta.runs.submit_tool_outputs(run.id, thread_id=planned.thread_id, tool_outputs=outputs)
    assert (await planned.status(run, *ENDED)).status == "completed"
    with pytest.raises(openai.BadRequestError, match="do not accept tool outputs"):
        await planned.beta.runs.submit_tool_outputs(run.id, thread_id=planned.thread_id, tool_outputs=outputs)


@with_plan(requires_action=True)
async def test_a_run_that_wants_a_function_called_can_be_cancelled(planned: Desk) -> None:
    run = await planned.status(await planned.begin(), "requires_action")
    await planned.beta.runs.cancel(run.id, thread_id=planned.thread_id)
    assert (await planned.status(run, *ENDED)).status == "cancelled"


async def test_a_gullible_model_calls_the_functions_of_its_assistant() -> None:
    async with serving(ProviderOptions(), GullibleModel()) as started, desk_at(started) as desk:
        run = await desk.status(await desk.begin(tools=[TOOL]), "requires_action")
    assert run.required_action is not None
    assert run.required_action.submit_tool_outputs.tool_calls[0].function.name == "delete_all"


async def test_a_streamed_run_tells_its_steps_in_order(desk: Desk) -> None:
    stream = await desk.beta.runs.create(desk.thread_id, assistant_id=desk.assistant_id, stream=True)
    events = [checked(event, AssistantStreamEvent) async for event in stream]
    names = [event.event for event in events]
    assert [name for name in names if name != "thread.message.delta"] == [
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
        "thread.run.step.created",
        "thread.run.step.in_progress",
        "thread.message.created",
        "thread.message.in_progress",
        "thread.message.completed",
        "thread.run.step.completed",
        "thread.run.completed",
    ]
    deltas = [event.data.delta.content[0].text.value for event in events if event.event == "thread.message.delta"]
    assert "".join(deltas) == ANSWER


@with_plan(requires_action=True)
async def test_a_stream_pauses_where_a_function_is_wanted(planned: Desk) -> None:
    begun = await planned.beta.runs.create(planned.thread_id, assistant_id=planned.assistant_id, stream=True)
    events: list[Any] = [event async for event in begun]
    assert events[-1].event == "thread.run.requires_action"
    call = events[-1].data.required_action.submit_tool_outputs.tool_calls[0]
    resumed = await planned.beta.runs.submit_tool_outputs(
        events[-1].data.id,
        thread_id=planned.thread_id,
        tool_outputs=[{"tool_call_id": call.id, "output": "42"}],
        stream=True,
    )
    names = [event.event async for event in resumed]
    assert (names[0], names[-1]) == ("thread.run.queued", "thread.run.completed")


@with_plan(stuck="in_progress")
async def test_a_stream_ends_when_its_run_is_cancelled(planned: Desk) -> None:
    stream = await planned.beta.runs.create(planned.thread_id, assistant_id=planned.assistant_id, stream=True)
    names = []
    async for event in stream:
        names.append(event.event)
        if event.event == "thread.run.in_progress":
            await planned.beta.runs.cancel(event.data.id, thread_id=planned.thread_id)
    assert names[-2:] == ["thread.run.cancelling", "thread.run.cancelled"]


async def test_a_deleted_thread_ends_its_run(desk: Desk) -> None:
    await desk.begin()
    assert (await desk.client.beta.threads.delete(desk.thread_id)).deleted
    with pytest.raises(openai.NotFoundError):
        await desk.client.beta.threads.retrieve(desk.thread_id)


async def test_an_assistant_is_listed_until_it_is_deleted(desk: Desk) -> None:
    assert [listed.id for listed in (await desk.client.beta.assistants.list()).data] == [desk.assistant_id]
    assert (await desk.client.beta.assistants.retrieve(desk.assistant_id)).model == MODEL
    assert (await desk.client.beta.assistants.delete(desk.assistant_id)).deleted
    with pytest.raises(openai.NotFoundError):
        await desk.begin()


async def test_without_the_beta_header_nothing_is_answered(started: ProviderStarted) -> None:
    status, body = await post_json(started, "threads", {})
    assert status == 400
    assert body["error"]["code"] == "invalid_beta"


async def test_a_server_without_assistants_does_not_know_the_path() -> None:
    async with serving(ProviderOptions(plan=Plan(without=["assistants"]))) as started:
        with pytest.raises(openai.NotFoundError):
            await desk_at(started).__aenter__()
