from __future__ import annotations

import ast
import inspect
import json
import multiprocessing
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sentra_tui.broker import members as members_module
from sentra_tui.broker import roster as roster_module
from sentra_tui.broker.audit import Audit
from sentra_tui.broker.members import DAY_S, MembersFile, digest
from sentra_tui.broker.roster import Roster
from sentra_tui.domain.errors import ConfigError
from tests.broker.team import Team

NOW_S = 1_700_000_000.0


@pytest.fixture
def members(tmp_path: Path) -> MembersFile:
    return MembersFile(tmp_path / "team" / "members.json")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_token_has_256_random_bits_and_only_its_hash_is_written(members: MembersFile) -> None:
    tokens = [members.add(f"member-{number}", 1, NOW_S).reveal() for number in range(20)]
    assert len({len(token) for token in tokens}) == 1
    assert len(tokens[0]) == len("smt_") + 43, "43 characters of base64 are 256 bits and two more"
    written = members.path.read_text()
    assert not any(token[4:] in written for token in tokens)
    assert all(digest(token.encode()) in written for token in tokens)


def test_the_files_of_members_are_for_their_owner_only_whatever_the_umask(members: MembersFile) -> None:
    members.add("ada", 1, NOW_S)
    members.revoke("ada", NOW_S)
    assert mode(members.path.parent) == 0o700
    assert {path.name: mode(path) for path in members.path.parent.iterdir()} == {
        "members.json": 0o600,
        "members.json.lock": 0o600,
    }


def test_the_directories_above_are_for_their_owner_only_too_whatever_the_umask(tmp_path: Path) -> None:
    MembersFile(tmp_path / "share" / "app" / "team" / "members.json").add("ada", 1, NOW_S)
    assert {mode(tmp_path / made) for made in ("share", "share/app", "share/app/team")} == {0o700}


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused_and_not_waited_for(members: MembersFile, make: Callable[[Path, int], None]) -> None:
    members.path.parent.mkdir(mode=0o700)
    make(members.path, 0o700)
    with pytest.raises(ConfigError, match="is not a file"):
        members.read()
    with pytest.raises(ConfigError):
        Audit(members.path)


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_use_is_refused_with_what_helps(members: MembersFile, loose: int) -> None:
    members.add("ada", 1, NOW_S)
    members.path.chmod(loose)
    with pytest.raises(ConfigError, match="chmod 600"):
        members.read()


def test_a_directory_that_others_may_enter_is_refused_with_what_helps(members: MembersFile) -> None:
    members.path.parent.mkdir(mode=0o755)
    with pytest.raises(ConfigError, match="chmod 700"):
        members.add("ada", 1, NOW_S)


def test_no_link_is_followed(members: MembersFile, tmp_path: Path) -> None:
    members.path.parent.mkdir(mode=0o700)
    target = tmp_path / "elsewhere"
    target.write_text('{"members": []}')
    target.chmod(0o600)
    members.path.symlink_to(target)
    with pytest.raises(ConfigError):
        members.read()


@pytest.mark.parametrize("content", ["", "[]", '{"members": [{"name": "ada"}]}', '{"members": 1}', "{", '{"more": 1}'])
def test_a_file_that_is_no_list_of_members_is_said(members: MembersFile, content: str) -> None:
    members.add("ada", 1, NOW_S)
    members.path.write_text(content)
    with pytest.raises(ConfigError, match="is not a list of members"):
        members.read()


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "a\n", "x" * 65, "ü", "../a", "\x1b[2J"])
def test_a_member_has_a_plain_name(members: MembersFile, name: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        members.add(name, 1, NOW_S)
    assert "\x1b" not in str(refusal.value)


def test_a_name_is_given_twice_only_after_its_token_is_worthless(members: MembersFile) -> None:
    first = members.add("ada", 1, NOW_S).reveal()
    with pytest.raises(ConfigError, match="revoke"):
        members.add("ada", 1, NOW_S + 1)
    members.revoke("ada", NOW_S + 2)
    second = members.add("ada", 1, NOW_S + 3).reveal()
    roster = Roster(members)
    assert roster.find(first.encode()) is None
    found = roster.find(second.encode())
    assert found is not None
    assert found.state(NOW_S + 4) == "active"
    assert found.state(NOW_S + 3 + DAY_S) == "expired"
    assert len(members.read()) == 1


def test_who_is_no_member_cannot_be_revoked(members: MembersFile) -> None:
    with pytest.raises(ConfigError, match="no member called bob"):
        members.revoke("bob", NOW_S)


def test_writers_at_the_same_time_lose_nobody(members: MembersFile) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add_some, args=(str(members.path), number)) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(members.read()) == 30


def _add_some(path: str, number: int) -> None:
    for index in range(10):
        MembersFile(Path(path)).add(f"member-{number}-{index}", 1, NOW_S)


def test_tokens_are_compared_in_constant_time_with_every_member() -> None:
    tree = ast.parse(inspect.getsource(roster_module))
    (find,) = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name == "find"]
    assert "list(map(hmac.compare_digest, self._digests, repeat(hashlib.sha256(token).digest())))" in ast.unparse(find)
    assert not [each for each in ast.walk(find) if isinstance(each, (ast.For, ast.While, ast.Break))]
    for module in (members_module, roster_module):
        compared = [each for each in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(each, ast.Compare)]
        assert not [each for each in compared if "sha256" in ast.unparse(each) or "token" in ast.unparse(each)]


async def test_a_wrong_a_revoked_and_an_expired_token_look_alike(team: Team) -> None:
    revoked, expired = team.join("ada"), team.join("bob", days=-1)
    team.members.revoke("ada", time.time())
    answers = [await team.ask(token) for token in (revoked, expired, "smt_wrong", "", "x" * 500)]
    assert {each.status for each in answers} == {401}
    assert {each.body for each in answers} == {answers[0].body}
    assert {each.headers["www-authenticate"] for each in answers} == {"Bearer"}
    outcomes = [line["outcome"] for line in team.audit()]
    assert outcomes == ["token_revoked", "token_expired", "token_unknown", "token_missing", "token_unknown"]


@pytest.mark.parametrize(
    "shown", ["Basic {token}", "bearer", "Bearer", "Bearer {token} x", "{token}", "Bearer {token}x"]
)
async def test_a_token_is_a_bearer_token(team: Team, shown: str) -> None:
    token = team.join("ada")
    assert (await team.ask(token, Authorization=shown.format(token=token))).status == 401


async def test_a_revoked_token_is_worthless_for_the_very_next_request(team: Team) -> None:
    token = team.join("ada")
    assert (await team.ask(token)).status == 200
    team.members.revoke("ada", time.time())
    assert (await team.ask(token)).status == 401


async def test_a_new_member_is_let_in_by_a_broker_that_runs(team: Team) -> None:
    assert (await team.ask("smt_wrong")).status == 401
    assert (await team.ask(team.join("ada"))).status == 200


async def test_nobody_is_let_in_where_the_file_is_gone_or_broken_until_it_is_back(team: Team) -> None:
    token = team.join("ada")
    whole = team.members.path.read_bytes()
    team.members.path.write_bytes(b"{")
    assert (await team.ask(token)).status == 401
    team.members.path.write_bytes(whole)
    assert (await team.ask(token)).status == 200
    team.members.path.chmod(0o644)
    assert (await team.ask(token)).status == 401
    team.members.path.unlink()
    assert (await team.ask(token)).status == 401


def test_the_list_of_members_has_nothing_to_log_in_with(members: MembersFile) -> None:
    members.add("ada", 1, NOW_S)
    (written,) = json.loads(members.path.read_text())["members"]
    assert set(written) == {"name", "sha256", "created_at", "expires_at", "revoked_at"}
