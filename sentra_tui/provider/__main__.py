"""`python -m sentra_tui.provider`: the local provider."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sentra_tui.domain.errors import ProviderError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the provider with these arguments and return the exit status."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="provider: %(message)s")
    for chatty in ("aioice", "aiortc", "aiohttp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        from sentra_tui.provider.faults import Plan, load_plan
        from sentra_tui.provider.server import ProviderOptions, run
    except ImportError as error:
        sys.stderr.write(
            f"The local provider needs {error.name}. Install the extra: pip install 'sentra-tui[local]'.\n"
        )
        return 2
    try:
        plan = load_plan(arguments.plan) if arguments.plan else Plan()
        plan = msgspec.structs.replace(plan, dialects=arguments.dialect or plan.dialects)
        return run(
            ProviderOptions(
                port=arguments.port,
                stt_model=arguments.stt_model,
                llm=arguments.llm,
                llm_model=arguments.llm_model,
                plan=plan,
                stop_with_stdin=arguments.stop_with_stdin,
            )
        )
    except ProviderError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sentra-tui provider", description="A local, OpenAI-compatible provider.")
    parser.add_argument("--port", type=int, default=0, help="port on the loopback interface (default: a free one)")
    parser.add_argument("--stt-model", type=Path, metavar="DIR", help="directory of a Whisper model to recognise with")
    parser.add_argument(
        "--llm", default="", metavar="URL", help="an OpenAI-compatible server that answers (its key: SENTRA_LLM_KEY)"
    )
    parser.add_argument("--llm-model", default="", metavar="NAME", help="its model (default: the first that it lists)")
    parser.add_argument(
        "--dialect",
        action="append",
        choices=["ga", "beta"],
        help="what is spoken in sessions (default: ga); repeatable",
    )
    parser.add_argument("--plan", type=Path, metavar="FILE", help="JSON plan of faults, for tests")
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when standard input ends")
    return parser


if __name__ == "__main__":
    sys.exit(main())
