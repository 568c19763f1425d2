"""Echo control: which frames are cleaned, held and left alone, and what is told of it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import numpy as np
import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Echo, EchoMode
from sentra_tui.domain.sound_config import SoundConfig
from sentra_tui.domain.sound_ports import EchoCanceller
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.echo import LOOPBACK_DELAY_MS, LOOPBACK_TAIL_MS, EchoControl
from sentra_tui.engine.sound.live_stream import CancellerOptions
from sentra_tui.engine.tasks import TaskOwner
from tests.engine.peers import until

ANSWER = b"\x00\x20" * (FRAME_BYTES // 2)
OTHERS = b"\x00\x02" * (FRAME_BYTES // 2)
OWN = b"\x10\x00" * (FRAME_BYTES // 2)
BROKEN = SourceError("The library is missing.", hint="Install it.")


def mixed(*frames: bytes) -> bytes:
    total: bytes = np.sum([np.frombuffer(frame, "<i2") for frame in frames], axis=0).astype("<i2").tobytes()
    return total


class Subtractor:
    """An EchoCanceller for a room without delay: it takes what was played away, sample by sample."""

    def __init__(self, options: CancellerOptions) -> None:
        self.options = options
        self.measured_db: float | None = None
        self.broken = False
        self.resets = 0
        self.closed = False
        self._played: deque[bytes] = deque()

    def hear(self, sound: bytes) -> None:
        self._played.append(sound)

    def clean(self, frame: bytes) -> bytes:
        if self.broken:
            raise BROKEN
        played = b"".join(self._played)[:FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
        self._played.clear()
        left: bytes = (np.frombuffer(frame, "<i2") - np.frombuffer(played, "<i2")).tobytes()
        return left

    def erle_db(self) -> float | None:
        return self.measured_db

    def reset(self) -> None:
        self.resets += 1
        self._played.clear()

    def close(self) -> None:
        self.closed = True


class LoudnessGate:
    """A BleedGate that lets pass what is not what the other stream gave last."""

    def __init__(self) -> None:
        self._other = b""

    def hear_other(self, frame: bytes) -> None:
        self._other = frame

    def passes(self, frame: bytes) -> bool:
        return frame != self._other


class Room:
    """An echo control, its clock, and a loudspeaker."""

    def __init__(self, config: SoundConfig | None = None, error: SourceError | None = None) -> None:
        self.now_ms = 0
        self.sounding = False
        self.cancellers: list[Subtractor] = []
        self.told: list[c.Change] = []
        self.may_load = asyncio.Event()
        self.may_load.set()
        self.tasks = TaskOwner()
        self._error = error
        self.control = EchoControl(
            config or SoundConfig(),
            self._load,
            EngineContext(self.tasks, lambda: self.now_ms, self.told.append),
            sounding=lambda: self.sounding,
            make_gate=LoudnessGate,
        )

    async def _load(self, **options: Any) -> EchoCanceller:
        await self.may_load.wait()
        if self._error is not None and not options["exact"]:
            raise self._error
        self.cancellers.append(Subtractor(CancellerOptions(**options)))
        return self.cancellers[-1]

    def echo(self) -> Echo:
        told = [change.echo for change in self.told if isinstance(change, c.EchoChanged)]
        return told[-1] if told else Echo()

    def mic(self, frame: bytes) -> bytes:
        self.now_ms += FRAME_MS
        return self.control.clean("mic", frame)

    def play(self, sound: bytes) -> None:
        self.control.played(sound[: FRAME_BYTES // 2])
        self.control.played(sound[FRAME_BYTES // 2 :])

    async def settle(self, mode: EchoMode) -> None:
        await until(lambda: self.echo().mode is mode)

    async def close(self) -> None:
        await self.control.close()
        await self.tasks.close()
        assert all(canceller.closed for canceller in self.cancellers)


async def voice_room(config: SoundConfig | None = None, error: SourceError | None = None) -> Room:
    """Return a room with a live microphone and spoken answers."""
    room = Room(config, error)
    room.control.source_opened("mic", live=True)
    room.control.set_voice(True)
    await asyncio.sleep(0)
    return room


async def test_frames_are_left_alone_while_answers_are_written_and_no_loopback_is_live() -> None:
    room = Room()
    room.control.source_opened("mic", live=True)
    room.control.source_opened("speaker", live=False)
    assert room.control.clean("mic", OWN) is OWN
    assert room.control.clean("speaker", OTHERS) is OTHERS
    assert not room.told
    assert not room.cancellers
    await room.close()


async def test_a_recording_is_left_alone_while_answers_are_spoken() -> None:
    room = Room()
    room.control.source_opened("mic", live=False)
    room.control.set_voice(True)
    room.sounding = True
    assert room.control.clean("mic", OWN) is OWN
    assert not room.told
    await room.close()


async def test_answers_are_taken_out_of_the_microphone() -> None:
    room = await voice_room()
    await room.settle(EchoMode.CANCELLING)
    room.sounding = True
    room.play(ANSWER)
    assert room.mic(mixed(ANSWER, OWN)) == OWN
    options = room.cancellers[0].options
    assert (options.noise_suppression, options.high_pass, options.gain_control) == (True, True, False)
    assert options.delay_ms == 0
    await room.close()


async def test_the_microphone_is_guarded_until_the_canceller_is_there() -> None:
    room = Room()
    room.may_load.clear()
    room.control.source_opened("mic", live=True)
    room.control.set_voice(True)
    assert room.echo().mode is EchoMode.GUARD
    room.sounding = True
    assert room.mic(OWN) == SILENCE
    assert room.echo().held
    room.may_load.set()
    await room.settle(EchoMode.CANCELLING)
    assert not room.echo().held
    assert room.mic(OWN) == OWN
    await room.close()


async def test_without_the_library_the_microphone_is_held_while_an_answer_sounds_and_a_tail_after_it() -> None:
    room = await voice_room(SoundConfig(guard_tail_ms=100), BROKEN)
    await until(lambda: "missing" in room.echo().cause)
    assert room.echo().mode is EchoMode.GUARD
    assert room.mic(OWN) == OWN
    room.sounding = True
    assert room.mic(OWN) == SILENCE
    room.sounding = False
    held = [room.mic(OWN) == SILENCE for _ in range(10)]
    assert held == [True] * 4 + [False] * 6
    assert not room.echo().held
    await room.close()


async def test_the_users_own_key_is_stronger_than_the_guard() -> None:
    room = await voice_room(SoundConfig(echo="guard"))
    room.sounding = True
    assert room.mic(OWN) == SILENCE
    room.control.talking(True)
    assert room.mic(OWN) == OWN
    assert not room.echo().held
    room.control.talking(False)
    assert room.mic(OWN) == SILENCE
    assert not room.cancellers
    await room.close()


async def test_a_loopback_is_the_reference_for_all_that_is_played_and_delays_the_microphone() -> None:
    room = await voice_room()
    await room.settle(EchoMode.CANCELLING)
    room.control.source_opened("speaker", live=True, loopback=True)
    await until(lambda: len(room.cancellers) == 3)
    assert [canceller.options.delay_ms for canceller in room.cancellers] == [0, LOOPBACK_DELAY_MS, 0]
    assert room.cancellers[0].closed
    room.play(ANSWER)
    assert room.control.clean("speaker", mixed(ANSWER, OTHERS)) == OTHERS
    assert room.mic(mixed(ANSWER, OTHERS, OWN)) == OWN
    await room.close()


async def test_what_the_others_say_is_taken_out_of_the_microphone_while_answers_are_written() -> None:
    room = Room()
    room.control.source_opened("mic", live=True)
    room.control.source_opened("speaker", live=True, loopback=True)
    await room.settle(EchoMode.CANCELLING)
    assert room.control.clean("speaker", OTHERS) is OTHERS
    assert room.mic(mixed(OTHERS, OWN)) == OWN
    assert len(room.cancellers) == 1
    await room.close()


async def test_answers_that_play_elsewhere_are_not_looked_for_in_the_loopback() -> None:
    room = await voice_room()
    room.control.source_opened("speaker", live=True, loopback=True, hears_answers=False)
    await room.settle(EchoMode.CANCELLING)
    room.play(ANSWER)
    assert room.control.clean("speaker", OTHERS) is OTHERS
    assert room.mic(mixed(ANSWER, OWN)) == OWN
    await room.close()


async def changed_on_its_way(room: Room) -> None:
    """Have a loopback in which answers are not found as they were played."""
    room.control.source_opened("speaker", live=True, loopback=True)
    room.control.set_voice(True)
    await until(lambda: len(room.cancellers) == 1)
    assert room.cancellers[0].options.exact
    room.cancellers[0].measured_db = 8.0
    for _ in range(200):
        room.control.clean("speaker", OTHERS)


async def test_answers_are_cancelled_in_a_loopback_where_they_cannot_be_subtracted() -> None:
    room = Room()
    await changed_on_its_way(room)
    await until(lambda: len(room.cancellers) == 2)
    assert not room.cancellers[1].options.exact
    assert room.cancellers[0].closed
    room.play(ANSWER)
    assert room.control.clean("speaker", mixed(ANSWER, OTHERS)) == OTHERS
    await room.close()


async def test_a_loopback_is_held_while_an_answer_sounds_that_cannot_be_taken_out_and_that_is_said() -> None:
    room = Room(error=BROKEN)
    await changed_on_its_way(room)
    await until(lambda: "missing" in room.echo().cause)
    assert "others" in room.echo().cause
    assert room.control.clean("speaker", OTHERS) is OTHERS
    room.sounding = True
    assert room.control.clean("speaker", mixed(ANSWER, OTHERS)) == SILENCE
    room.sounding = False
    room.now_ms += LOOPBACK_TAIL_MS
    assert room.control.clean("speaker", OTHERS) is OTHERS
    await room.close()


async def test_without_the_library_answers_are_still_subtracted_from_the_loopback() -> None:
    room = await voice_room(error=BROKEN)
    room.control.source_opened("speaker", live=True, loopback=True)
    await until(lambda: len(room.cancellers) == 1 and "missing" in room.echo().cause)
    room.play(ANSWER)
    assert room.control.clean("speaker", mixed(ANSWER, OTHERS)) == OTHERS
    assert not room.cancellers[0].closed
    await room.close()


async def test_without_the_library_the_microphone_is_gated_against_the_others() -> None:
    room = Room(error=BROKEN)
    room.control.source_opened("mic", live=True)
    room.control.source_opened("speaker", live=True, loopback=True)
    await until(lambda: "missing" in room.echo().cause)
    room.mic(OWN)
    room.control.clean("speaker", OTHERS)
    assert room.mic(OTHERS) == SILENCE
    assert room.mic(OWN) == OWN
    room.control.talking(True)
    assert room.mic(OTHERS) == OTHERS
    await room.close()


async def test_headphones_leave_the_microphone_alone_and_the_loopback_cleaned() -> None:
    room = await voice_room()
    room.control.source_opened("speaker", live=True, loopback=True)
    await room.settle(EchoMode.CANCELLING)
    room.control.set_headphones(True)
    assert room.echo().mode is EchoMode.HEADPHONES
    assert c.HeadphonesChanged(True) in room.told
    assert room.mic(OWN) is OWN
    await until(lambda: len([each for each in room.cancellers if not each.closed]) == 1)
    room.play(ANSWER)
    assert room.control.clean("speaker", mixed(ANSWER, OTHERS)) == OTHERS
    room.control.set_headphones(False)
    await room.settle(EchoMode.CANCELLING)
    await room.close()


async def test_headphones_of_the_configuration_are_told_once() -> None:
    room = await voice_room(SoundConfig(headphones=True))
    assert room.told.count(c.HeadphonesChanged(True)) == 1
    assert room.echo().mode is EchoMode.HEADPHONES
    await room.close()


async def test_echo_control_that_is_off_touches_nothing() -> None:
    room = await voice_room(SoundConfig(echo="off"))
    room.control.source_opened("speaker", live=True, loopback=True)
    room.sounding = True
    assert room.mic(OWN) is OWN
    assert room.control.clean("speaker", OTHERS) is OTHERS
    assert room.echo().mode is EchoMode.OFF
    await room.close()


async def test_how_much_is_taken_out_is_told_rounded_and_once_a_second() -> None:
    room = await voice_room()
    await room.settle(EchoMode.CANCELLING)
    before = len(room.told)
    for index in range(150):
        room.cancellers[0].measured_db = 30.4 + index / 1000
        room.mic(OWN)
    assert [change.echo.erle_db for change in room.told[before:] if isinstance(change, c.EchoChanged)] == [30.0, 31.0]
    await room.close()


async def test_weak_cancelling_gives_way_to_the_guard_with_the_reason_and_comes_back() -> None:
    room = await voice_room()
    await room.settle(EchoMode.CANCELLING)
    room.cancellers[0].measured_db = 2.0
    for _ in range(200):
        room.mic(OWN)
    assert room.echo().mode is EchoMode.GUARD
    assert "2 dB" in room.echo().cause
    room.sounding = True
    assert room.mic(OWN) == SILENCE
    room.cancellers[0].measured_db = 25.0
    for _ in range(51):
        room.mic(OWN)
    assert room.echo().mode is EchoMode.CANCELLING
    assert not room.echo().held
    await room.close()


async def test_a_canceller_that_breaks_is_replaced_by_the_guard() -> None:
    room = await voice_room()
    await room.settle(EchoMode.CANCELLING)
    room.cancellers[0].broken = True
    assert room.mic(OWN) == OWN
    assert room.echo().mode is EchoMode.GUARD
    assert "missing" in room.echo().cause
    room.sounding = True
    assert room.mic(OWN) == SILENCE
    await room.close()


async def test_off_the_record_no_sound_is_kept() -> None:
    room = await voice_room()
    await room.settle(EchoMode.CANCELLING)
    room.play(ANSWER)
    room.control.forget()
    assert room.cancellers[0].resets == 1
    await room.close()


async def test_a_mute_empties_the_line_of_its_stream_alone() -> None:
    room = await voice_room()
    await room.settle(EchoMode.CANCELLING)
    room.control.forget("speaker")
    assert room.cancellers[0].resets == 0
    room.control.forget("mic")
    assert room.cancellers[0].resets == 1
    await room.close()


async def test_voice_off_lets_go_of_the_canceller() -> None:
    room = await voice_room()
    await room.settle(EchoMode.CANCELLING)
    room.control.set_voice(False)
    assert room.echo() == Echo()
    assert room.cancellers[0].closed
    assert room.mic(OWN) is OWN
    await room.close()


@pytest.mark.parametrize("setting", ["auto", "cancel", "guard", "off"])
async def test_a_source_that_is_closed_leaves_nothing_behind(setting: str) -> None:
    room = await voice_room(SoundConfig(echo=setting))  # type: ignore[arg-type]
    room.control.source_closed("mic")
    room.control.source_closed("mic")
    assert room.echo() == Echo()
    room.sounding = True
    assert room.mic(OWN) is OWN
    await room.close()


async def test_a_canceller_that_is_no_longer_wanted_when_it_is_loaded_is_not_used() -> None:
    room = Room()
    room.may_load.clear()
    room.control.source_opened("mic", live=True)
    room.control.set_voice(True)
    await asyncio.sleep(0)
    room.control.set_voice(False)
    room.may_load.set()
    await asyncio.sleep(0.01)
    assert room.echo() == Echo()
    assert all(canceller.closed for canceller in room.cancellers)
    await room.close()
