"""A run that never ends is looked at for ten minutes, ever less often. The minutes are virtual."""

import asyncio
import json
from collections.abc import Callable, Iterable
from random import Random

import pytest

from sentra_tui.domain.main_run import RunStatus
from sentra_tui.domain.ports import MainAssistant
from sentra_tui.domain.secret import Secret
from sentra_tui.services.openai.main.assistants import AssistantsPoller
from sentra_tui.services.openai.main.main_settings import MainSettings
from sentra_tui.services.openai.main.responses_background import ResponsesBackground
from sentra_tui.services.openai.main.retry import Timing
from tests.services.openai.peer import Peer
from tests.services.openai.responses_peer import ended, refusal, response, run

QUEUED_RUN = json.dumps({"id": "run_1", "object": "thread.run", "status": "queued", "thread_id": "thread_1"})
LOOKS_MAX = 150
LONGEST_S = 5.0 * 1.2


class Minutes:
    """A clock that only sleeping moves."""

    def __init__(self, seed: int) -> None:
        self.waits: list[float] = []
        self.timing = Timing(sleep=self._sleep, random=Random(seed).random, monotonic=lambda: sum(self.waits))

    async def _sleep(self, wait_s: float) -> None:
        self.waits.append(wait_s)
        await asyncio.sleep(0)


def background(peer: Peer, timing: Timing) -> MainAssistant:
    peer.answer("/conversations", 200, '{"id": "conv_1"}')
    peer.answer("/responses", 400, refusal("unsupported_parameter", "stream"))
    peer.then("/responses", 200, json.dumps(response("queued")))
    look(peer, "/responses/resp_1", json.dumps(response("queued")))
    return ResponsesBackground(peer.client, lambda: Secret("sk-1"), MainSettings(), timing)


def assistants(peer: Peer, timing: Timing) -> MainAssistant:
    for path, name in (("/assistants", "asst_1"), ("/threads", "thread_1"), ("/threads/thread_1/messages", "msg_1")):
        peer.answer(path, 200, json.dumps({"id": name}))
    peer.answer("/threads/thread_1/runs", 200, QUEUED_RUN)
    look(peer, "/threads/thread_1/runs/run_1", QUEUED_RUN)
    return AssistantsPoller(peer.client, lambda: Secret("sk-1"), MainSettings(), timing)


def look(peer: Peer, path: str, queued: str) -> None:
    """Answer looks at a run: a few fail on the way."""
    answers: Iterable[tuple[int, str]] = [(200, queued)] * 20 + [(500, "")] * 3 + [(200, "<html>")] + [(200, queued)]
    for status, body in answers:
        peer.then(path, status, body)


@pytest.mark.row(27)
@pytest.mark.parametrize("make", [background, assistants])
async def test_a_run_that_never_ends_is_given_up_after_ten_minutes_and_at_most_150_looks(
    make: Callable[[Peer, Timing], MainAssistant], peer: Peer
) -> None:
    minutes = Minutes(seed=1)
    end = ended(await run(make(peer, minutes.timing)))
    assert end.status is RunStatus.INCOMPLETE
    assert "10 minutes" in end.cause
    looks = [asked for asked in peer.asked if asked.method == "GET"]
    assert len(looks) <= LOOKS_MAX
    assert minutes.waits[0] <= 1.0
    assert max(minutes.waits) <= LONGEST_S
    assert sum(minutes.waits) <= 600.0 + LONGEST_S
    assert peer.asked[-1].path.endswith("/cancel")
