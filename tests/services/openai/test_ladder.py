from __future__ import annotations

import json

import pytest

from sentra_tui.domain.errors import NotSupported, OutcomeUnknown
from sentra_tui.domain.main_run import RunRef, RunStatus
from sentra_tui.services.openai.main.main_assistant import WAYS, ways_of
from tests.services.openai.main_peers import main_peer, read_rest


def without(*parts: str) -> str:
    return json.dumps({"without": parts})


@pytest.mark.parametrize(
    ("lacks", "taken"),
    [
        ([], "responses_background"),
        (["background"], "responses"),
        (["conversations"], "responses"),
        (["responses"], "assistants"),
        (["responses", "conversations", "assistants"], "chat"),
    ],
)
async def test_the_first_way_that_the_server_has_is_taken_and_told(lacks: list[str], taken: str) -> None:
    async with main_peer("auto", without(*lacks)) as peer:
        assert peer.assistant.name == "auto"
        ran = await peer.ask("one")
        assert ran.end.status is RunStatus.COMPLETED
        assert (peer.assistant.name, ran.named.ref.implementation) == (taken, taken)
        assert len(peer.log) == 1
        assert peer.log[0].startswith(f"Main assistant: asked by {taken}.")
        assert all(f"Not {way}:" in peer.log[0] for way in WAYS[: WAYS.index(ran.named.ref.implementation)])


async def test_the_way_that_works_is_kept() -> None:
    async with main_peer("auto", without("responses", "conversations", "assistants")) as peer:
        await peer.ask("one")
        before = len(peer.recorder.asked)
        ran = await peer.ask("two")
        assert len(peer.recorder.asked) == before + 1
        assert "full: one" in ran.end.text
        assert len(peer.log) == 1


async def test_a_server_with_none_of_them_is_refused_and_asked_anew_later() -> None:
    async with main_peer("auto", without("responses", "conversations", "assistants", "chat")) as peer:
        for _ in range(2):
            with pytest.raises(NotSupported, match="no way"):
                await peer.ask("one")
        assert peer.assistant.name == "auto"


async def test_a_way_that_was_named_is_the_only_one() -> None:
    async with main_peer("chat", without("chat")) as peer:
        with pytest.raises(NotSupported):
            await peer.ask("one")
        assert {asked.path for asked in peer.recorder.asked} == {"/v1/chat/completions"}


async def test_a_run_is_resumed_and_cancelled_in_the_way_in_which_it_was_begun() -> None:
    async with main_peer("auto") as peer:
        ran = await peer.ask("one")
        again = await read_rest(peer.assistant.resume(ran.named.ref))
        assert again.end.text == ran.end.text
        await peer.assistant.cancel(ran.named.ref)
        await peer.assistant.cancel(RunRef("telepathy", "x"))


async def test_a_run_of_a_way_that_is_not_tried_cannot_be_resumed() -> None:
    async with main_peer("auto") as peer:
        with pytest.raises(OutcomeUnknown):
            await read_rest(peer.assistant.resume(RunRef("telepathy", "x")))


async def test_a_conversation_goes_on_in_the_way_in_which_it_was_begun() -> None:
    async with main_peer("assistants") as peer:
        ran = await peer.ask("one")
        peer.assistant.adopt(ran.named.ref)
    async with main_peer("auto") as peer:
        peer.assistant.adopt(ran.named.ref)
        assert peer.assistant.name == "assistants"
        assert (await peer.ask("two")).end.status is RunStatus.COMPLETED, "its thread is gone, and another begun"


def test_openai_itself_is_not_asked_for_what_it_removed() -> None:
    assert ways_of("auto", "api.openai.com") == ("responses_background", "responses", "chat")
    assert ways_of("auto", "localhost") == WAYS
    assert ways_of("assistants", "api.openai.com") == ("assistants",)
