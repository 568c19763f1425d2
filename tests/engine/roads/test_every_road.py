"""The contract of every road: the same recorded conversation, the same words, the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AnswerStatus, AppState, Lane
from sentra_tui.provider.demo import words
from sentra_tui.provider.faults import Plan
from tests.coturn import RELAY_PORTS, Coturn, running_coturn
from tests.engine.roads.conversation import ASKED, SAID, providing, write_recordings
from tests.netns import network_namespace
from tests.provider.client import words_right
from tests.services.audio.live.room import given_three_chances

HOST = "10.78.0.1"


@dataclass(frozen=True)
class Case:
    """One road in one dialect."""

    road: str
    profile: str = ""
    plan: dict[str, Any] = field(default_factory=dict)
    relay: str = ""
    """How the TURN server is reached; empty does without."""
    choice: str = ""
    """The `transport` that the profile asks for, where that is not the road."""


BETA = {"dialects": ["beta"]}
CASES = {
    "webrtc": Case("webrtc", choice="auto"),
    "webrtc-beta": Case(
        "webrtc",
        'dialect = "beta"\noffer = "beta_query"\nwrapped_messages = true',
        {**BETA, "wrapped_messages": True},
    ),
    "turn": Case("turn", relay="udp", choice="webrtc"),
    "websocket": Case("websocket"),
    "websocket-beta": Case("websocket", 'dialect = "beta"', BETA),
    "websocket-16k": Case("websocket", "pcm_rate_hz = 16000"),
    "http": Case("http"),
}
PROMPT = "[main]\ndebounce_s = 0.2\npatience_s = 2.0"
ANSWERED_S = 75.0
"""On a busy machine the recogniser falls behind; an answer that waits longer for it is given up (60 s)."""


@pytest.fixture
def relay(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Coturn | None]:
    """Be in a network whose UDP goes through a TURN server alone, where the case wants one."""
    way = request.getfixturevalue("case").relay
    with ExitStack() as stack:
        if not way:
            yield None
            return
        network = stack.enter_context(network_namespace())
        network.add_address(HOST)
        coturn = stack.enter_context(running_coturn(tmp_path, network, HOST))
        stack.enter_context(network.entered())
        network.block_udp(*(coturn.udp_ports if way == "udp" else [f"{RELAY_PORTS[0]}-{RELAY_PORTS[1]}"]))
        yield coturn


def drafts(state: AppState) -> dict[str, str]:
    """Return the first quick answer to each side."""
    quick = [each for each in state.lane(Lane.AUX) if each.status is AnswerStatus.COMPLETED]
    return {each.question_id.partition(".")[0]: each.text for each in reversed(quick)}


def answered(state: AppState) -> bool:
    """Return whether both lanes have answered, the quick one to both sides."""
    main = [each for each in state.lane(Lane.MAIN) if each.status is AnswerStatus.COMPLETED]
    return set(drafts(state)) == {"mic", "speaker"} and bool(main)


@pytest.mark.timeout(270)
@given_three_chances
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_every_road_gives_the_same_words_and_answers(case: Case, relay: Coturn | None, tmp_path: Path) -> None:
    profile, env = f'transport = "{case.choice or case.road}"\n{case.profile}\n', {}
    if relay is not None:
        env = {"TURN_PASSWORD": relay.password}
        profile += (
            f'ca_file = "{relay.ca_file}"\n'
            f'[[providers.remote.ice_servers]]\nurls = ["{getattr(relay, case.relay)}"]\n'
            f'username = "{relay.username}"\ncredential_env = "TURN_PASSWORD"\n'
        )
    async with providing(tmp_path, Plan(**case.plan)) as provider:
        engine = await provider.engine(*write_recordings(tmp_path), profile=profile, config=PROMPT, env=env)
        try:
            state = await engine.until_live("mic", "speaker")
            taken = {(stream.transport, stream.detour) for stream in state.streams}
            if {road for road, _ in taken} != {case.road}:
                pytest.fail(f"calls go by {taken}")  # no second chance for that, however busy the machine
            state = await engine.until(
                lambda state: (
                    all(any(line.final for line in stream.transcript) for stream in state.streams) and answered(state)
                ),
                ANSWERED_S,
            )
        finally:
            assert await engine.stop() == 0
    assert {change.transport for change in engine.told(c.StreamConnected)} == {case.road}
    heard = {stream.name: [line.text for line in stream.transcript if line.text] for stream in state.streams}
    assert {name: len(lines) for name, lines in heard.items()} == {"mic": 1, "speaker": 1}, heard
    # The recogniser may take one word for another where a road begins a fraction of a sample later.
    assert words_right(" ".join(words(SAID)), heard["mic"][0]) >= 0.85, heard
    assert words_right(" ".join(words(ASKED)), heard["speaker"][0]) >= 0.85, heard
    quick = drafts(state)
    assert quick["speaker"].startswith("A cache answers repeated reads from memory")
    assert quick["mic"].startswith("Stale entries need a short expiry")
    assert not [line for line in engine.log.read_text().splitlines() if "Traceback" in line]
