"""Hypothesis strategies for the program's own types."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

WHOLE_NUMBERS = st.integers(-(2**53), 2**53)
TEXT = st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE_NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return values of a type: a Struct, a union, or what they are made of."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _constrained(arguments[0], arguments[1:])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([values_of(argument) for argument in arguments])
    if origin in (list, tuple):
        return st.lists(values_of(arguments[0]), max_size=3).map(origin)
    if origin is dict:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind, include_extras=True)
        return st.builds(kind, **{name: values_of(hints[name]) for name in kind.__struct_fields__})
    return _plain(kind)


def _plain(kind: Any) -> st.SearchStrategy[Any]:
    plain: dict[Any, st.SearchStrategy[Any]] = {
        int: WHOLE_NUMBERS,
        float: st.floats(allow_nan=False, allow_infinity=False),
        str: TEXT,
    }
    if kind is Any:
        return JSON
    return plain[kind] if kind in plain else st.from_type(kind)


def _constrained(kind: Any, metadata: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    meta = next(item for item in metadata if isinstance(item, msgspec.Meta))
    if meta.pattern is not None:
        return st.from_regex(meta.pattern)
    if kind is str:
        return st.text(min_size=meta.min_length or 0, max_size=40)
    numbers: Any = st.integers if kind is int else st.floats
    return numbers(meta.ge, meta.le)  # type: ignore[no-any-return]
