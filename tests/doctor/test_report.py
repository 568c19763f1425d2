"""The findings as text and as JSON."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.doctor.check import Check, Group, State
from sentra_tui.doctor.report import exit_status, report_json, report_text, summary

WORDS = st.text(st.sampled_from("abc de, fgh/-"), max_size=90).map(lambda text: " ".join(text.split()))
CHECKS = st.lists(
    st.builds(Check, st.sampled_from(["key", "name (DNS)", "local provider"]), st.sampled_from(Group),
              st.sampled_from(State), WORDS, WORDS), max_size=12)  # fmt: skip


@given(CHECKS, st.integers(30, 130))
def test_every_line_fits_and_no_word_is_lost(checks: list[Check], width: int) -> None:
    text = report_text(checks, width)
    assert all(len(line) <= width for line in text.splitlines())
    shown = _without_spaces(text)
    for check in checks:
        assert _without_spaces(check.found) in shown
        assert _without_spaces(check.fix) in shown


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def test_a_word_stands_beside_every_sign_and_signs_can_be_ascii() -> None:
    checks = [Check(state.value, Group.SOUND, state, "found", "fix") for state in State]
    shown = report_text(checks, 80)
    assert all(state.value in shown for state in State)
    assert report_text(checks, 80, signs=False).isascii()
    assert "\x1b[" not in shown
    assert "\x1b[" in report_text(checks, 80, colours=True)


def test_what_was_skipped_for_one_reason_is_one_line() -> None:
    checks = [Check(name, Group.PROVIDER, State.SKIPPED, "DNS comes first.") for name in ("answer", "models")]
    text = report_text(checks, 100)
    assert text.count("DNS comes first.") == 1
    assert "answer, models" in text


def test_json_has_every_check_and_the_summary() -> None:
    checks = [Check("key", Group.PROVIDER, State.FAILED, "none", "set it", 3), Check("a", Group.FILES, State.OK, "")]
    document = json.loads(report_json(checks))
    assert document["checks"][0] == {
        "name": "key", "group": "provider", "state": "failed", "found": "none", "fix": "set it", "took_ms": 3,
    }  # fmt: skip
    assert document["summary"] == {"ok": 1, "warning": 0, "failed": 1, "skipped": 0}
    assert exit_status(checks) == 1
    assert summary(checks) == "In the way: key. 1 ok, 1 failed."
