from __future__ import annotations

import json

import pytest

from sentra_tui.domain.provider_config import Supports
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.codec import encode
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.wire import Wire

LACKS: list[tuple[c.ClientEvent, Supports]] = [
    (c.ResponseCancel("resp_1"), Supports(cancel=False)),
    (c.ConversationItemTruncate("item_1", 0, 700), Supports(truncate=False)),
    (c.OutputAudioBufferClear(), Supports(output_clear=False)),
]


@pytest.mark.parametrize(("event", "supports"), LACKS)
@pytest.mark.parametrize("dialect", [Dialect.GA, Dialect.BETA, Dialect.XAI])
def test_a_server_is_not_told_what_it_does_not_know(event: c.ClientEvent, supports: Supports, dialect: Dialect) -> None:
    assert Wire(dialect, supports).encode(event) is None
    assert Wire(dialect).encode(event) == encode(event, dialect)


@pytest.mark.parametrize(("event", "supports"), LACKS)
def test_what_it_lacks_takes_nothing_else_away(event: c.ClientEvent, supports: Supports) -> None:
    for other, _ in LACKS:
        assert (Wire(Dialect.GA, supports).encode(other) is None) == (other is event)
    assert json.loads(Wire(Dialect.GA, supports).encode(c.InputAudioBufferCommit()) or "") == {
        "type": "input_audio_buffer.commit"
    }


@pytest.mark.parametrize("dialect", list(Dialect))
def test_every_wire_reads_every_dialect_and_needs_no_answer_to_most_of_it(dialect: Dialect) -> None:
    wire = Wire(dialect)
    event = wire.decode('{"type":"response.text.delta","delta":"yes"}')
    assert event == s.ResponseOutputTextDelta(delta="yes")
    assert wire.answer(event) is None
