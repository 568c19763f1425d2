from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.state import Verdict
from sentra_tui.domain.verdict import VerdictReader, split_verdict


@pytest.mark.parametrize(
    ("text", "verdict", "answer"),
    [
        ("CONFIRMED\nYes.", Verdict.CONFIRMED, "Yes."),
        ("**Corrected**:\n\nNo, it is.", Verdict.CORRECTED, "No, it is."),
        ("withdrawn", Verdict.WITHDRAWN, ""),
        ("ANSWER\nUse a cache.", Verdict.NONE, "Use a cache."),
        ("Use a cache.", None, "Use a cache."),
        ("Confirmed reads are a topic of their own.", None, "Confirmed reads are a topic of their own."),
        ("CONFIRMED: Yes.", Verdict.CONFIRMED, "Yes."),
        ("**CORRECTED:** No, it is\nthe disk.", Verdict.CORRECTED, "No, it is\nthe disk."),
        ("WITHDRAWN — nobody asked.", Verdict.WITHDRAWN, "nobody asked."),
        ("ANSWER. Use a cache.", Verdict.NONE, "Use a cache."),
        ("Corrected: the price was in euros.", None, "Corrected: the price was in euros."),
        ("CONFIRMED reads are slow.", None, "CONFIRMED reads are slow."),
        ("ANSWER-driven design is a fad.", None, "ANSWER-driven design is a fad."),
        ("", None, ""),
    ],
)
def test_the_first_line_is_the_verdict_or_part_of_the_answer(text: str, verdict: Verdict | None, answer: str) -> None:
    assert split_verdict(text) == (verdict, answer)


TEXTS = (
    "CONFIRMED\nYes.",
    "CORRECTED\n\nNo.",
    "No verdict here, only words\nand more",
    "\n **CONFIRMED:** Yes, it is the\ncache.",
    "WITHDRAWN — nobody asked for this at all.",
    "    CONFIRMED** — ** Yes, and it is the cache that does it.",
)


@given(st.sampled_from(TEXTS), st.data())
def test_how_the_text_is_cut_into_deltas_changes_nothing(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    reader = VerdictReader()
    answer = reader.feed(text[:cut]) + reader.feed(text[cut:]) + reader.end()
    assert (reader.verdict, answer) == split_verdict(text)
