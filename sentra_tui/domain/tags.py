"""How the name of a class becomes its tag on the wire."""

from __future__ import annotations

import re


def snake_case(class_name: str) -> str:
    """Return `StreamConnected` as `stream_connected`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()
