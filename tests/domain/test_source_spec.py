"""What a user may write to say where sound comes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.source_spec import SourceKind, SourceSpec, parse_source


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("device", SourceSpec(SourceKind.DEVICE)),
        ("device:Core Audio:Desk: left", SourceSpec(SourceKind.DEVICE, "Core Audio:Desk: left")),
        ("loopback", SourceSpec(SourceKind.LOOPBACK)),
        ("loopback:spk", SourceSpec(SourceKind.LOOPBACK, "spk")),
        ("ssh:me@box/loopback", SourceSpec(SourceKind.SSH, "me@box/loopback")),
        ("-", SourceSpec(SourceKind.STANDARD_INPUT)),
        ("none", SourceSpec(SourceKind.NONE)),
        ("", SourceSpec(SourceKind.NONE)),
        ("demo", SourceSpec(SourceKind.DEMO)),
        ("devices.wav", SourceSpec(SourceKind.FILE, "devices.wav")),
        ("C:\\talk.wav", SourceSpec(SourceKind.FILE, "C:\\talk.wav")),
        ("none.wav", SourceSpec(SourceKind.FILE, "none.wav")),
    ],
)
def test_the_words_mean_what_the_documentation_says(text: str, spec: SourceSpec) -> None:
    assert parse_source(text) == spec


@given(st.text())
def test_whatever_is_written_means_something(text: str) -> None:
    assert parse_source(text).kind in SourceKind


def test_only_what_happens_now_is_live() -> None:
    live = {kind for kind in SourceKind if SourceSpec(kind).live}
    assert live == {SourceKind.DEVICE, SourceKind.LOOPBACK, SourceKind.SSH}
