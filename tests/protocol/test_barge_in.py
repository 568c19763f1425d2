from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol.barge_in import (
    CONFIRM_STEPS,
    ECHO_STEPS,
    FADE_DB,
    PAUSE_STEPS,
    STOPPED_STEPS,
    BargeIn,
    BargeInEffect,
    Duck,
    StopAnswer,
    Unduck,
)

QUIET = (False, -80.0)
LOUD = (False, -25.0)
SPEECH = (True, -15.0)
Step = tuple[bool, float]


def play(machine: BargeIn, steps: list[Step]) -> list[BargeInEffect]:
    effects = (machine.hear(speech, peak_dbfs) for speech, peak_dbfs in steps)
    return [effect for effect in effects if effect is not None]


def test_speech_ducks_the_answer_at_once_and_stops_it_a_little_later() -> None:
    machine = BargeIn()
    assert play(machine, [QUIET] * 50 + [SPEECH] * 10) == [Duck()]
    assert play(machine, [SPEECH] * 20) == [StopAnswer(170)]


def test_speech_with_short_gaps_adds_up() -> None:
    assert play(BargeIn(), ([SPEECH] * 6 + [QUIET] * 4) * 4)[-1] == StopAnswer(220)


def test_a_click_does_nothing() -> None:
    assert play(BargeIn(), [QUIET] * 20 + [LOUD] + [QUIET] * 20) == []


def test_a_cough_ducks_the_answer_and_lets_it_go_on() -> None:
    machine = BargeIn()
    assert play(machine, [LOUD] * 4 + [SPEECH] * 6) == [Duck()]
    assert play(machine, [QUIET] * PAUSE_STEPS) == [Unduck(100 + PAUSE_STEPS * 10)]


def test_an_echo_gets_quieter_by_ducking_and_stops_nothing() -> None:
    machine = BargeIn()
    assert play(machine, [(True, -20.0)] * (ECHO_STEPS + 2) + [(True, -20.0 - FADE_DB)] * 20) == [Duck()]
    assert [type(effect) for effect in play(machine, [QUIET] * PAUSE_STEPS)] == [Unduck]


def test_what_raised_a_false_alarm_raises_no_other_at_once_and_a_louder_voice_does() -> None:
    machine = BargeIn()
    echo = [(True, -30.0)] * 6 + [QUIET] * PAUSE_STEPS
    assert [type(effect) for effect in play(machine, echo * 2)] == [Duck, Unduck]
    assert play(machine, [SPEECH] * 3) == [Duck()]


def test_a_false_alarm_is_forgotten() -> None:
    echo = [(True, -30.0)] * 6 + [QUIET] * 200
    assert [type(effect) for effect in play(BargeIn(), echo * 2)] == [Duck, Unduck] * 2


def test_coughs_far_apart_do_not_add_up() -> None:
    effects = play(BargeIn(), ([SPEECH] * 8 + [QUIET] * 50) * 5)
    assert [type(effect) for effect in effects] == [Duck, Unduck] * 5


def test_a_noise_that_stays_is_no_reason_to_stop_and_ducks_for_a_while_only() -> None:
    effects = play(BargeIn(), [(False, -30.0)] * 500)
    assert [type(effect) for effect in effects] == [Duck, Unduck]


def test_a_recognised_word_stops_an_answer_that_is_ducked_and_no_other() -> None:
    machine = BargeIn()
    assert machine.hear_word() is None
    play(machine, [SPEECH] * 4)
    assert machine.hear_word() == StopAnswer(40, by_word=True)
    assert machine.hear_word() is None


def test_an_answer_that_ends_while_it_is_ducked_leaves_the_next_one_loud() -> None:
    machine = BargeIn()
    play(machine, [SPEECH] * 4)
    assert isinstance(machine.reset(), Unduck)
    assert machine.reset() is None


def test_what_sounds_long_after_a_stop_is_another_answer_and_can_be_stopped() -> None:
    machine = BargeIn()
    play(machine, [SPEECH] * 30)
    assert machine.stopped
    assert play(machine, [QUIET] * STOPPED_STEPS) == []
    assert isinstance(play(machine, [SPEECH] * 30)[-1], StopAnswer)


_steps = st.lists(
    st.tuples(st.sampled_from([QUIET, LOUD, SPEECH, (True, -70.0), (False, -50.0)]), st.integers(1, 40)), max_size=30
)


@given(_steps, st.sets(st.integers(0, 400)))
def test_every_duck_ends_and_nothing_stops_without_enough_speech(runs: list[tuple[Step, int]], words: set[int]) -> None:
    machine = BargeIn()
    ducked = False
    speech_steps = 0
    for index, (speech, peak_dbfs) in enumerate([step for step, count in runs for _ in range(count)]):
        effect = machine.hear(speech, peak_dbfs)
        speech_steps += speech or peak_dbfs > -56
        if effect is None and index in words:
            effect = machine.hear_word()
        match effect:
            case Duck():
                assert not ducked
                ducked = True
            case Unduck():
                assert ducked
                ducked, speech_steps = False, 0
            case StopAnswer(by_word=by_word):
                assert ducked
                assert by_word or speech_steps >= CONFIRM_STEPS
                ducked, speech_steps = False, 0
        assert machine.ducked or not ducked
    assert (machine.reset() is not None) is ducked
