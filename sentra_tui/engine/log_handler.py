"""The engine's log: what its own modules say, and warnings of others; at DEBUG, libraries write what they send."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from sentra_tui.domain.log_file import is_long, open_log

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
OURS = __name__.partition(".")[0]


def log_to(path: Path | None, level: int = logging.INFO) -> None:
    """Have this process log to `path`, and to standard error without one."""
    handler = logging.StreamHandler(sys.stderr) if path is None else LogFileHandler(path)
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(_may_be_written)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _may_be_written(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] == OURS


class LogFileHandler(logging.Handler):
    """Writes to a log file, and to a new one when that has become long.

    Standard output and error follow to the new file where they were the old one: there native libraries print.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._log = open_log(path)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; one that cannot be written is not worth ending for."""
        try:
            os.write(self._log, (self.format(record) + "\n").encode("utf-8", "backslashreplace"))
            if is_long(self._log):
                self._begin_another()
        except OSError:
            return

    def close(self) -> None:
        """Let go of the file."""
        if self._log >= 0:
            os.close(self._log)
            self._log = -1
        super().close()

    def _begin_another(self) -> None:
        old, self._log = self._log, open_log(self._path)
        for number in (1, 2):
            if os.path.sameopenfile(number, old):
                os.dup2(self._log, number)
        os.close(old)
