from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.config import DEMO_TRANSCRIPTION_MODEL
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.prices import ModelPrice, Prices, Rates, load_prices
from sentra_tui.domain.provider_config import shipped_providers
from sentra_tui.domain.usage import Usage

SHIPPED = load_prices(None)
MILLION = 1_000_000


def own(tmp_path: Path, text: str) -> Prices:
    path = tmp_path / "prices.toml"
    path.write_text(text)
    return load_prices(path)


def test_the_shipped_table_is_dated() -> None:
    assert SHIPPED.as_of == date(2026, 11, 21)


def test_every_shipped_model_has_a_price() -> None:
    for model, price in SHIPPED.models.items():
        assert price.per_minute is not None or price.text.input is not None, model


def test_every_model_of_openai_and_of_the_local_provider_has_a_price() -> None:
    tokens, seconds = Usage(text_in=5, cached_text_in=1, text_out=5), Usage(seconds=5)
    for profile in map(shipped_providers().__getitem__, ("openai", "local")):
        for model in (profile.model, profile.economy_model):
            assert SHIPPED.price(model, Usage(text_in=5, audio_in=5, text_out=5, audio_out=5)) is not None
        for model in (profile.main_model, profile.small_main_model):
            assert SHIPPED.price(model, tokens) is not None
        for model in (profile.mic_transcription_model, profile.speaker_transcription_model):
            assert SHIPPED.price(model, seconds) is not None


def test_the_local_provider_costs_nothing() -> None:
    local = shipped_providers()["local"]
    assert SHIPPED.price(local.model, Usage(text_in=9, text_out=9, audio_out=9)) == 0.0
    assert SHIPPED.price(local.main_model, Usage(text_in=9, text_out=9)) == 0.0
    assert SHIPPED.price(local.mic_transcription_model, Usage(seconds=9)) == 0.0
    assert SHIPPED.price(DEMO_TRANSCRIPTION_MODEL, Usage(seconds=9)) == 0.0


def test_each_modality_has_its_price_and_cached_tokens_are_a_part_of_the_input() -> None:
    usage = Usage(
        text_in=1000, audio_in=2000, image_in=300, cached_text_in=400, cached_audio_in=500, cached_image_in=100,
        text_out=60, audio_out=70,
    )  # fmt: skip
    text = 600 * 4 + 400 * 0.4 + 60 * 24
    audio = 1500 * 32 + 500 * 0.4 + 70 * 64
    image = 200 * 5 + 100 * 0.5
    assert SHIPPED.price("gpt-realtime-2.1", usage) == pytest.approx((text + audio + image) / MILLION)


def test_sound_is_billed_by_the_minute() -> None:
    assert SHIPPED.price("gpt-transcribe", Usage(seconds=120)) == pytest.approx(0.009)


def test_an_unknown_price_is_not_zero() -> None:
    assert SHIPPED.price("somebodys-model", Usage(text_in=1)) is None
    assert SHIPPED.price("", Usage(text_in=1)) is None
    assert SHIPPED.price("gpt-transcribe", Usage(audio_in=1)) is None
    assert SHIPPED.price("gpt-6-luna", Usage(seconds=1)) is None
    assert SHIPPED.price("gpt-6-luna", Usage(text_in=5, image_in=1)) is None


@pytest.mark.parametrize(
    ("model", "like"),
    [
        ("gpt-realtime-2.1-2026-10-06", "gpt-realtime-2.1"),
        ("gpt-realtime-2.1-mini-2026-10-06", "gpt-realtime-2.1-mini"),
        ("gpt-realtime-2026-10-06", "gpt-realtime"),
        ("gpt-realtime-20261006", "gpt-realtime"),
        ("gpt-realtime-1006", "gpt-realtime"),
        ("gpt-realtime-3", None),
        ("gpt-realtime-maxi", None),
        ("gpt-realtime-2.1-preview", None),
        ("gpt-realtime-2026-10-06-mini", None),
    ],
)
def test_a_dated_version_costs_what_the_model_costs(model: str, like: str | None) -> None:
    usage = Usage(text_in=1000, text_out=1000)
    assert SHIPPED.price(model, usage) == (None if like is None else SHIPPED.price(like, usage))


def test_cached_tokens_without_a_price_cost_what_all_input_costs() -> None:
    assert Rates(input=2.0).price(MILLION, MILLION // 2, 0) == pytest.approx(2.0)


@pytest.mark.parametrize(("model", "by_time"), [("gpt-live-transcribe", True), ("gpt-transcribe", False), ("x", False)])
def test_some_models_cost_money_while_nobody_speaks(model: str, by_time: bool) -> None:
    assert SHIPPED.billed_by_time(model) == by_time


def test_the_users_table_stands_before_the_shipped_one(tmp_path: Path) -> None:
    prices = own(
        tmp_path, 'as_of = 2027-01-02\n[models."gpt-6-luna"]\ntext = { input = 1 }\n[models.mine]\nper_minute = 6'
    )
    assert prices.as_of == date(2027, 1, 2)
    assert prices.price("gpt-6-luna", Usage(text_in=MILLION)) == 1.0
    assert prices.price("gpt-6-luna", Usage(text_out=1)) is None
    assert prices.price("mine", Usage(seconds=30)) == 3.0
    assert prices.price("gpt-6-sol", Usage(text_in=MILLION)) == 2.0


def test_no_table_of_the_users_leaves_the_shipped_one(tmp_path: Path) -> None:
    assert load_prices(tmp_path / "absent.toml") == SHIPPED
    assert own(tmp_path, "") == SHIPPED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[model.x]", "unknown key model. Did you mean models?"),
        ("[models.x]\nper_minit = 1", "unknown key models.x.per_minit. Did you mean models.x.per_minute?"),
        ("[models.x.text]\ninputs = 1", "unknown key models.x.text.inputs. Did you mean models.x.text.input?"),
        ("[models.good]\n[models.x]\ntext = { input = 'a' }", "models.x.text.input: expected float | null, got str"),
        ("[models.x]\nper_minute = -1", "models.x.per_minute: expected float >= 0"),
        ("as_of = 'soon'", "as_of"),
        ("what is this", "line 1"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_the_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        own(tmp_path, text)
    assert words in str(caught.value)
    assert "prices.toml" in str(caught.value)


_counts = st.integers(0, 10**6)
_rates = st.builds(Rates, input=st.floats(0, 100), cached=st.floats(0, 100) | st.none(), output=st.floats(0, 100))


@given(st.builds(ModelPrice, text=_rates, audio=_rates), _counts, _counts, _counts, _counts)
def test_two_bills_cost_what_one_of_both_costs(price: ModelPrice, one: int, two: int, three: int, four: int) -> None:
    first = Usage(text_in=one, cached_text_in=one // 2, text_out=two)
    second = Usage(audio_in=three, cached_audio_in=three // 3, audio_out=four)
    apart = (price.price(first) or 0.0) + (price.price(second) or 0.0)
    assert price.price(first + second) == pytest.approx(apart)
