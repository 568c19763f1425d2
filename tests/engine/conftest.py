"""Sound for the engine's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pulse import PulseServer, running_pulse


@pytest.fixture(scope="package")
def pulse() -> Iterator[PulseServer]:
    """A private sound server, running."""
    yield from running_pulse()
