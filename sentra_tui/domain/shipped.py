"""Tables that ship with the package: TOML beside the code that reads it."""

from __future__ import annotations

import tomllib
from collections.abc import Container
from importlib import resources
from typing import TypeVar

import msgspec

FALLBACK_LANGUAGE = "en"

Kind = TypeVar("Kind")


def read_shipped(name: str, kind: type[Kind]) -> Kind:
    """Return the table `name` as `kind`."""
    text = resources.files("sentra_tui.domain").joinpath(name).read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), kind)


def nearest_language(language: str, known: Container[str]) -> str:
    """Return the known language that ISO 639-1 `language` is, a region or not; English where it is none of them."""
    name = language.partition("-")[0].lower()
    return name if name in known else FALLBACK_LANGUAGE
