import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.services.audio.signal import SignalProbe

FRAMES_A_SECOND = 50


def probe(kind: DeviceKind = DeviceKind.INPUT, platform: str = "linux", **environ: str) -> SignalProbe:
    return SignalProbe(kind, platform=platform, environ=environ)


def feed(listener: SignalProbe, frames: list[bytes]) -> Trouble:
    for frame in frames:
        listener.feed(frame)
    return listener.trouble


def zeros(seconds: float) -> list[bytes]:
    return [SILENCE] * round(seconds * FRAMES_A_SECOND)


def steady(value: int, seconds: float) -> list[bytes]:
    return [np.full(FRAME_SAMPLES, value, "<i2").tobytes()] * round(seconds * FRAMES_A_SECOND)


def noise(level_dbfs: float, seconds: float, seed: int = 1) -> list[bytes]:
    """Noise whose peaks stand near a level."""
    peak = 32_768 * 10 ** (level_dbfs / 20)
    samples = np.random.default_rng(seed).uniform(-peak, peak, round(seconds * FRAMES_A_SECOND) * FRAME_SAMPLES)
    return cut(samples)


def speech(level_dbfs: float, seconds: float, floor_dbfs: float = -70.0) -> list[bytes]:
    """A voice-like tone that comes and goes three times a second over a noise floor."""
    count = round(seconds * FRAMES_A_SECOND) * FRAME_SAMPLES
    at = np.arange(count) / SAMPLE_RATE_HZ
    voice = np.sin(2 * np.pi * 180 * at) * np.clip(np.sin(2 * np.pi * 3 * at), 0, 1)
    floor = np.random.default_rng(2).uniform(-1, 1, count)
    return cut(32_768 * (voice * 10 ** (level_dbfs / 20) + floor * 10 ** (floor_dbfs / 20)))


def cut(samples: np.ndarray) -> list[bytes]:
    rounded = np.clip(np.round(samples), -32_768, 32_767).astype("<i2").reshape(-1, FRAME_SAMPLES)
    return [frame.tobytes() for frame in rounded]


def test_ordinary_speech_is_no_trouble() -> None:
    listener = probe()
    assert feed(listener, speech(-15, 20)) is Trouble.NONE
    assert listener.advice == ""


def test_half_a_second_of_zeros_is_silence() -> None:
    listener = probe()
    assert feed(listener, zeros(0.48)) is Trouble.NONE
    assert feed(listener, zeros(0.02)) is Trouble.SILENT
    assert "muted in the system" in listener.advice


def test_zeros_between_words_are_a_noise_gate() -> None:
    listener = probe()
    for _ in range(5):
        assert feed(listener, speech(-15, 1)) is Trouble.NONE
        assert feed(listener, zeros(1)) is Trouble.NONE
    assert feed(listener, zeros(0.5)) is Trouble.SILENT


def test_a_click_does_not_end_silence_and_sound_does() -> None:
    listener = probe()
    feed(listener, zeros(1))
    assert feed(listener, noise(-40, 0.04)) is Trouble.SILENT
    feed(listener, zeros(0.02))
    assert feed(listener, noise(-40, 0.08)) is Trouble.SILENT
    assert feed(listener, noise(-40, 0.02)) is Trouble.NONE


def test_a_loudspeaker_that_plays_nothing_is_calmly_told_of_after_ten_seconds() -> None:
    listener = probe(DeviceKind.MONITOR)
    assert feed(listener, zeros(9.9)) is Trouble.NONE
    assert feed(listener, zeros(0.1)) is Trouble.SILENT
    assert listener.advice.startswith("Nothing plays")
    assert feed(listener, noise(-30, 0.1)) is Trouble.NONE


def test_zeros_on_macos_are_a_missing_permission_and_name_the_terminal() -> None:
    listener = probe(platform="darwin", TERM_PROGRAM="iTerm.app")
    assert feed(listener, zeros(0.5)) is Trouble.PERMISSION
    assert "allow iTerm under System Settings > Privacy & Security > Microphone" in listener.advice


def test_zeros_on_macos_after_sound_are_not_a_missing_permission() -> None:
    listener = probe(platform="darwin")
    feed(listener, speech(-15, 1))
    assert feed(listener, zeros(1.5)) is Trouble.SILENT


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"TERM_PROGRAM": "Apple_Terminal"}, "allow Terminal under"),
        ({"TERM_PROGRAM": "ghostty"}, "allow Ghostty under"),
        ({"TERM_PROGRAM": "new\x1b]0;term"}, "allow new␛]0;term under"),
        ({"KITTY_WINDOW_ID": "1"}, "allow kitty under"),
        ({}, "allow this terminal under"),
        ({"TERM_PROGRAM": "tmux", "TMUX": "/x"}, "allow the terminal that started it under"),
        ({"TERM_PROGRAM": "tmux", "TMUX": "/x", "LC_TERMINAL": "iTerm2"}, "allow iTerm under"),
        ({"TERM_PROGRAM": "vscode", "SSH_CONNECTION": "a b c d"}, "over ssh"),
    ],
)
def test_the_advice_on_permission_names_who_needs_it(environ: dict[str, str], words: str) -> None:
    listener = SignalProbe(DeviceKind.INPUT, platform="darwin", environ=environ)
    feed(listener, zeros(1))
    assert words in listener.advice
    assert "\n" not in listener.advice


def test_one_value_that_is_not_zero_is_a_broken_input() -> None:
    listener = probe()
    assert feed(listener, steady(-7, 0.48)) is Trouble.NONE
    assert feed(listener, steady(-7, 0.02)) is Trouble.FLAT
    assert "d to choose another" in listener.advice
    assert feed(listener, noise(-30, 0.1)) is Trouble.NONE


def test_a_value_that_changes_from_frame_to_frame_is_not_flat() -> None:
    assert feed(probe(), [frame for step in range(100) for frame in steady(step + 1, 0.02)]) is Trouble.NONE


def test_overdriven_speech_is_clipping_until_it_was_clean_for_seconds() -> None:
    listener = probe()
    assert feed(listener, speech(12, 3)) is Trouble.CLIPPING
    assert "turn its input level down" in listener.advice
    assert feed(listener, speech(-12, 1)) is Trouble.CLIPPING
    assert feed(listener, speech(-12, 9)) is Trouble.NONE


def test_a_bump_against_the_microphone_is_not_clipping() -> None:
    listener = probe()
    assert feed(listener, speech(-12, 1) + speech(20, 0.2) + speech(-12, 1)) is Trouble.NONE


def test_faint_speech_for_ten_seconds_is_too_quiet_until_it_is_loud_enough() -> None:
    listener = probe()
    assert feed(listener, speech(-50, 9.5, floor_dbfs=-80)) is Trouble.NONE
    assert feed(listener, speech(-50, 1.5, floor_dbfs=-80)) is Trouble.QUIET
    assert "turn the microphone up" in listener.advice
    assert feed(listener, speech(-44, 2, floor_dbfs=-80)) is Trouble.QUIET
    assert feed(listener, speech(-30, 1, floor_dbfs=-80)) is Trouble.NONE


def test_a_quiet_room_is_not_a_quiet_microphone() -> None:
    assert feed(probe(), noise(-60, 30)) is Trouble.NONE


def test_who_was_heard_well_may_listen_to_others_for_a_while() -> None:
    listener = probe()
    feed(listener, speech(-20, 2, floor_dbfs=-80))
    assert feed(listener, speech(-50, 55, floor_dbfs=-80)) is Trouble.NONE
    assert feed(listener, speech(-50, 10, floor_dbfs=-80)) is Trouble.QUIET


def test_what_plays_softly_is_no_trouble() -> None:
    assert feed(probe(DeviceKind.MONITOR), speech(-50, 15, floor_dbfs=-90)) is Trouble.NONE


@given(st.lists(st.sampled_from([SILENCE, *steady(5, 0.02), *steady(-32_768, 0.02), *noise(-20, 0.06)]), max_size=200))
def test_any_sound_has_an_advice_exactly_when_it_has_a_trouble(frames: list[bytes]) -> None:
    for platform in ("linux", "darwin", "win32"):
        for kind in (DeviceKind.INPUT, DeviceKind.MONITOR):
            listener = probe(kind, platform)
            feed(listener, frames)
            assert bool(listener.advice) == bool(listener.trouble)
