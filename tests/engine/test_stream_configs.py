"""Which streams there are, and what says where their sound comes from."""

from __future__ import annotations

import pytest

from sentra_tui.domain.config import Config, StreamConfig
from sentra_tui.domain.errors import ConfigError
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.wiring.streams import MAX_STREAMS, stream_configs


def sources(
    options: EngineOptions, config: Config | None = None, remembered: str = "", *, local: bool = False
) -> dict[str, str]:
    streams = stream_configs(options, config or Config(), lambda _: remembered, local=local)
    return {name: stream.source for name, stream in streams.items()}


def test_a_call_hears_the_microphone_and_what_the_others_say() -> None:
    assert sources(EngineOptions()) == {"mic": "device", "speaker": "loopback"}


def test_trying_out_begins_with_the_demo_talk() -> None:
    assert sources(EngineOptions(), local=True) == {"mic": "demo", "speaker": "demo"}


def test_an_argument_stands_before_the_configuration_and_that_before_what_was_chosen_last() -> None:
    config = Config(mic=StreamConfig(source="device:Desk"))
    assert sources(EngineOptions(mic="none"), config, "device:Old")["mic"] == "none"
    assert sources(EngineOptions(), config, "device:Old")["mic"] == "device:Desk"
    assert sources(EngineOptions(), None, "device:Old")["mic"] == "device:Old"


def test_more_streams_come_from_the_configuration_and_from_arguments() -> None:
    config = Config(streams={"room": StreamConfig(source="ssh:devbox", language="de")})
    options = EngineOptions(stream=("room=none", "phone=/tmp/phone=1.fifo"))
    streams = stream_configs(options, config, lambda _: "", local=False)
    assert list(streams) == ["mic", "speaker", "room", "phone"]
    assert (streams["room"].source, streams["room"].language) == ("none", "de")
    assert streams["phone"].source == "/tmp/phone=1.fifo"


@pytest.mark.parametrize("argument", ["room", "room=", "=x", "Room=x", "mic=none", "speaker=none"])
def test_an_argument_that_names_no_stream_is_an_error(argument: str) -> None:
    with pytest.raises(ConfigError, match="--stream"):
        sources(EngineOptions(stream=(argument,)))


def test_a_table_for_a_stream_that_has_one_already_is_an_error() -> None:
    with pytest.raises(ConfigError, match="table of its own"):
        sources(EngineOptions(), Config(streams={"mic": StreamConfig()}))


def test_too_many_streams_are_an_error() -> None:
    with pytest.raises(ConfigError, match="too many"):
        sources(EngineOptions(stream=tuple(f"s{number}=none" for number in range(MAX_STREAMS))))
