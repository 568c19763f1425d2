"""No widget is given bare text: Textual would run the markup in it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "sentra_tui" / "ui"
FILES = sorted(UI.rglob("*.py"))

TAKES_CONTENT = {
    "Static",
    "Label",
    "Line",
    "Option",
    "Button",
    "Checkbox",
    "Collapsible",
    "ListItem",
    "Tab",
    "TabPane",
    "RadioButton",
    "Link",
    "update",
}
TITLES = {"border_title", "border_subtitle", "tooltip"}
FORBIDDEN = {"from_markup", "from_text", "render_str", "from_ansi", "render_markup"}


def _is_content(node: ast.expr) -> bool:
    """Whether an expression is plainly Content: made on the spot, a variable of that type, or nothing."""
    if isinstance(node, ast.IfExp):
        return _is_content(node.body) and _is_content(node.orelse)
    if isinstance(node, ast.Call):
        return not isinstance(node.func, ast.Attribute) or node.func.attr in ("assemble", "truncate", "rstrip")
    return isinstance(node, ast.Name) or (isinstance(node, ast.Constant) and node.value is None)


def _mistakes_of_call(call: ast.Call) -> list[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    found = []
    if name in FORBIDDEN:
        found.append(f"line {call.lineno}: {name} runs markup or escapes")
    if name in TAKES_CONTENT and call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr | ast.BinOp):
        found.append(f"line {call.lineno}: {name} is given text, not Content")
    markup = next((keyword.value for keyword in call.keywords if keyword.arg == "markup"), None)
    if name == "notify" and not (isinstance(markup, ast.Constant) and markup.value is False):
        found.append(f"line {call.lineno}: notify without markup=False")
    return found


def _mistakes_of_assignment(assign: ast.Assign) -> list[str]:
    titles = [t.attr for t in assign.targets if isinstance(t, ast.Attribute) and t.attr in TITLES]
    return [f"line {assign.lineno}: {title} is not Content" for title in titles if not _is_content(assign.value)]


def mistakes(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found += _mistakes_of_call(node)
        elif isinstance(node, ast.Assign):
            found += _mistakes_of_assignment(node)
    return found


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(UI)) for path in FILES])
def test_text_is_content(path: Path) -> None:
    assert mistakes(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "Static('[b]x[/b]')",
        "Static(f'{name}')",
        "self.query_one(X).update('a' + name)",
        "self.border_title = f'{name}'",
        "self.border_subtitle = name.upper()",
        "self.notify(name)",
        "self.notify(name, markup=True)",
        "Content.from_markup(name)",
        "Option('x')",
    ],
)
def test_each_kind_of_mistake_is_found(source: str) -> None:
    assert mistakes(source)
