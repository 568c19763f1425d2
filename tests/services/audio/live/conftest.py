"""A sound server of each test's own: what these tests do to it would hurt others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pulse import PulseServer, running_pulse


@pytest.fixture
def pulse() -> Iterator[PulseServer]:
    """A private sound server, running."""
    yield from running_pulse()
