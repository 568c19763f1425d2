"""The page about reliability promises nothing that no test proves."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reliability.md"
_ROW = re.compile(r"^\| (\d+) \|.*$", re.MULTILINE)
_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows() -> dict[int, list[tuple[str, str]]]:
    """Return the tests that the page names for each row of the scoreboard: file and name."""
    return {int(row[1]): _TEST.findall(row[0]) for row in _ROW.finditer(PAGE.read_text(encoding="utf-8"))}


@cache
def proven(file: str) -> dict[str, set[int]]:
    """Return the rows that each test of a file is marked with."""
    found = {}
    for node in ast.parse((TESTS / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = {number for decorator in node.decorator_list for number in _marked(decorator)}
    return found


def _marked(decorator: ast.expr) -> list[int]:
    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.row":
        return [ast.literal_eval(argument) for argument in decorator.args]
    return []


@pytest.mark.parametrize("row", sorted(rows()))
def test_each_row_names_tests_that_exist_and_are_marked_with_it(row: int) -> None:
    tests = rows()[row]
    assert tests
    for file, name in tests:
        assert row in proven(file).get(name, set()), f"{file}::{name} does not prove row {row}"


def test_the_rows_of_the_scoreboard_that_this_is_about_are_all_there() -> None:
    assert set(rows()) == {1, *range(3, 15), *range(17, 20), 21, 22, *range(25, 29)}
