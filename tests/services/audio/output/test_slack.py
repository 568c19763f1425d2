"""How much an output holds."""

from __future__ import annotations

from sentra_tui.services.audio.output.slack import LATENCIES_S, SETTLING_S, WINDOW_S, XRUNS, Slack


def test_an_output_that_ran_dry_again_and_again_is_to_hold_more() -> None:
    slack = Slack()
    assert slack.latency_s == LATENCIES_S[0]
    assert not slack.grows(0, 0.0)
    assert not slack.grows(XRUNS - 1, 1.0)
    assert slack.grows(XRUNS, 2.0)
    assert slack.latency_s == LATENCIES_S[1]


def test_running_dry_now_and_then_is_borne() -> None:
    slack = Slack()
    assert not any(slack.grows(number, number * (WINDOW_S + 1)) for number in range(20))
    assert slack.latency_s == LATENCIES_S[0]


def test_what_a_stream_runs_dry_while_it_begins_does_not_count() -> None:
    slack = Slack()
    assert not slack.grows(0, 0.0)
    assert not slack.grows(XRUNS + 1, SETTLING_S / 2)
    assert not slack.grows(XRUNS + 2, 1.0)
    assert not slack.grows(0, 2.0), "another stream"
    assert not slack.grows(XRUNS, 2.0 + SETTLING_S / 2)
    assert slack.grows(2 * XRUNS, 3.0)


def test_each_stream_counts_anew_and_there_is_a_most() -> None:
    slack = Slack()
    now = 0.0
    for expected in (*LATENCIES_S[1:], LATENCIES_S[-1]):
        slack.grows(0, now)
        slack.grows(XRUNS, now + 1)
        assert slack.latency_s == expected
        now += 2
    assert not slack.grows(100, now)
