"""A strict reading of the `openai` package's own types: a key that they do not have fails, at every depth."""

from __future__ import annotations

import collections.abc
from types import UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from openai._types import SequenceNotStr
from typing_extensions import is_typeddict


class SchemaError(Exception):
    """Says where a value leaves the schema."""


def check(value: Any, kind: Any, path: str = "$") -> None:
    """Raise SchemaError where `value` is not exactly what the type `kind` allows."""
    origin = get_origin(kind)
    if origin in (Required, NotRequired):
        check(value, get_args(kind)[0], path)
    elif origin in (Union, UnionType):
        _check_union(value, get_args(kind), path)
    elif is_typeddict(kind):
        _check_table(value, kind, path)
    elif origin is Literal:
        _demand(value in get_args(kind), value, kind, path)
    elif origin is dict:
        _demand(isinstance(value, dict), value, kind, path)
        for key, item in value.items():
            check(key, get_args(kind)[0], path)
            check(item, get_args(kind)[1], f"{path}.{key}")
    elif origin in (list, collections.abc.Iterable, SequenceNotStr):
        _demand(isinstance(value, list), value, kind, path)
        for index, item in enumerate(value):
            check(item, get_args(kind)[0], f"{path}[{index}]")
    else:
        _check_plain(value, kind, path)


def _check_union(value: Any, kinds: tuple[Any, ...], path: str) -> None:
    failures = []
    for kind in kinds:
        try:
            check(value, kind, path)
        except SchemaError as failure:
            failures.append(str(failure))
        else:
            return
    raise SchemaError("; ".join(failures))


def _check_table(value: Any, kind: Any, path: str) -> None:
    _demand(isinstance(value, dict), value, kind, path)
    hints = get_type_hints(kind, include_extras=True)
    for key, item in value.items():
        _demand(key in hints, key, kind, f"{path}.{key}")
        check(item, hints[key], f"{path}.{key}")
    missing = {key for key, hint in hints.items() if get_origin(hint) is Required} - value.keys()
    _demand(not missing, missing, kind, path)


def _check_plain(value: Any, kind: Any, path: str) -> None:
    if kind in (object, Any):
        return
    if kind is float:
        _demand(isinstance(value, int | float) and not isinstance(value, bool), value, kind, path)
    elif kind is int:
        _demand(isinstance(value, int) and not isinstance(value, bool), value, kind, path)
    else:
        _demand(isinstance(value, kind), value, kind, path)


def _demand(holds: bool, value: Any, kind: Any, path: str) -> None:
    if not holds:
        raise SchemaError(f"{path}: {value!r} is not {kind}")
