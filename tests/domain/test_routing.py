from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.config import MainConfig, Route
from sentra_tui.domain.routing import choose_model


def chosen(question: str, routes: list[Route], *, economy: bool = False) -> str:
    return choose_model(question, routes, model="large", small_model="small", economy=economy)[0]


@pytest.mark.parametrize(
    ("question", "model"),
    [
        ("What is the port of Redis?", "small"),
        ("Which version is it?", "small"),
        ("Why is it slow?", "large"),
        ("HOW does it scale?", "large"),
        ("Can you list everything that we have said about the database until now?", "large"),
        ("What is the trade-off?", "large"),
        ("What does showing it cost?", "small"),
        ("", "large"),
        ("  ", "large"),
        ("port" * 1000, "large"),
    ],
)
def test_the_shipped_route_sends_short_simple_questions_to_the_small_model(question: str, model: str) -> None:
    assert chosen(question, MainConfig().routes) == model


def test_a_route_takes_what_fits_all_that_it_gives() -> None:
    route = Route(max_words=4, pattern="price", unless="total")
    assert chosen("the Price please", [route]) == "small"
    assert chosen("the port please", [route]) == "large"
    assert chosen("the total price", [route]) == "large"
    assert chosen("the price of this and that", [route]) == "large"


def test_one_route_that_fits_is_enough() -> None:
    assert chosen("the port", [Route(pattern="price"), Route(pattern="port")]) == "small"


def test_without_routes_the_large_model_answers() -> None:
    assert chosen("Port?", []) == "large"


@given(st.text(max_size=60), st.lists(st.builds(Route, max_words=st.integers(1, 9) | st.none()), max_size=3))
def test_while_money_is_saved_the_small_model_answers_everything(question: str, routes: list[Route]) -> None:
    assert chosen(question, routes, economy=True) == "small"


def test_why_is_told() -> None:
    def why(routes: list[Route], *, economy: bool = False) -> str:
        return choose_model("the port", routes, model="large", small_model="small", economy=economy)[1]

    assert why([], economy=True) == "money is saved"
    assert why([]) == "no route fits"
    assert why([Route()]) == "route 1: it takes every question"
    assert why([Route(pattern="x"), Route(max_words=8, unless="why")]) == (
        "route 2: at most 8 words, nothing speaks against it"
    )
