"""Another machine's sound: the far side is a real one, reached through a command that stands for ssh."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import SourceReport
from sentra_tui.media.framing import MARK
from sentra_tui.services.audio.remote import host
from sentra_tui.services.audio.remote.command import FAR_VARIABLE, SSH_VARIABLE, far_command, far_source
from sentra_tui.services.audio.remote.far import GONE_STATUS
from sentra_tui.services.audio.remote.sink import RemoteSink
from sentra_tui.services.audio.remote.source import RemoteSource
from sentra_tui.services.audio.sources import open_source
from tests.pulse import PulseServer
from tests.services.audio.wav_files import PCM, chunk, encode, fmt, riff, tone

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a shell script stands for ssh")

DEADLINE_S = 30.0
TONE_HZ = 1_000
TONE = (np.sin(np.arange(SAMPLE_RATE_HZ) * 2 * np.pi * TONE_HZ / SAMPLE_RATE_HZ) * 10_000).astype("<i2").tobytes()
SSH = """#!/bin/sh
for last; do :; done
echo $$ >> {folder}/pids
echo "Welcome to this machine. 3 updates can be installed."
echo "a banner" >&2
exec sh -c "exec $last"
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command like ssh, whose other machine is this one; return the file with the ids of its processes."""
    script = tmp_path / "ssh"
    script.write_text(SSH.format(folder=tmp_path))
    script.chmod(0o700)
    monkeypatch.setenv(SSH_VARIABLE, str(script))
    monkeypatch.setenv(FAR_VARIABLE, f"{sys.executable} -m sentra_tui")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[4]))
    return tmp_path / "pids"


class Listener:
    """Takes the frames of a source, in real time."""

    def __init__(self, source: RemoteSource) -> None:
        self.frames: list[bytes] = []
        self._source = source

    async def run(self) -> None:
        async for frame in self._source.frames():
            self.frames.append(frame)

    async def until_tone(self) -> None:
        """Return once there is a third of a second of the tone."""
        self.frames.clear()
        async with asyncio.timeout(DEADLINE_S):
            while not self._hears_tone():
                await asyncio.sleep(0.05)

    def _hears_tone(self) -> bool:
        samples = np.frombuffer(b"".join(self.frames[-16:]), "<i2").astype(np.float64)
        if samples.size < 16 * FRAME_BYTES // 2 or np.abs(samples).max() < 2_000:
            return False
        spectrum = np.abs(np.fft.rfft(samples))
        return abs(float(np.argmax(spectrum)) * SAMPLE_RATE_HZ / samples.size - TONE_HZ) < 10


@asynccontextmanager
async def listening(spec: str, reports: list[SourceReport]) -> AsyncIterator[Listener]:
    source = await open_source(spec, report=reports.append)
    assert isinstance(source, RemoteSource)
    listener = Listener(source)
    task = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        await source.close()
        await asyncio.wait_for(task, DEADLINE_S)


async def until_report(reports: list[SourceReport], trouble: Trouble) -> SourceReport:
    async with asyncio.timeout(DEADLINE_S):
        while not reports or reports[-1].trouble is not trouble:
            await asyncio.sleep(0.02)
    return reports[-1]


def alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


async def test_another_machines_microphone_is_heard_and_taken_again_when_it_comes_back(
    pulse: PulseServer, ssh: Path
) -> None:
    reports: list[SourceReport] = []
    with pulse.play(TONE * 60):
        async with listening("ssh:devbox", reports) as listener:
            await listener.until_tone()
            os.kill(int(ssh.read_text().split()[-1]), signal.SIGKILL)
            report = await until_report(reports, Trouble.GONE)
            assert report.advice.startswith("devbox · device: ")
            assert report.advice.endswith(" It is tried again.")
            await listener.until_tone()
            await until_report(reports, Trouble.NONE)
    assert Trouble.STALLED not in [report.trouble for report in reports]
    assert not any(alive(int(process_id)) for process_id in ssh.read_text().split())


async def test_what_another_machine_plays_is_heard(pulse: PulseServer, ssh: Path) -> None:
    with pulse.play(TONE * 30, "spk"):
        async with listening("ssh:me@devbox/loopback", []) as listener:
            await listener.until_tone()


async def test_answers_are_played_on_the_other_machine(pulse: PulseServer, ssh: Path) -> None:
    sink = RemoteSink.open("devbox", os.environ)
    try:
        with pulse.record() as recording:
            assert not sink.sounding()
            async with asyncio.timeout(DEADLINE_S):
                number = 0
                while sink.heard_ms() < 200:
                    start = number % 50 * FRAME_BYTES
                    sink.write(TONE[start : start + FRAME_BYTES])
                    number += 1
                    await asyncio.sleep(0.02)
            assert sink.sounding()
            sink.flush()
            async with asyncio.timeout(DEADLINE_S):
                while sink.sounding():
                    await asyncio.sleep(0.02)
            heard = recording.samples()
        assert np.abs(heard.astype(np.int32)).max() > 5_000
    finally:
        await sink.close()
        await sink.close()


async def test_a_lost_loudspeaker_is_said_once(ssh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FAR_VARIABLE, "no-such-program")
    monkeypatch.setattr(host, "RETRY_DELAYS_S", (0.05,))
    reports: list[tuple[str, str]] = []
    sink = RemoteSink.open("devbox", os.environ, lambda label, cause: reports.append((label, cause)))
    async with asyncio.timeout(DEADLINE_S):
        while not ssh.exists() or len(ssh.read_text().split()) < 3:
            sink.write(SILENCE)
            await asyncio.sleep(0.02)
    await sink.close()
    ((label, cause),) = reports
    assert label == "devbox"
    assert "not found" in cause


async def test_why_the_other_machine_gives_nothing_is_said_in_its_own_words(
    ssh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAR_VARIABLE, "no-such-program")
    reports: list[SourceReport] = []
    async with listening("ssh:devbox", reports):
        report = await until_report(reports, Trouble.GONE)
    assert "no-such-program" in report.advice
    assert "not found" in report.advice


async def test_a_recording_of_the_other_machine_ends_when_it_is_over(ssh: Path, tmp_path: Path) -> None:
    wav = tmp_path / "it's a talk.wav"
    wav.write_bytes(riff(fmt(rate_hz=48_000), chunk(b"data", encode(tone(0.6, 48_000, TONE_HZ), PCM, 16))))
    source = await open_source(f"ssh:devbox/{wav}")
    async with asyncio.timeout(DEADLINE_S):
        frames = [frame async for frame in source.frames()]
    await source.close()
    sounding = [frame for frame in frames if np.abs(np.frombuffer(frame, "<i2").astype(np.int32)).max() > 2_000]
    assert 27 <= len(sounding) <= 31


async def test_a_source_that_was_never_heard_is_closed_at_once(ssh: Path) -> None:
    source = await open_source("ssh:devbox")
    await source.close()
    await source.close()
    assert not ssh.exists()


@pytest.mark.parametrize(
    ("name", "machine", "source"),
    [
        ("devbox", "devbox", "device"),
        ("me@10.0.0.7/loopback", "me@10.0.0.7", "loopback"),
        ("me@[fe80::1%eth0]/device:Blue Yeti", "me@[fe80::1%eth0]", "device:Blue Yeti"),
    ],
)
def test_a_host_and_its_source_are_told_apart(name: str, machine: str, source: str) -> None:
    assert far_source(name) == (machine, source)


@pytest.mark.parametrize("name", ["", "/loopback", "-oProxyCommand=evil", "two words", "a;b", "$(x)", "ho\nst"])
def test_what_is_no_host_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="needs the name of a host"):
        far_source(name)


def test_a_source_is_one_word_for_the_other_machines_shell() -> None:
    environ = {SSH_VARIABLE: "env ssh -p 2222"}
    command = far_command("devbox", "device:Blue Yeti; rm -rf ~", environ)
    assert command[:4] == ["env", "ssh", "-p", "2222"]
    assert command[-2:] == ["devbox", "sentra-tui audio '--mic=device:Blue Yeti; rm -rf ~'"]


def test_a_missing_ssh_is_said() -> None:
    with pytest.raises(SourceError, match="no-ssh is not installed here"):
        far_command("devbox", "device", {SSH_VARIABLE: "no-ssh"})


@pytest.mark.parametrize("variable", [SSH_VARIABLE, FAR_VARIABLE])
def test_a_command_with_an_open_quotation_is_said(variable: str) -> None:
    with pytest.raises(SourceError, match=f"{variable} is not a command: no closing quotation"):
        far_command("devbox", "device", {SSH_VARIABLE: "sh", variable: "sh 'x"})


HOSTILE = """#!{python}
import struct, sys, time
out = sys.stdout.buffer
def frame(kind, payload):
    out.write(struct.pack(">4sBBBBHII", b"\\xf5SNT", 1, kind, 3, 0, len(payload), 1, 20) + b"mic" + payload)
frame(2, b'{{"x":' + b"[" * 4000)
frame(1, bytes(range(256)) * 16)
frame(2, b'{{"trouble": "gone", "advice": "\\u001b]0;x\\u0007 pulled"}}')
out.flush()
time.sleep(60)
"""


async def test_what_a_hostile_far_side_sends_ends_nothing(tmp_path: Path) -> None:
    script = tmp_path / "far"
    script.write_text(HOSTILE.format(python=sys.executable))
    script.chmod(0o700)
    reports: list[SourceReport] = []
    source = RemoteSource([str(script)], "devbox", reports.append)
    listener = Listener(source)
    task = asyncio.create_task(listener.run())
    report = await until_report(reports, Trouble.GONE)
    assert report.advice == "devbox: ␛]0;x␇ pulled"
    assert not task.done()
    await source.close()
    await asyncio.wait_for(task, DEADLINE_S)


LIAR = """#!{python}
import struct, sys, time
out = sys.stdout.buffer
out.write(struct.pack(">4sBBBBHII6sQ?", b"\\xf5SNT", 1, 4, 6, 0, 9, 1, 20, b"answer", 1 << 63, True))
out.flush()
time.sleep(60)
"""


async def test_no_more_was_heard_than_was_sent_whatever_the_far_side_says(tmp_path: Path) -> None:
    script = tmp_path / "far"
    script.write_text(LIAR.format(python=sys.executable))
    script.chmod(0o700)
    sink = RemoteSink([str(script)], "devbox")
    for _ in range(3):
        sink.write(SILENCE)
    async with asyncio.timeout(DEADLINE_S):
        while not sink.heard_ms():
            await asyncio.sleep(0.02)
    assert sink.heard_ms() == 60
    await sink.close()


async def test_the_far_side_ends_with_whoever_started_it(pulse: PulseServer) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sentra_tui", "audio"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        assert (await process.stdout.read(4)).startswith(MARK)
        process.stdin.close()
        await process.stdout.read()
        assert await process.wait() == GONE_STATUS


async def test_the_far_side_sends_nothing_to_a_terminal() -> None:
    controller, terminal = os.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sentra_tui", "audio"), stdout=terminal, stderr=asyncio.subprocess.PIPE
    )
    _, words = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    os.close(controller)
    os.close(terminal)
    assert process.returncode == 2
    assert b"sentra-tui --mic ssh:HOST" in words


async def test_the_far_side_says_in_one_line_why_it_has_no_sound() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sentra_tui", "audio", "--mic=no-such.wav"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, words = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert (process.returncode, output) == (1, b"")
    assert words == b"sentra-tui: no-such.wav does not exist. Check the path.\n"
