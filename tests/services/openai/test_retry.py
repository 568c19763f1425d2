import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.services.openai.main.retry import Retry, Timing, poll_after_s, worth_asking_again
from sentra_tui.services.openai.reply import Reply

NOON = 1_800_000_000.0


class Hours:
    """A clock that only sleeping moves."""

    def __init__(self, random: float = 1.0) -> None:
        self.slept: list[float] = []
        self.timing = Timing(
            sleep=self._sleep, random=lambda: random, monotonic=lambda: sum(self.slept), wall_clock=lambda: NOON
        )

    async def _sleep(self, wait_s: float) -> None:
        self.slept.append(wait_s)


class Server:
    """Gives these replies, the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = replies
        self.asked = 0

    async def __call__(self) -> Reply:
        self.asked += 1
        return self.replies[min(self.asked, len(self.replies)) - 1]


def reply(status: int, code: str = "", **headers: str) -> Reply:
    body = json.dumps({"error": {"code": code, "message": "no"}}).encode() if code else b""
    return Reply(status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), body)


OK = reply(200)


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (reply(200), False), (reply(429), True), (reply(408), True), (reply(409), True), (reply(425), True),
        (reply(500), True), (reply(502), True), (reply(503), True), (reply(529), True), (reply(501), False),
        (reply(400), False), (reply(401), False), (reply(403), False), (reply(404), False), (reply(307), False),
        (reply(400, "conversation_locked"), True), (reply(429, "insufficient_quota"), False),
        (reply(429, "billing_hard_limit_reached"), False), (reply(400, "billing_not_active"), False),
        (reply(429, "rate_limit_exceeded"), True),
    ],
)  # fmt: skip
def test_only_what_may_pass_is_asked_again(answer: Reply, again: bool) -> None:
    assert worth_asking_again(answer) is again


async def test_the_waits_double_up_to_the_longest() -> None:
    hours, server = Hours(), Server(reply(503))
    assert (await Retry(hours.timing).reply(server)).status == 503
    assert hours.slept == [0.5, 1.0, 2.0, 4.0]
    assert server.asked == 5


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_jitter_is_full_and_bounded(attempt: int, random: float) -> None:
    timing = Timing(random=lambda: random)
    assert timing.backoff_s(attempt) == min(8.0, 0.5 * 2.0 ** min(attempt, 20)) * random
    assert 1.6 <= timing.jitter(2.0) < 2.4 + 1e-9


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": "0"}, 0.0),
    ],
)
async def test_the_wait_that_the_server_asks_for_is_kept(headers: dict[str, str], wait_s: float) -> None:
    hours, server = Hours(), Server(reply(429, **headers), OK)
    assert (await Retry(hours.timing).reply(server)).status == 200
    assert hours.slept == [wait_s]


async def test_a_locked_conversation_is_waited_for_in_seconds() -> None:
    hours, server = Hours(0.5), Server(*[reply(400, "conversation_locked")] * 3, OK)
    assert (await Retry(hours.timing).reply(server)).status == 200
    assert hours.slept == [2.0, 4.0, 8.0]


async def test_a_wait_beyond_a_minute_is_not_begun() -> None:
    hours, server = Hours(), Server(reply(429, retry_after="25"))
    assert (await Retry(hours.timing).reply(server)).status == 429
    assert hours.slept == [25.0, 25.0]
    assert server.asked == 3


async def test_what_raises_is_not_asked_again() -> None:
    hours = Hours()

    async def broken() -> Reply:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await Retry(hours.timing).reply(broken)
    assert hours.slept == []


@pytest.mark.parametrize(
    ("value", "wait_s"), [("500", 0.5), ("0", 0.05), ("1e9", 60.0), ("soon", None), ("nan", None), (None, None)]
)
def test_when_to_poll_again_is_read_and_bounded(value: str | None, wait_s: float | None) -> None:
    assert poll_after_s({} if value is None else {"openai-poll-after-ms": value}) == wait_s
