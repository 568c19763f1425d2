from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.protocol.liveness import Liveness, Pulse, Verdict

STEP_MS = 250
POLICY = ReconnectConfig(suspect_s=2.0, dead_s=6.0)


class Watched:
    """A call whose signs of life the test gives, asked about each quarter of a second."""

    def __init__(self, policy: ReconnectConfig = POLICY, *, answers: bool = True) -> None:
        self.liveness = Liveness(policy)
        self.now_ms = 10_000
        self.heard_ms = self.answered_ms = self.now_ms
        self.answers = answers
        self.liveness.began(self.now_ms)

    def sign(self) -> None:
        self.heard_ms = self.answered_ms = self.now_ms

    def look(self) -> Verdict:
        answer_age_s = (self.now_ms - self.answered_ms) / 1000 if self.answers else None
        return self.liveness.observe(self.now_ms, (self.now_ms - self.heard_ms) / 1000, answer_age_s)

    def run(self, for_ms: int, *, heard: bool = False, answered: bool = False) -> list[tuple[int, Verdict]]:
        """Go on for so long, with these signs or without; return what was thought, each with when."""
        told = []
        for _ in range(for_ms // STEP_MS):
            self.now_ms += STEP_MS
            self.heard_ms = self.now_ms if heard else self.heard_ms
            self.answered_ms = self.now_ms if answered else self.answered_ms
            told.append((self.now_ms, self.look()))
        return told


def first(told: list[tuple[int, Verdict]], pulse: Pulse) -> int | None:
    return next((at_ms for at_ms, verdict in told if verdict.pulse is pulse), None)


def pulses(told: list[tuple[int, Verdict]]) -> set[Pulse]:
    return {verdict.pulse for _, verdict in told}


@pytest.mark.parametrize(
    ("heard_age_s", "answer_age_s", "verdict"),
    [
        (0.0, None, Verdict(Pulse.ALIVE)),
        (1.99, 2.49, Verdict(Pulse.ALIVE, silent_ms=1_990)),
        (2.1, 2.1, Verdict(Pulse.SUSPECT, "Nothing came from the provider for 2.1 s.", 2_100)),
        (2.0, None, Verdict(Pulse.SUSPECT, "Nothing came from the provider for 2.0 s.", 2_000)),
        (0.0, 2.5, Verdict(Pulse.SUSPECT, "What we send does not arrive: no answer for 2.5 s.", 2_500)),
        (0.0, None, Verdict(Pulse.ALIVE)),
        (6.0, None, Verdict(Pulse.DEAD, "Nothing came from the provider for 6.0 s.", 6_000)),
        (0.1, 6.2, Verdict(Pulse.DEAD, "What we send does not arrive: no answer for 6.2 s.", 6_200)),
        (3.0, 6.2, Verdict(Pulse.DEAD, "Nothing came from the provider for 3.0 s.", 3_000)),
    ],
)
def test_what_is_thought_of_ages(heard_age_s: float, answer_age_s: float | None, verdict: Verdict) -> None:
    liveness = Liveness(POLICY)
    liveness.began(0)
    for now_ms in range(STEP_MS, 10_000, STEP_MS):
        liveness.observe(now_ms, 0.0, 0.0)
    assert liveness.observe(10_000, heard_age_s, answer_age_s) == verdict


def test_a_silent_call_is_suspected_then_given_up() -> None:
    call = Watched()
    told = call.run(8_000)
    assert first(told, Pulse.SUSPECT) == 12_000
    assert first(told, Pulse.DEAD) == 16_000


def test_a_call_that_is_heard_again_lives_again_even_a_dead_one() -> None:
    call = Watched()
    call.run(8_000)
    call.sign()
    assert call.look() == Verdict(Pulse.ALIVE)


def test_a_call_that_hears_us_no_more_is_suspected_though_it_is_heard() -> None:
    told = Watched().run(8_000, heard=True)
    assert first(told, Pulse.SUSPECT) == 12_500
    assert first(told, Pulse.DEAD) == 16_000


def test_where_nothing_tells_of_answers_hearing_is_enough() -> None:
    assert pulses(Watched(answers=False).run(20_000, heard=True)) == {Pulse.ALIVE}


def test_silence_from_before_the_call_does_not_count() -> None:
    call = Watched()
    call.heard_ms = call.answered_ms = 0
    assert pulses(call.run(1_750)) == {Pulse.ALIVE}


def test_what_is_asked_before_a_call_began_begins_it() -> None:
    assert Liveness(POLICY).observe(5_000, 100.0, 100.0) == Verdict(Pulse.ALIVE)


def test_another_call_begins_with_nothing_against_it() -> None:
    call = Watched()
    call.run(7_000)
    call.liveness.shaken(call.now_ms, "The address changed.")
    call.liveness.began(call.now_ms)
    assert pulses(call.run(1_750)) == {Pulse.ALIVE}


def test_a_policy_whose_end_comes_before_its_suspicion_ends_there() -> None:
    told = Watched(ReconnectConfig(suspect_s=10, dead_s=3)).run(4_000)
    assert first(told, Pulse.DEAD) == 13_000
    assert Pulse.SUSPECT not in pulses(told)


class TestShaken:
    def test_a_call_that_does_not_prove_itself_within_a_second_is_suspected(self) -> None:
        call = Watched()
        call.run(1_000, heard=True, answered=True)
        call.liveness.shaken(call.now_ms, "The address changed.")
        told = call.run(1_500)
        assert first(told, Pulse.SUSPECT) == 12_000
        assert told[-1][1].cause == "The address changed: no sign of life since."

    def test_a_sign_of_life_proves_it(self) -> None:
        call = Watched()
        call.liveness.shaken(call.now_ms, "The address changed.")
        assert pulses(call.run(250, heard=True, answered=True) + call.run(1_500)) == {Pulse.ALIVE}

    def test_only_an_answer_proves_it_where_answers_are_known(self) -> None:
        call = Watched()
        call.liveness.shaken(call.now_ms, "")
        told = call.run(2_000, heard=True)
        assert first(told, Pulse.SUSPECT) == 11_000
        assert told[-1][1].cause == "The network changed: no sign of life since."
        assert pulses(Watched(answers=False).run(2_000, heard=True)) == {Pulse.ALIVE}

    def test_a_late_proof_is_one_all_the_same(self) -> None:
        call = Watched()
        call.liveness.shaken(call.now_ms, "The address changed.")
        call.run(1_500)
        assert pulses(call.run(1_000, heard=True, answered=True)) == {Pulse.ALIVE}

    def test_shaking_again_and_again_postpones_nothing(self) -> None:
        call = Watched()
        told = []
        for _ in range(8):
            call.liveness.shaken(call.now_ms, "The address changed.")
            told += call.run(250)
        assert first(told, Pulse.SUSPECT) == 11_000


class TestStandingStill:
    @pytest.mark.parametrize("stalled_ms", [1_250, 3_000, 60_000, 3_600_000])
    def test_ages_are_no_evidence_right_after_it(self, stalled_ms: int) -> None:
        call = Watched()
        call.now_ms += stalled_ms
        assert call.look().pulse is Pulse.ALIVE
        assert pulses(call.run(750)) == {Pulse.ALIVE}
        assert pulses(call.run(10_000, heard=True, answered=True)) == {Pulse.ALIVE}

    def test_a_peer_that_is_not_heard_within_the_grace_is_suspected_and_given_up_in_time(self) -> None:
        call = Watched()
        call.now_ms += 60_000
        call.look()
        resumed_ms = call.now_ms
        told = call.run(8_000)
        suspected_ms, dead_ms = first(told, Pulse.SUSPECT), first(told, Pulse.DEAD)
        assert suspected_ms == resumed_ms + 1_000
        assert dead_ms is not None
        assert 4_000 <= dead_ms - resumed_ms <= 6_000

    def test_a_call_that_was_suspected_stays_so_and_is_not_given_up_at_once(self) -> None:
        call = Watched()
        call.run(3_000)
        call.now_ms += 60_000
        assert call.look().pulse is Pulse.SUSPECT
        assert pulses(call.run(750)) == {Pulse.SUSPECT}
        assert first(call.run(4_000), Pulse.DEAD) is not None

    def test_a_call_that_has_to_prove_itself_gets_the_grace_too(self) -> None:
        call = Watched()
        call.liveness.shaken(call.now_ms, "The address changed.")
        call.now_ms += 5_000
        assert call.look().pulse is Pulse.ALIVE
        assert pulses(call.run(750)) == {Pulse.ALIVE}
        assert call.run(250)[0][1].cause == "The address changed: no sign of life since."


gaps_ms = st.lists(st.integers(1, 4_000), min_size=1, max_size=60)


@given(gaps_ms=gaps_ms, signs=st.lists(st.sampled_from(["none", "heard", "both"]), min_size=60, max_size=60))
def test_nothing_is_held_against_a_call_that_was_heard_within_the_limits(gaps_ms: list[int], signs: list[str]) -> None:
    call = Watched()
    for gap_ms, sign in zip(gaps_ms, signs, strict=False):
        call.now_ms += gap_ms
        if sign != "none":
            call.heard_ms = call.now_ms
        if sign == "both":
            call.answered_ms = call.now_ms
        verdict = call.look()
        heard_ms, answer_ms = call.now_ms - call.heard_ms, call.now_ms - call.answered_ms
        assert (verdict.pulse is Pulse.ALIVE) == (verdict.cause == "")
        assert verdict.silent_ms <= max(heard_ms, answer_ms)
        if heard_ms < 2_000 and answer_ms < 2_500:
            assert verdict.pulse is Pulse.ALIVE
        if max(heard_ms, answer_ms) < 6_000:
            assert verdict.pulse is not Pulse.DEAD


@given(gaps_ms=gaps_ms)
def test_a_call_that_stays_silent_is_found_dead_however_we_stumble_before(gaps_ms: list[int]) -> None:
    call = Watched()
    for gap_ms in gaps_ms:
        call.now_ms += gap_ms
        call.look()
    told = call.run(6_000)
    assert told[-1][1].pulse is Pulse.DEAD
    seen = [verdict.pulse for _, verdict in told]
    assert seen == sorted(seen, key=list(Pulse).index)


@given(gaps_ms=st.lists(st.integers(1, 20_000), min_size=1, max_size=40))
def test_whatever_was_a_call_that_answers_lives(gaps_ms: list[int]) -> None:
    call = Watched()
    for gap_ms in gaps_ms:
        call.now_ms += gap_ms
        call.look()
    call.sign()
    assert call.look() == Verdict(Pulse.ALIVE)
