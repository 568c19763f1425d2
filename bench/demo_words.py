"""How many words of recorded speech come out right at the other end of the whole path."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, progress
from bench.new_user import environment, sentra_tui
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import MIC, SPEAKER

DEADLINE_S = 120
RECORDINGS = {
    MIC: (
        "austen-0870.wav",
        "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do "
        "for them",
    ),
    SPEAKER: ("cards-005.wav", "eight of spades four of clubs seven of hearts"),
}
"""For each stream, the file and the words spoken in it."""


def measure(request: Request) -> Measurements:
    """Return the share of words that are right over both streams."""
    files = {stream: _recording(request.samples, name) for stream, (name, _) in RECORDINGS.items()}
    lines = list(_transcribe(files))
    errors = spoken = 0
    notes = []
    for stream, (_, reference) in RECORDINGS.items():
        said, heard = reference.split(), words(" ".join(line.text for line in lines if line.stream == stream))
        wrong = edit_distance(said, heard)
        progress(f"words: {stream} heard: {' '.join(heard)}")
        notes.append(f"{stream} {len(said) - wrong} of {len(said)}")
        errors += wrong
        spoken += len(said)
    value = max(0.0, 1 - errors / spoken)
    return {"demo_words_right_ratio": Measurement(value=value, n=spoken, note=", ".join(notes))}


def words(text: str) -> list[str]:
    """Return the words of a transcript, without case and punctuation."""
    return re.findall(r"[a-z']+", text.lower())


def edit_distance(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words have to be put in, left out or replaced to make one of the other (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, word in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != word))
    return row[-1]


def _recording(samples: str | None, name: str) -> Path:
    if samples is None:
        raise CannotMeasure("there is no recorded speech: give its folder with --samples DIR or SENTRA_SAMPLES")
    path = Path(samples) / name
    if not path.is_file():
        raise CannotMeasure(f"there is no {name} in the samples folder")
    return path


def _transcribe(files: dict[str, Path]) -> Iterator[c.TranscriptCommitted]:
    """Yield the final lines of a run without a screen."""
    sources = [f"--{stream}={path.resolve()}" for stream, path in files.items()]
    command = (*sentra_tui(), "headless", "--provider=local", *sources, "--exit-at-end")
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            command,
            env=environment(Path(home)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=DEADLINE_S,
            check=True,
        )
    decoder = msgspec.json.Decoder(c.Change)
    for line in done.stdout.splitlines():
        change = decoder.decode(line)
        if isinstance(change, c.TranscriptCommitted):
            yield change
