"""The command line. Each command imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentra_tui import __version__
from sentra_tui.cli.places import choose_files, config_dir, default_config, default_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentra_tui.domain.config import Config
    from sentra_tui.link import EngineLink


_ROADS = click.Choice(["auto", "webrtc", "websocket", "http"])
_PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
"""For a command whose arguments are read by whoever carries it out."""


def _stream_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where sound comes from and who answers."""
    options = [
        click.option("--mic", metavar="SOURCE", help="device, device:NAME, a WAV file, demo or none; docs/sound.md."),
        click.option("--speaker", metavar="SOURCE", help="loopback (what the others say), or as for --mic."),
        click.option("--stream", metavar="NAME=SOURCE", multiple=True, help="One more stream; may be repeated."),
        click.option("--output", metavar="NAME", help="Where answers are played, as `sentra-tui devices` names it."),
        click.option("--headphones", is_flag=True, help="Nothing is heard in the room: leave echo alone."),
        click.option("--loop", is_flag=True, help="Begin recordings again when they end."),
        click.option("--provider", metavar="NAME", help="A provider (`sentra-tui providers`), or a server's URL."),
        click.option("--transport", metavar="ROAD", help="auto, webrtc, websocket or http.", type=_ROADS),
        click.option(
            "--stt-model",
            metavar="DIR",
            type=click.Path(path_type=Path),
            help="A Whisper model for the local provider (needs the whisper extra).",
        ),
        click.option("--llm", metavar="URL", help="An OpenAI-compatible endpoint that answers for the local provider."),
        click.option("--llm-model", metavar="NAME", help="Its model; the first that it has, if not given."),
        click.option("--new-talk", is_flag=True, help="Begin a new talk; a young one is opened again otherwise."),
        click.option("--no-journal", is_flag=True, help="Write nothing of this talk down."),
        click.option("--config", type=click.Path(path_type=Path), help="The configuration file."),
        click.option("--log", type=click.Path(path_type=Path), help="The log file (never words, sound or keys)."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sentra-tui", message="%(prog)s %(version)s")
@_stream_options
@click.option("--theme", metavar="NAME", help="A colour theme; the palette (ctrl+p) shows them all.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.pass_context
def main(context: click.Context, /, **choices: Any) -> None:
    """Open the screen: two live streams, a quick answer beside them.

    Without a key it runs on the local provider, with a demo talk on both streams.
    """
    if context.invoked_subcommand is None:
        sys.exit(_open_screen(**choices))


@main.command()
@_stream_options
@click.option("--exit-at-end", is_flag=True, help="Quit when the recordings have ended and their words have come.")
def headless(**choices: Any) -> None:
    """Run without a screen: actions in on standard input, changes out on standard output, as JSON lines."""
    from sentra_tui.engine.__main__ import main as run_engine
    from sentra_tui.engine.options import EngineOptions

    choices["config"] = choices["config"] or default_config()
    _load_config(choices["config"], choices["provider"])
    choose_files(choices)
    choices["new_talk"] = choices["new_talk"] or choices["exit_at_end"]
    sys.exit(run_engine(EngineOptions(**choices, standard_input=True)))


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port on 127.0.0.1; 0 takes a free one.")
@click.option(
    "--stt-model", type=click.Path(path_type=Path), help="A Whisper model directory (needs the whisper extra)."
)
@click.option("--llm", metavar="URL", help="An OpenAI-compatible server that answers (its key: SENTRA_LLM_KEY).")
@click.option("--llm-model", metavar="NAME", help="Its model; the first that it lists, if not given.")
@click.option("--plan", type=click.Path(path_type=Path), help="A JSON file of faults to play, for tests.")
def provider(**choices: Any) -> None:
    """Run the local provider alone: an OpenAI-compatible realtime server on this machine."""
    from sentra_tui.provider.__main__ import main as run_provider

    sys.exit(run_provider(_arguments(choices)))


@main.command()
@click.option("--mic", metavar="SOURCE", default="device", help="The microphone: device, device:NAME or none.")
@click.option("--speaker", metavar="SOURCE", default="none", help="What is played here: loopback, loopback:NAME.")
def audio(**sources: str) -> None:
    """Give this machine's sound to another one, and play what comes back: the far side of `--mic ssh:HOST`.

    Frames go out on standard output and come in on standard input; it ends with the latter.
    """
    from sentra_tui.services.audio.remote.far import main as run_far

    sys.exit(run_far({stream: source for stream, source in sources.items() if source != "none"}))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def devices(as_json: bool) -> None:
    """List the sound devices: what names each of them, and which are used where none is named.

    Exits with 2 where there is no sound system.
    """
    from sentra_tui.services.audio.inventory.listing import list_devices
    from sentra_tui.services.audio.inventory.quiet import native_errors_dropped
    from sentra_tui.services.audio.inventory.report import report_json, report_text

    with native_errors_dropped():
        found = list_devices()
    click.echo(report_json(found) if as_json else report_text(found))
    sys.exit(0 if found.devices or found.backend else 2)


@main.command()
@click.argument("url", required=False)
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def providers(url: str | None, config: Path | None, as_json: bool) -> None:
    """List the providers that are known: where each is, its key, its roads; with URL, ask a server what it speaks.

    Exits with 2 where the server cannot be reached.
    """
    from sentra_tui.cli import provider_listing as listing

    if url is not None:
        sys.exit(listing.print_findings(url, os.environ, as_json=as_json))
    listing.print_profiles(_load_config(config or default_config(), None), os.environ, as_json=as_json)


@main.command()
@click.option("--provider", metavar="NAME", help="A provider (`sentra-tui providers`), or a server's URL.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file.")
@click.option("--listen", is_flag=True, help="Record half a second of the microphone, to hear whether it works.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")
def doctor(provider: str | None, config: Path | None, listen: bool, as_json: bool) -> None:
    """Look for what is in the way: machine, sound, provider, files; say what helps. Takes 15 s at most.

    Exits with 1 where something failed. No key is shown, and nothing is asked that costs.
    """
    from sentra_tui.cli.doctor import run_doctor
    from sentra_tui.doctor.examination import Places, Wishes

    choices: dict[str, Any] = {"no_journal": False}
    choose_files(choices)
    places = Places(
        config=config or default_config(),
        journal=choices["journal"],
        recordings=choices["recordings"],
        log=default_log(),
        spool=choices.get("spool"),
    )
    status = run_doctor(Wishes(places, provider, listen), os.environ, as_json=as_json)
    sys.stdout.flush()
    os._exit(status)  # a resolver or a disk that hangs would hold the end up


@main.command()
@click.argument("names", nargs=-1, type=click.Choice(["start", "dial", "turns", "restart", "quality"]))
@click.option("--trials", type=click.IntRange(1, 1000), default=10, show_default=True, help="How often each is tried.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of a table.")
def bench(names: tuple[str, ...], trials: int, as_json: bool) -> None:
    """Measure this machine on the demo talk with the local provider: NAMES of what, or all. Takes about a minute.

    Nothing leaves the machine, nothing is written down. Ctrl-c ends it and prints what there is.
    """
    from sentra_tui.cli.bench import run_bench

    sys.exit(run_bench(default_log(), names, trials, as_json=as_json))


@main.command(context_settings=_PASSED_ON, add_help_option=False)
@click.pass_context
def broker(context: click.Context) -> None:
    """Run a token service for a team: its key stays on one host. `broker --help` has the commands."""
    from sentra_tui.broker.cli import broker as commands

    commands.main(args=context.args, prog_name="sentra-tui broker")


def _open_screen(theme: str | None, no_mouse: bool, **choices: Any) -> int:
    # Until the first paint, when the screen turns it on again: collecting costs a twentieth of all the imports.
    gc.disable()
    from sentra_tui.ui.terminal import refusal

    reason = refusal(os.environ)
    if reason:
        click.echo(f"sentra-tui: {reason}", err=True)
        return 2
    choices["config"] = choices["config"] or default_config()
    config = _load_config(choices["config"], choices["provider"])
    log_path = choices["log"] = choices["log"] or default_log()
    choose_files(choices)

    from sentra_tui.ui.app import run
    from sentra_tui.ui.options import AppOptions

    def start(name: str) -> EngineLink:
        from sentra_tui.link import EngineLink

        arguments = {**choices, "provider": name or choices["provider"]}
        return EngineLink(_arguments(arguments), log_path)

    return run(
        AppOptions(
            choices=_provider_choices(config, choices["provider"]),
            start=start,
            theme=theme or config.theme,
            keys=config.keys,
            themes_dirs=(config_dir() / "themes",),
            log_path=log_path,
            mouse=not no_mouse,
        )
    )


def _arguments(choices: dict[str, Any]) -> list[str]:
    """Return the choices as another process's command line; none of them is ever a secret."""
    arguments: list[str] = []
    for name, value in choices.items():
        if value is True:
            arguments.append(f"--{name.replace('_', '-')}")
        elif isinstance(value, tuple):
            arguments.extend(f"--{name.replace('_', '-')}={each}" for each in value)
        elif value:
            arguments.append(f"--{name.replace('_', '-')}={value}")
    return arguments


def _provider_choices(config: Config, provider: str | None) -> tuple[Any, ...]:
    """Return the providers to choose from, none where it is decided or where only one can work."""
    from sentra_tui.domain.config import LOCAL
    from sentra_tui.ui.options import ProviderChoice

    if provider or config.provider:
        return ()
    with_key = [
        ProviderChoice(name, profile.label or name, f"{profile.key_env} is set")
        for name in config.provider_names()
        if (profile := config.profile(name)) and profile.key_env and os.environ.get(profile.key_env)
    ]
    if not with_key:
        return ()
    return (*with_key, ProviderChoice(LOCAL, "local", "no key, nothing leaves this machine"))


def _load_config(path: Path, provider: str | None) -> Config:
    """Return the configuration, in which `provider` exists; where it cannot be used, say why and exit with 2."""
    from sentra_tui.domain import config_file
    from sentra_tui.domain.config import LOCAL
    from sentra_tui.domain.errors import ConfigError
    from sentra_tui.domain.provider_config import names_a_server

    try:
        config = config_file.load(path)
        name = provider or config.provider or LOCAL
        if not names_a_server(name):
            config.require_profile(name)
    except ConfigError as error:
        click.echo(f"sentra-tui: {error}", err=True)
        sys.exit(2)
    return config


if __name__ == "__main__":
    main()
