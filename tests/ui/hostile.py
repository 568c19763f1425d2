"""Text that a terminal, a markup parser or an eye would obey."""

from __future__ import annotations

PAYLOADS = {
    "CSI": "A\x1b[31;7mB",
    "OSC0": "C\x1b]0;PWNED\x07D",
    "OSC52": "E\x1b]52;c;UFdORUQ=\x1b\\F",
    "OSC8": "G\x1b]8;;http://evil.example\x1b\\H\x1b]8;;\x1b\\",
    "C1CSI": "I\x9b31mJ",
    "C1OSC": "K\x9d0;C1PWN\x9cL",
    "DCS": "M\x1bPq#0\x1b\\N",
    "RIS": "O\x1bcP",
    "BS": "Q\x08R",
    "CR": "S\rT",
    "NUL": "U\x00V",
    "DEL": "W\x7fX",
    "BIDI": "Y\u202eZ",
    "ZWSP": "a\u200bb",
    "LS": "c\u2028d",
    "CLICK": "[@click=app.quit]e[/]",
    "STYLE": "[bold red]f[/]",
    "LINK": "[link=http://evil.example/x]g[/link]",
    "VT": "h\x0bi",
    "FF": "j\x0ck",
    "SO": "l\x0em",
    "NEL": "n\x85o",
    "BEL": "p\x07q",
}


LEAKS = (
    b"\x1b[31;7m",
    b"\x1b]0;",
    b"\x1b]52;",
    b"\x1b]8;",
    b"\x1bP",
    b"\x1bc",
    b"PWNED\x07",
    "\x9b".encode(),
    "\x9d".encode(),
    "\x9c".encode(),
    "\x85".encode(),
    "\u202e".encode(),
    "\u200b".encode(),
    "\u2028".encode(),
    b"Q\x08",
    b"U\x00",
    b"\x7f",
    b"h\x0b",
    b"j\x0c",
    b"l\x0e",
    b"p\x07",
)
"""Bytes that must never reach the terminal from a text; Textual itself writes none of them."""


def hostile() -> list[str]:
    return [f"{name}={payload}" for name, payload in PAYLOADS.items()]
