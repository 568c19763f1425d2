from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.language_model import arpa_trigram
from sentra_tui.provider.recognition import worker_wire
from sentra_tui.provider.recognition.recogniser import Recogniser, RecogniserChoice
from sentra_tui.provider.recognition.sphinx import SphinxEngine
from sentra_tui.provider.recognition.stable_words import StableWords
from sentra_tui.provider.recognition.whisper import check_model
from sentra_tui.provider.recognition.worker import HYPOTHESIS_BEHIND_BYTES, HYPOTHESIS_EVERY_BYTES, Worker
from sentra_tui.provider.server import ProviderStarted
from tests.provider.client import REALTIME, TRANSCRIPTION, Client, calling, read_wav, words_right
from tests.provider.hearing import utterances

SPOKEN = {
    "austen-0870.wav": "and mister john dashwood had then leisure to consider how much there might be prudently in his "
    "power to do for them",
    "austen-0890.wav": "unless to be rather cold hearted and rather selfish is to be ill disposed",
    "cards-005.wav": "eight of spades four of clubs seven of hearts",
    "go-forward.wav": "go forward ten meters",
}
WORDS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8)


@pytest.mark.timeout(150)
async def test_two_recordings_at_once_become_two_transcripts(
    started: ProviderStarted, sample: Callable[[str], Path]
) -> None:
    """Real Opus, DTLS and pacing; the other recordings are recognised without waiting below."""
    names = ("austen-0890.wav", "go-forward.wav")
    audio = {"input": {"transcription": {"model": "pocketsphinx"}}}
    async with calling(started, {**REALTIME, "audio": audio}) as mic, calling(started, TRANSCRIPTION) as speaker:
        texts = await asyncio.gather(hear(mic, sample(names[0])), hear(speaker, sample(names[1])))
        await mic.next("response.done")
    for name, text in zip(names, texts, strict=True):
        assert words_right(SPOKEN[name], text) >= 0.5, text
    assert any(event["type"].endswith("transcription.delta") for event in mic.events)


@pytest.mark.parametrize(("name", "guesses"), [("austen-0870.wav", True), ("cards-005.wav", False)])
def test_recorded_speech_is_recognised_through_opus(name: str, guesses: bool, sample: Callable[[str], Path]) -> None:
    engine = SphinxEngine()
    heard = []
    for utterance in utterances(*read_wav(sample(name))):
        engine.begin(guesses=guesses)
        engine.feed(utterance)
        assert bool(engine.hypothesis()) is guesses
        heard.append(engine.finish())
    assert words_right(SPOKEN[name], " ".join(heard)) >= 0.6, heard


async def hear(client: Client, path: Path) -> str:
    """Play a recording and return all that was made of it."""
    await client.stay_silent(0.5)
    await client.play(*read_wav(path))
    await client.stay_silent(1.0)
    turns = client.kinds().count("input_audio_buffer.committed")
    events = [await client.next("conversation.item.input_audio_transcription.completed") for _ in range(turns)]
    return " ".join(event["transcript"] for event in events)


@given(st.lists(WORDS, max_size=6))
def test_deltas_only_append_and_tell_only_what_two_hypotheses_agreed_on(hypotheses: list[list[str]]) -> None:
    stable = StableWords()
    told = ""
    for before, now in zip([[], *hypotheses], hypotheses, strict=False):
        delta = stable.feed(" ".join(now))
        told += delta
        if delta:
            length = len(told.split())
            assert before[:length] == now[:length]
    assert told == " ".join(told.split())


def test_a_language_model_of_a_text_sums_to_one_after_each_known_history() -> None:
    lines = arpa_trigram([["a", "b", "a"], ["b", "c"]]).splitlines()
    grams = {tuple(words.split()): (10 ** float(log), backoff) for log, words, backoff in map(_row, lines) if words}
    vocabulary = [gram[0] for gram in grams if len(gram) == 1]

    def probability(history: tuple[str, ...], word: str) -> float:
        if (*history, word) in grams:
            return grams[(*history, word)][0]
        return (
            grams[history][1] * probability(history[1:], word) if history in grams else probability(history[1:], word)
        )

    for history in [gram for gram in grams if len(gram) < 3 and gram[-1] != "</s>"] + [()]:
        assert sum(probability(history, word) for word in vocabulary) == pytest.approx(1, abs=0.01)


def _row(line: str) -> tuple[str, str, float]:
    parts = line.split("\t")
    return (parts[0], parts[1], 10 ** float(parts[2]) if len(parts) > 2 else 1.0) if len(parts) > 1 else ("", "", 1.0)


class Parrot:
    """An engine that says how much it was fed."""

    def begin(self, *, guesses: bool = True) -> None:
        self.bytes = 0

    def feed(self, pcm: bytes) -> None:
        self.bytes += len(pcm)

    def hypothesis(self) -> str:
        return f"about {self.bytes}"

    def finish(self) -> str:
        return str(self.bytes)


def told(*messages: tuple[worker_wire.Request, bool]) -> list[worker_wire.Reply]:
    """Return what a worker says to messages, each with whether others wait behind it."""
    output = io.BytesIO()
    worker = Worker(Parrot(), output)
    for message, behind in messages:
        worker.handle(message, behind)
    replies = []
    output.seek(0)
    while head := output.read(worker_wire.LENGTH_BYTES):
        replies.append(worker_wire.reply(output.read(int.from_bytes(head, "big"))))
    return replies


def test_the_worker_tells_hypotheses_while_sound_comes_and_fewer_while_it_is_behind() -> None:
    size = HYPOTHESIS_EVERY_BYTES
    begin, sound, end = worker_wire.Begin(7), worker_wire.Sound(bytes(size)), worker_wire.End()
    replies = told((begin, False), (sound, True), (sound, False), (end, False))
    assert replies == [worker_wire.Hypothesis(7, f"about {2 * size}"), worker_wire.Final(7, str(2 * size))]


def test_a_worker_that_never_catches_up_tells_hypotheses_all_the_same() -> None:
    size = HYPOTHESIS_EVERY_BYTES
    count = 2 * HYPOTHESIS_BEHIND_BYTES // size
    replies = told((worker_wire.Begin(7), True), *[(worker_wire.Sound(bytes(size)), True)] * count)
    assert replies == [worker_wire.Hypothesis(7, f"about {n * HYPOTHESIS_BEHIND_BYTES}") for n in (1, 2)]


async def test_a_recogniser_that_cannot_start_fails_its_texts_and_says_why(tmp_path: Path) -> None:
    recogniser = Recogniser(RecogniserChoice(whisper=tmp_path), lambda *_: None)
    recogniser.begin()
    with pytest.raises(ProviderError, match=r"[Ww]hisper"):
        await recogniser.end()
    await recogniser.close()


async def test_closing_a_recogniser_in_mid_start_leaves_nothing() -> None:
    for pause_s in (0.0, 0.05):
        recogniser = Recogniser(RecogniserChoice(), lambda *_: None)
        recogniser.start()
        await asyncio.sleep(pause_s)
        await recogniser.close()


def test_a_directory_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProviderError):
        check_model(tmp_path)
