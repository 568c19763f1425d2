"""`sentra-tui broker`: run the token service of a team, and say who is in the team."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from sentra_tui.broker.members import Member, MembersFile
    from sentra_tui.domain.config import Config
    from sentra_tui.domain.errors import SentraError

DEFAULT_PORT = 8790
DEFAULT_DAYS = 90
_HELP = ("-h", "--help")


class _ServesByDefault(click.Group):
    """A group whose command is `serve` where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in where it is left out."""
        if not args or (args[0].startswith("-") and args[0] not in _HELP):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


_members_option = click.option(
    "--members", "path", metavar="PATH", type=click.Path(path_type=Path), help="The file of members."
)


@click.group(cls=_ServesByDefault, context_settings={"help_option_names": list(_HELP)})
def broker() -> None:
    """Give short-lived secrets to a team, so that its API key stays on this host."""


@broker.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address; others than this need TLS.")
@click.option("--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True, help="0: a free one.")
@click.option("--cert", metavar="FILE", type=click.Path(path_type=Path), help="The certificate, with its chain (PEM).")
@click.option("--key-file", metavar="FILE", type=click.Path(path_type=Path), help="The certificate's private key.")
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="The configuration: [broker].")
@_members_option
@click.option("--name", "names", metavar="HOST", multiple=True, help="A name by which it is reached; may be repeated.")
@click.option("--audit", metavar="FILE", help="Where each request is written down; - is standard error.")
def serve(
    host: str,
    port: int,
    cert: Path | None,
    key_file: Path | None,
    config: Path | None,
    path: Path | None,
    names: tuple[str, ...],
    audit: str | None,
) -> None:
    """Answer POST /api/realtime/session for members."""
    import logging

    from sentra_tui.broker.server import BrokerOptions, run
    from sentra_tui.domain.errors import SentraError

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="broker: %(message)s")
    options = BrokerOptions(
        host=host,
        port=port,
        cert=cert,
        key_file=key_file,
        members=path or _directory() / "members.json",
        audit=None if audit == "-" else Path(audit) if audit else _directory() / "audit.jsonl",
        names=names,
    )
    try:
        sys.exit(run(options, _config(config), os.environ))
    except SentraError as error:
        _fail(error)


@broker.command("add-member")
@click.argument("name")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=DEFAULT_DAYS, show_default=True, help="How long it is so."
)
@_members_option
def add_member(name: str, days: int, path: Path | None) -> None:
    """Let NAME ask, and show the token: once, on standard output."""
    from sentra_tui.domain.errors import ConfigError

    try:
        token = _members(path).add(name, days, time.time())
    except ConfigError as error:
        _fail(error)
    click.echo(token.reveal())
    click.echo(
        f"This is {name}'s token for {days} days. It is shown now and never again: hand it over where nobody reads it.",
        err=True,
    )


@broker.command()
@click.argument("name")
@_members_option
def revoke(name: str, path: Path | None) -> None:
    """Make the token of NAME worthless, for a running broker at once."""
    from sentra_tui.domain.errors import ConfigError

    try:
        _members(path).revoke(name, time.time())
    except ConfigError as error:
        _fail(error)
    click.echo(f"The token of {name} is worthless now. Calls that it opened go on.", err=True)


@broker.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
@_members_option
def members(as_json: bool, path: Path | None) -> None:
    """List who may ask; never a token."""
    import msgspec

    from sentra_tui.domain.errors import ConfigError

    try:
        known = _members(path).read()
    except ConfigError as error:
        _fail(error)
    now_s = time.time()
    rows = [
        {
            "name": member.name,
            "state": member.state(now_s),
            "created_at": member.created_at,
            "expires_at": member.expires_at,
        }
        for member in known
    ]
    if as_json:
        click.echo(msgspec.json.encode({"members": rows}).decode())
        return
    for member in known:
        click.echo(_row(member, now_s))


def _row(member: Member, now_s: float) -> str:
    until = time.strftime("%Y-%m-%d", time.gmtime(member.expires_at))
    return f"{member.name:<24}  {member.state(now_s):<8}  until {until}"


def _members(path: Path | None) -> MembersFile:
    from sentra_tui.broker.members import MembersFile

    return MembersFile(path or _directory() / "members.json")


def _config(path: Path | None) -> Config:
    import platformdirs

    from sentra_tui.domain import config_file

    return config_file.load(path or platformdirs.user_config_path("sentra-tui", appauthor=False) / "config.toml")


def _directory() -> Path:
    import platformdirs

    return platformdirs.user_data_path("sentra-tui", appauthor=False) / "broker"


def _fail(error: SentraError) -> NoReturn:
    click.echo(f"sentra-tui broker: {error}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    broker()
