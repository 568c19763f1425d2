import json
import logging
import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.services.audio.choices import RememberedChoices


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sound.json"


def test_nothing_is_chosen_where_there_is_no_file(path: Path) -> None:
    choices = RememberedChoices(path)
    assert (choices.source("mic"), choices.output, choices.headphones) == ("", "", None)
    choices.close()
    assert not path.exists()


def test_what_was_chosen_is_there_the_next_time(path: Path) -> None:
    choices = RememberedChoices(path)
    choices.remember_source("mic", "device:Yeti – Küche")
    choices.remember_source("speaker", "loopback")
    choices.remember_output("device:Headset")
    choices.remember_headphones(True)
    choices.close()
    again = RememberedChoices(path)
    assert again.source("mic") == "device:Yeti – Küche"
    assert again.source("speaker") == "loopback"
    assert (again.output, again.headphones) == ("device:Headset", True)
    assert [*path.parent.iterdir()] == [path]


def test_an_empty_choice_forgets(path: Path) -> None:
    choices = RememberedChoices(path)
    choices.remember_source("mic", "device:Yeti")
    choices.remember_source("mic", "")
    choices.remember_source("never", "")
    choices.close()
    assert RememberedChoices(path).source("mic") == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_the_file_is_the_owners_alone(path: Path) -> None:
    choices = RememberedChoices(path)
    choices.remember_output("device:Headset")
    choices.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"sources": 3}', b'{"output": "\xff"}', b"\x00" * 99, b'{"x":' + b"[" * 30_000]
)
def test_a_damaged_file_is_said_in_the_log_and_begun_anew(
    path: Path, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(raw)
    choices = RememberedChoices(path)
    assert choices.source("mic") == ""
    assert "damaged" in caplog.text
    choices.remember_source("mic", "device:Yeti")
    choices.close()
    assert RememberedChoices(path).source("mic") == "device:Yeti"


@pytest.mark.skipif(os.name == "nt", reason="FIFOs of POSIX")
def test_a_fifo_in_place_of_the_file_is_not_waited_for(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    choices = RememberedChoices(path)
    assert choices.source("mic") == ""
    choices.remember_source("mic", "device:Yeti")
    choices.close()
    assert RememberedChoices(path).source("mic") == "device:Yeti"


def test_what_no_device_is_called_is_left_out(path: Path) -> None:
    path.parent.mkdir()
    sources = {"mic": "device:\x1b]0;gone\x07", "speaker": "loopback", "x": "y" * 5_000}
    path.write_text(json.dumps({"sources": sources, "output": "a\nb", "later": "version"}), "utf-8")
    choices = RememberedChoices(path)
    assert [choices.source(name) for name in sources] == ["", "loopback", ""]
    assert choices.output == ""


def test_a_file_that_cannot_be_read_or_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    choices = RememberedChoices(tmp_path / "file" / "sound.json")
    with caplog.at_level(logging.WARNING):
        choices.remember_source("mic", "device:Yeti")
        choices.close()
    assert choices.source("mic") == "device:Yeti"
    assert "is not kept" in caplog.text


@given(
    st.lists(st.tuples(st.sampled_from(["mic", "speaker"]), st.sampled_from(["", "device:A", "device:B"])), max_size=8)
)
def test_the_last_choice_counts_however_fast_they_come(chosen: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        choices = RememberedChoices(Path(folder) / "sound.json")
        for stream, source in chosen:
            choices.remember_source(stream, source)
        choices.close()
        again = RememberedChoices(Path(folder) / "sound.json")
        assert [again.source(name) for name in ("mic", "speaker")] == [
            dict(chosen).get("mic", ""),
            dict(chosen).get("speaker", ""),
        ]
