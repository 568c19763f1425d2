"""`python -m sentra_tui.engine`: actions in on standard input, changes out on standard output."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys

import msgspec

from sentra_tui.domain import config_file
from sentra_tui.domain.changes import EngineLost
from sentra_tui.domain.config import Config
from sentra_tui.domain.errors import ConfigError
from sentra_tui.engine import options as engine_options
from sentra_tui.engine.log_handler import log_to
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.run import Engine
from sentra_tui.engine.wiring.inherited import take_keys
from sentra_tui.engine.wiring.probed import with_probed


def main(options: EngineOptions) -> int:
    """Run an engine on this process's standard streams; return its exit status."""
    faulthandler.enable()
    log_to(options.log)
    lines_out = _claim_output()
    try:
        config = config_file.load(options.config) if options.config else Config()
        return asyncio.run(_run(options, config, lines_out))
    except ConfigError as error:
        sys.stderr.write(f"sentra-tui: {error}\n")
        os.write(lines_out, msgspec.json.encode(EngineLost(str(error))) + b"\n")
        return 2


async def _run(options: EngineOptions, config: Config, lines_out: int) -> int:
    environ = take_keys(os.environ, config.providers)
    options, config = await with_probed(options, config, environ)
    return await Engine(options, config, environ).run(lines_out)


def _claim_output() -> int:
    """Keep standard output to ourselves: what a native library prints on it goes to standard error instead."""
    lines_out = os.dup(1)
    os.dup2(2, 1)
    return lines_out


if __name__ == "__main__":
    sys.exit(main(engine_options.parse(sys.argv[1:])))
