"""The sound of answers on its way to the loudspeaker."""

from __future__ import annotations

import asyncio

from sentra_tui.domain.audio import FRAME_BYTES
from sentra_tui.engine.http_call.playlist import Playlist

ONE = b"\1" * FRAME_BYTES
TWO = b"\2" * FRAME_BYTES


def take_all(playlist: Playlist) -> list[bytes]:
    frames = []
    while (taken := playlist.take()).frame is not None:
        frames.append(taken.frame)
    return frames


def test_sound_is_heard_in_the_order_in_which_it_was_let_in() -> None:
    playlist = Playlist()
    for name in ("a", "b"):
        playlist.open(name)
    playlist.feed("b", TWO)
    playlist.end("b")
    playlist.play("a")
    playlist.play("b")
    assert take_all(playlist) == []
    playlist.feed("a", ONE)
    playlist.end("a")
    assert take_all(playlist) == [ONE, TWO]


def test_sound_that_was_not_let_in_is_not_heard() -> None:
    playlist = Playlist()
    playlist.open("a")
    playlist.feed("a", ONE * 9)
    assert take_all(playlist) == []


def test_the_last_frame_is_filled_up_and_says_that_all_was_heard() -> None:
    playlist = Playlist()
    playlist.open("a")
    playlist.play("a")
    assert playlist.feed("a", ONE + b"\1" * 10) == 20
    playlist.end("a")
    assert playlist.take().played == ()
    last = playlist.take()
    assert last.frame == (b"\1" * 10).ljust(FRAME_BYTES, b"\0")
    assert last.played == ("a",)


def test_sound_that_comes_in_pieces_begins_when_there_is_a_little() -> None:
    playlist = Playlist()
    playlist.open("a")
    playlist.play("a")
    playlist.feed("a", ONE * 2)
    assert take_all(playlist) == []
    playlist.feed("a", ONE)
    assert len(take_all(playlist)) == 3
    playlist.feed("a", ONE)
    assert len(take_all(playlist)) == 1


def test_what_was_dropped_is_not_heard_and_what_comes_behind_it_is() -> None:
    playlist = Playlist()
    for name in ("a", "b"):
        playlist.open(name)
        playlist.play(name)
        playlist.feed(name, ONE * 4)
    playlist.drop("a")
    playlist.drop("b")
    playlist.feed("a", ONE * 4)
    assert take_all(playlist) == []
    playlist.open("c")
    playlist.play("c")
    playlist.feed("c", TWO * 3)
    assert take_all(playlist) == [TWO] * 3


async def test_whoever_waits_for_sound_is_told_when_there_is_some() -> None:
    playlist = Playlist()
    waiting = asyncio.create_task(playlist.arrives())
    await asyncio.sleep(0)
    playlist.open("a")
    playlist.feed("a", ONE * 3)
    await asyncio.sleep(0)
    assert not waiting.done()
    playlist.play("a")
    async with asyncio.timeout(5):
        await waiting
