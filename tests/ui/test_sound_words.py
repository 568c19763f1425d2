from __future__ import annotations

import pytest
from msgspec.structs import replace

from sentra_tui.domain.sound import Echo, EchoMode, Recording, Trouble
from sentra_tui.domain.state import AppState, Connection, Engine, Source, SourceStatus, Stream
from sentra_tui.ui import sound_words
from sentra_tui.ui.headline import headline, lights
from sentra_tui.ui.screens.help import SIGNS

NOW_MS = 100_000
RUNNING = Engine(running=True, provider="local", provider_note="small")
OPEN = Source(label="Yeti", status=SourceStatus.OPEN)
DEAF = Source(status=SourceStatus.FAILED, cause="No PortAudio.")


def face(command_id: str) -> str:
    return {"record.off": "x", "talk": "space", "retry": "r"}[command_id]


def line(*streams: Stream, **how: object) -> str:
    word = headline(AppState(engine=RUNNING, streams=streams, **how), face)  # type: ignore[arg-type]
    return f"{word.sign} {word.text} ({word.tone})"


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (Trouble.GONE, "✕ gone 4 s"),
        (Trouble.BUSY, "✕ busy"),
        (Trouble.MOVED, "✕ moved to another device"),
        (Trouble.STALLED, "✕ stalled 4 s"),
        (Trouble.PERMISSION, "✕ no permission"),
        (Trouble.SILENT, "! silent 4 s"),
        (Trouble.FLAT, "! flat 4 s"),
        (Trouble.CLIPPING, "! clipping"),
        (Trouble.QUIET, "! too quiet"),
        (Trouble.HEADSET, "! headset profile"),
        (Trouble.NONE, " "),
    ],
)
def test_each_trouble_has_its_word_and_its_sign(trouble: Trouble, expected: str) -> None:
    word = sound_words.source_word(Stream("mic", replace(OPEN, trouble=trouble, signal_at_ms=95_300)), NOW_MS)
    assert f"{word.sign} {word.text}" == expected


def test_nothing_being_played_is_no_alarm() -> None:
    speaker = Stream("speaker", replace(OPEN, trouble=Trouble.SILENT, advice="Nothing plays here."))
    assert sound_words.source_word(speaker, NOW_MS).tone == "quiet"
    assert line(speaker) == "· speaker: Nothing plays here. (quiet)"
    mic = Stream("mic", replace(OPEN, trouble=Trouble.SILENT, advice="Unmute it, or press d."))
    assert line(mic, speaker) == "! mic: Unmute it, or press d. (bad)"


@pytest.mark.parametrize(
    ("signal_at_ms", "expected"),
    [
        (None, "Yeti"),
        (99_400, "Yeti · signal now"),
        (95_300, "Yeti · signal 4 s ago"),
        (62_000, "Yeti · signal 35 s ago"),
        (-700_000, "Yeti · signal 13 min ago"),
        (-8_000_000, "Yeti · signal 2 h ago"),
    ],
)
def test_the_age_of_the_last_signal_moves_in_calm_steps(signal_at_ms: int | None, expected: str) -> None:
    assert sound_words.origin_words(Stream("mic", replace(OPEN, signal_at_ms=signal_at_ms)), NOW_MS) == expected


@pytest.mark.parametrize(
    ("echo", "roomy", "narrow"),
    [
        (Echo(EchoMode.CANCELLING, 38.2), "echo ▮▮▮ 38 dB", "echo ▮▮▮"),
        (Echo(EchoMode.CANCELLING, 12.0), "echo ▮▯▯ 12 dB", "echo ▮▯▯"),
        (Echo(EchoMode.CANCELLING, 3.0), "echo ▯▯▯ 3 dB weak", "echo ▯▯▯ weak"),
        (Echo(EchoMode.CANCELLING), "echo ▯▯▯ measuring", "echo ▯▯▯"),
        (Echo(EchoMode.GUARD), "◌ half-duplex", "◌ half-duplex"),
        (Echo(EchoMode.GUARD, held=True), "◌ half-duplex: mic held while the answer sounds", "◌ mic held"),
        (Echo(EchoMode.HEADPHONES), "∩ headphones", "∩ headphones"),
        (Echo(EchoMode.OFF), "◌ echo stays in", "◌ echo stays in"),
        (Echo(), "", ""),
    ],
)
def test_what_is_done_about_echo_is_a_light(echo: Echo, roomy: str, narrow: str) -> None:
    state = AppState(echo=echo)
    assert lights(state, NOW_MS, roomy=True).plain == roomy
    assert lights(state, NOW_MS, roomy=False).plain == narrow


def test_a_recording_is_counted_and_its_sudden_end_is_told() -> None:
    on = AppState(recording=Recording(on=True, since_ms=58_000), echo=Echo(EchoMode.HEADPHONES))
    assert lights(on, NOW_MS, roomy=True).plain == "● REC 0:42   ∩ headphones"
    assert line(recording=Recording(cause="the disk is full")) == "▪ Recording stopped: the disk is full (busy)"


def test_what_gives_nothing_is_told_before_what_gives_too_little() -> None:
    poor = Stream("mic", replace(OPEN, trouble=Trouble.CLIPPING, advice="Turn it down."))
    gone = Stream("speaker", replace(OPEN, trouble=Trouble.GONE))
    assert line(poor, gone) == "! speaker: gone.   mic: Turn it down. (bad)"


def test_trouble_comes_before_what_is_merely_worth_knowing() -> None:
    assert headline(AppState(), face).text == "starting…"
    assert line() == "· local · small (quiet)"
    assert headline(AppState(engine=Engine(cause="signal 11")), face).text.endswith("signal 11")
    failed = Stream("mic", connection=Connection.FAILED, cause="Refused.", hint="Press r.")
    assert line(failed) == "! mic: Refused. Press r. (bad)"
    assert line(failed, off_record=True).startswith("■ OFF THE RECORD: no sound is sent or kept. x goes on.   mic: Ref")
    assert line(talking=True) == "◉ Talking: the assistant is silent. space ends it and mutes. (good)"


@pytest.mark.parametrize(
    "speaker", [None, Stream("speaker", DEAF), Stream("speaker", replace(OPEN, choice="none")), Stream("speaker")]
)
def test_without_any_sound_it_is_text_mode_and_no_alarm(speaker: Stream | None) -> None:
    streams = [Stream("mic", DEAF), *([speaker] if speaker else [])]
    assert line(*streams) == "· text mode: type to the assistant; r tries the sound again (quiet)"


def test_a_stream_that_still_has_sound_is_no_text_mode() -> None:
    assert line(Stream("mic", DEAF), Stream("speaker", OPEN)) == "! mic: no sound. No PortAudio. (bad)"


def test_a_call_that_seems_dead_says_so_and_what_is_done_about_it() -> None:
    mic = Stream("mic", OPEN, Connection.LIVE, suspected="Nothing came from the provider for 2.1 s.")
    assert line(mic) == "! mic: Nothing came from the provider for 2.1 s. Another call is dialled beside it. (bad)"


def test_calls_that_wait_for_a_network_say_that_there_is_none() -> None:
    mic = Stream("mic", OPEN, Connection.RECONNECTING, cause="No route.")
    told = "! There is no network: calls come back by themselves when there is. (bad)"
    assert line(mic, network_down=True) == told
    assert "no network" not in line(replace(mic, connection=Connection.LIVE), network_down=True)


def test_sound_that_waits_to_be_written_down_has_a_light() -> None:
    streams = (Stream("mic", recovering_ms=4_000), Stream("speaker", recovering_ms=62_000))
    assert lights(AppState(streams=streams), 0, roomy=True).plain == "↺ 62 s to write down"


def test_every_light_beside_the_headline_is_explained_in_the_help() -> None:
    explained = [sign for sign, _ in SIGNS]
    for state in (
        AppState(recording=Recording(on=True)),
        AppState(echo=Echo(EchoMode.CANCELLING, erle_db=30.0)),
        AppState(echo=Echo(EchoMode.GUARD)),
    ):
        shown = lights(state, 0, roomy=False).plain.removesuffix(" 0:00")
        assert shown in explained


def test_why_sound_is_reached_or_echo_is_treated_in_another_way_than_usual_is_worth_knowing() -> None:
    source = Source(status=SourceStatus.OPEN, advice="Captured through parec: PortAudio is not installed.")
    echo = Echo(EchoMode.GUARD, cause="Echo cannot be cancelled: livekit is not installed.")
    state = AppState(engine=RUNNING, streams=(Stream("mic", source=source),), echo=echo)
    line = headline(state, str).text
    assert "mic: Captured through parec" in line
    assert "livekit is not installed" in line
