"""The link, against real subprocesses that speak the engine's lines."""

from __future__ import annotations

import asyncio
import stat
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import psutil

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.link import EngineLink

STARTED = '{"type":"engine_started","version":"9","started_at":1000.0,"provider":"local"}'


def scripted(tmp_path: Path, script: str) -> EngineLink:
    """Return a link to a process that runs `script` with a `say` function and its arguments in `args`."""
    path = tmp_path / "engine.py"
    prologue = "import os, sys, json, time\nargs = sys.argv[1:]\ndef say(line): print(line, flush=True)\n"
    path.write_text(prologue + textwrap.dedent(script))
    return EngineLink(["--flag"], tmp_path / "log" / "engine.log", command=(sys.executable, str(path)))


async def take(changes: AsyncIterator[c.Change], count: int) -> list[c.Change]:
    return [await asyncio.wait_for(anext(changes), 20) for _ in range(count)]


async def finish(link: EngineLink, changes: AsyncIterator[c.Change]) -> list[c.Change]:
    """Close the link; return what was still told."""
    await link.close()
    return [change async for change in changes]


async def test_changes_come_up_and_actions_go_down(tmp_path: Path) -> None:
    link = scripted(
        tmp_path,
        f"""
        say('{STARTED}')
        action = json.loads(sys.stdin.readline())
        say(json.dumps({{"type": "mute_changed", "stream": action["stream"], "muted": action["muted"]}}))
        sys.stdin.read()
        """,
    )
    changes = link.changes()
    assert isinstance((await take(changes, 1))[0], c.EngineStarted)
    link.send(a.SetMute("mic", True))
    assert await take(changes, 1) == [c.MuteChanged("mic", True)]
    assert await finish(link, changes) == []


async def test_an_engine_that_dies_is_replaced_and_asked_for_what_was_wanted(tmp_path: Path) -> None:
    link = scripted(
        tmp_path,
        f"""
        say('{STARTED}')
        if "--idle" not in args:
            say('{{"type":"stream_connecting","stream":"mic","at_ms":1}}')
            say('{{"type":"stream_connecting","stream":"speaker","at_ms":1}}')
            say('{{"type":"stream_closed","stream":"speaker","at_ms":2}}')
            say('{{"type":"mute_changed","stream":"mic","muted":true}}')
            say('{{"type":"voice_changed","on":true}}')
            say('{{"type":"billed","at_ms":3,"model":"m","usage":{{}},"usd":0.25}}')
            os.abort()
        for number in range(3):
            line = sys.stdin.readline().strip()
            say(json.dumps({{"type": "noticed", "severity": "information", "text": line}}))
        say(json.dumps({{"type": "noticed", "severity": "information", "text": " ".join(args)}}))
        sys.stdin.read()
        """,
    )
    changes = link.changes()
    first = await take(changes, 8)
    assert isinstance(first[-1], c.EngineLost)
    assert "signal 6" in first[-1].cause
    replacement = await take(changes, 5)
    assert isinstance(replacement[0], c.EngineStarted)
    assert [change.text for change in replacement[1:] if isinstance(change, c.Noticed)] == [
        '{"type":"set_mute","stream":"mic","muted":true}',
        '{"type":"set_voice","on":true}',
        '{"type":"connect_stream","stream":"mic"}',
        "--flag --idle --started-at 1000.0 --spent-usd 0.25",
    ]
    await finish(link, changes)


async def test_an_engine_that_cannot_work_is_not_started_again(tmp_path: Path) -> None:
    link = scripted(
        tmp_path,
        """
        say('{"type":"engine_lost","cause":"config.toml: unknown key theem."}')
        sys.exit(2)
        """,
    )
    changes = link.changes()
    assert await take(changes, 1) == [c.EngineLost("config.toml: unknown key theem.")]
    rest = asyncio.ensure_future(anext(changes, None))
    await asyncio.sleep(0.3)
    assert not rest.done()
    await link.close()
    assert await asyncio.wait_for(rest, 5) is None


async def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    link = EngineLink([], tmp_path / "engine.log", command=(str(tmp_path / "absent"),))
    changes = [change async for change in link.changes()]
    assert len(changes) == 1
    assert isinstance(changes[0], c.EngineLost)
    await link.close()


async def test_what_is_not_a_change_is_passed_over(tmp_path: Path) -> None:
    link = scripted(
        tmp_path,
        f"""
        say('ALSA lib pcm.c: unable to open')
        say('{{"type":"from_the_future"}}')
        say('{STARTED}')
        sys.stdin.read()
        """,
    )
    changes = link.changes()
    assert isinstance((await take(changes, 1))[0], c.EngineStarted)
    await finish(link, changes)


async def test_an_engine_that_ignores_its_end_is_killed(tmp_path: Path) -> None:
    link = scripted(
        tmp_path,
        f"""
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say('{STARTED}')
        say(json.dumps({{"type": "noticed", "severity": "information", "text": str(os.getpid())}}))
        while True:
            time.sleep(1)
        """,
    )
    changes = link.changes()
    _, notice = await take(changes, 2)
    assert isinstance(notice, c.Noticed)
    await finish(link, changes)
    assert not psutil.pid_exists(int(notice.text))


async def test_a_log_that_cannot_be_written_keeps_no_engine_from_starting(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    link = scripted(tmp_path, f"say('{STARTED}')\nsys.stdin.read()")
    changes = link.changes()
    assert isinstance((await take(changes, 1))[0], c.EngineStarted)
    await finish(link, changes)


async def test_the_log_is_for_its_owner_only(tmp_path: Path) -> None:
    link = scripted(tmp_path, f"sys.stderr.write('native noise')\nsay('{STARTED}')\nsys.stdin.read()")
    changes = link.changes()
    await take(changes, 1)
    await finish(link, changes)
    log = tmp_path / "log" / "engine.log"
    assert log.read_text() == "native noise"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


async def test_a_mute_between_two_engines_is_told_to_the_next_before_anything_else(tmp_path: Path) -> None:
    link = scripted(
        tmp_path,
        f"""
        say('{STARTED}')
        if "--idle" not in args:
            say('{{"type":"stream_connecting","stream":"mic","at_ms":1}}')
            os.abort()
        for number in range(3):
            say(json.dumps({{"type": "noticed", "severity": "information", "text": sys.stdin.readline().strip()}}))
        sys.stdin.read()
        """,
    )
    changes = link.changes()
    assert isinstance((await take(changes, 3))[-1], c.EngineLost)
    link.send(a.SetMute("mic", True))
    link.send(a.SetOffRecord(True))
    link.send(a.SayText("Nobody hears this."))
    replacement = await take(changes, 4)
    assert [change.text for change in replacement if isinstance(change, c.Noticed)] == [
        '{"type":"set_off_record","on":true}',
        '{"type":"set_mute","stream":"mic","muted":true}',
        '{"type":"connect_stream","stream":"mic"}',
    ]
    await finish(link, changes)
