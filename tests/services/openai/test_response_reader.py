import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.main_run import RunEnded, RunEvent, RunExtended, RunProgressed, RunStatus
from sentra_tui.domain.usage import Usage
from sentra_tui.services.openai.main.response_reader import ResponseReader
from sentra_tui.services.openai.sse import ServerSentEvent


def event(kind: str, **fields: Any) -> ServerSentEvent:
    return ServerSentEvent(json.dumps({"type": kind, **fields}), kind)


def message(*texts: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text} for text in texts], **more}


def told(*events: ServerSentEvent, name: str = "resp_1") -> list[RunEvent]:
    reader = ResponseReader(name)
    return [each for raw in events for each in reader.event(raw)]


def ended(kind: str = "completed", **response: Any) -> RunEnded:
    last = told(event(f"response.{kind}", response={"id": "resp_1", "status": kind, **response}))[-1]
    assert isinstance(last, RunEnded)
    return last


CREATED = event("response.created", response={"id": "resp_1", "status": "queued"})
HELLO = event("response.output_text.delta", delta="Hello", output_index=0, content_index=0)


def test_a_response_tells_its_stages_its_words_and_its_end() -> None:
    usage = {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 3}
    done = {"id": "resp_1", "status": "completed", "model": "gpt-x", "output": [message("Hello.")], "usage": usage}
    assert told(
        CREATED,
        event("response.in_progress", response={"id": "resp_1", "status": "in_progress"}),
        HELLO,
        event("response.completed", response=done),
        HELLO,
        name="",
    ) == [
        RunProgressed("queued"),
        RunProgressed("in_progress"),
        RunExtended("Hello"),
        RunEnded(RunStatus.COMPLETED, "Hello.", Usage(text_in=9, cached_text_in=4, text_out=3), "gpt-x"),
    ]


def test_words_before_the_name_are_kept_for_the_end() -> None:
    events = told(HELLO, event("response.completed", response={"id": "resp_1"}), name="")
    assert events == [RunEnded(RunStatus.COMPLETED, "Hello")]


def test_words_come_from_every_text_and_from_nothing_else() -> None:
    call = {"type": "function_call", "name": "rm", "arguments": "{}"}
    reasoning = {"type": "reasoning", "content": [{"type": "output_text", "text": "hm"}]}
    remark = message("Let me see.", phase="commentary")
    output = [call, reasoning, remark, message("CONFIRMED\n", "Yes"), message(".", phase="final_answer")]
    assert ended(output=output).text == "CONFIRMED\nYes."


def test_a_remark_on_the_way_is_not_told() -> None:
    added = event("response.output_item.added", output_index=0, item=message(phase="commentary"))
    assert told(added, HELLO) == []


def test_a_refusal_is_the_cause() -> None:
    output = [{"type": "message", "content": [{"type": "refusal", "refusal": "I cannot\nhelp."}]}]
    assert ended(output=output) == RunEnded(RunStatus.INCOMPLETE, "", cause="I cannot help.")


def test_an_answer_without_a_word_is_incomplete() -> None:
    assert ended(output=[{"type": "function_call"}]).cause == "no words came"


@pytest.mark.parametrize(
    ("details", "cause"),
    [
        ({"reason": "max_output_tokens"}, "cut at the length limit"),
        ({"reason": "content_filter"}, "held back by the provider's content filter"),
        ({"reason": "moon\nphase"}, "moon phase"),
        (None, "the provider gave no reason"),
    ],
)
def test_why_an_answer_is_incomplete_is_said_in_plain_words(details: object, cause: str) -> None:
    end = ended("incomplete", incomplete_details=details, output=[message("Half")])
    assert (end.status, end.text, end.cause) == (RunStatus.INCOMPLETE, "Half", cause)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ({"code": "server_error", "message": "It\x1b[31m broke with sk-proj-1234567"}, "It␛[31m broke with …"),
        ({"code": "server_error"}, "server_error"),
        ("out of memory", "out of memory"),
        (None, "the provider gave no reason"),
    ],
)
def test_why_an_answer_failed_is_said(error: object, cause: str) -> None:
    end = ended("failed", error=error)
    assert (end.status, end.cause) == (RunStatus.FAILED, cause)


@pytest.mark.parametrize("usage", [None, {}, [], {"input_tokens": "many"}, {"input_tokens": None}])
def test_usage_that_is_not_counted_is_none(usage: object) -> None:
    assert ended(output=[message("x")], usage=usage).usage is None


def test_a_compatible_server_may_leave_out_almost_everything() -> None:
    bare = [
        ServerSentEvent('{"response": {"id": "resp_1"}}', "response.created"),
        ServerSentEvent('{"delta": "Hi", "item_id": null}', "response.output_text.delta"),
        ServerSentEvent('{"response": {"id": "resp_1", "status": "in_progress", "usage": null}}', "response.completed"),
        ServerSentEvent("[DONE]"),
    ]
    assert told(*bare, name="") == [RunProgressed("created"), RunExtended("Hi"), RunEnded(RunStatus.COMPLETED, "Hi")]


def test_a_text_that_came_at_once_is_told_once() -> None:
    done = event("response.output_text.done", text="Hello", output_index=0, content_index=0)
    assert told(done) == [RunExtended("Hello")]
    assert told(HELLO, done) == [RunExtended("Hello")]


def test_a_stream_that_begins_again_is_told_from_where_it_broke() -> None:
    reader = ResponseReader("resp_1")
    words = [event("response.output_text.delta", delta=word, sequence_number=index) for index, word in enumerate("abc")]
    assert [reader.event(word) for word in words[:2]] == [[RunExtended("a")], [RunExtended("b")]]
    reader.resumed()
    assert [reader.event(word) for word in words] == [[], [], [RunExtended("c")]]
    assert reader.text == "abc"


@pytest.mark.parametrize(
    "error",
    [
        event("error", message="Overloaded", code="server_error"),
        event("error", error={"message": "Overloaded"}),
        ServerSentEvent('{"error": {"message": "Overloaded"}}'),
    ],
)
def test_an_error_event_is_trouble(error: ServerSentEvent) -> None:
    reader = ResponseReader()
    assert reader.event(error) == []
    assert reader.trouble == "Overloaded"


@given(st.lists(st.text(max_size=6), max_size=8))
def test_what_is_told_is_clean_and_the_text_is_all_of_it(words: list[str]) -> None:
    reader = ResponseReader("resp_1")
    for word in words:
        for each in reader.event(event("response.output_text.delta", delta=word)):
            assert isinstance(each, RunExtended)
            assert not any(code < " " and code != "\n" for code in each.delta)
    end = reader.cut_off(RunStatus.INCOMPLETE, "gone")
    assert not any(code < " " and code != "\n" for code in end.text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "status", "output", "content", "text", "usage", "input_tokens", "error", "message",
                 "response", "delta", "item", "sequence_number", "incomplete_details", "reason", "refusal", "phase"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)  # fmt: skip
KINDS = st.sampled_from(
    ["response.created", "response.completed", "response.failed", "response.output_text.delta", "response.new", "error",
     "response.output_text.done", "response.output_item.added", ""]
)  # fmt: skip


@given(st.lists(st.tuples(KINDS, json_values), max_size=5))
def test_no_event_is_too_odd(events: list[tuple[str, object]]) -> None:
    reader = ResponseReader()
    for kind, value in events:
        for data in (json.dumps(value), json.dumps({"type": kind, "response": value, "delta": value, "item": value})):
            reader.event(ServerSentEvent(data, kind))
