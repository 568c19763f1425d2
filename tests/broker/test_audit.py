from __future__ import annotations

import json
import resource
import stat
from pathlib import Path

import pytest

from sentra_tui.broker.audit import Audit, AuditLine, strangers_path
from sentra_tui.domain.errors import ConfigError

NOW_S = 1_700_000_000.25


def test_a_line_says_when_and_only_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "team" / "audit.jsonl"
    audit = Audit(path)
    audit.write(AuditLine(client="::1", outcome="misdirected", status=421), NOW_S)
    audit.close()
    assert json.loads(strangers_path(path).read_text()) == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "client": "::1",
        "outcome": "misdirected",
        "status": 421,
    }


def test_those_who_may_not_come_in_can_neither_fill_the_disk_nor_push_out_what_members_did(tmp_path: Path) -> None:
    path = tmp_path / "team" / "audit.jsonl"
    audit = Audit(path, rotate_bytes=1000)
    audit.write(AuditLine(outcome="minted", status=200, member="ada"), NOW_S)
    for number in range(200):
        audit.write(AuditLine(outcome="token_unknown", status=401, client=str(number)), NOW_S)
        audit.write(AuditLine(outcome="token_revoked", status=401, client=str(number), member="bob"), NOW_S)
        audit.write(AuditLine(outcome="ok", status=200, client=str(number)), NOW_S)
    audit.close()
    kept = sorted(path.parent.iterdir())
    assert [each.name for each in kept] == ["audit.jsonl", "audit.strangers.jsonl", "audit.strangers.jsonl.1"]
    assert all(each.stat().st_size < 1200 for each in kept)
    assert {stat.S_IMODE(each.stat().st_mode) for each in kept} == {0o600}
    assert json.loads(strangers_path(path).read_text().splitlines()[-1])["client"] == "199"
    assert json.loads(path.read_text())["member"] == "ada"


def test_the_file_of_members_is_put_aside_and_another_begun(tmp_path: Path) -> None:
    path = tmp_path / "team" / "audit.jsonl"
    audit = Audit(path, rotate_bytes=1000)
    for number in range(200):
        audit.write(AuditLine(outcome="minted", status=200, member=str(number)), NOW_S)
    audit.close()
    older, newer = path.with_name("audit.jsonl.1"), path
    lines = [json.loads(line)["member"] for each in (older, newer) for line in each.read_text().splitlines()]
    assert lines == [str(number) for number in range(200 - len(lines), 200)]
    assert all(each.stat().st_size < 1200 for each in (older, newer))


def test_a_line_that_has_no_room_as_a_whole_is_told_and_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "team" / "audit.jsonl"
    audit = Audit(path)
    audit.write(AuditLine(outcome="minted", status=200, member="ada"), NOW_S)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, before[1]))
    try:
        with pytest.raises(OSError, match="No space left"):
            audit.write(AuditLine(outcome="minted", status=200, member="bob"), NOW_S)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    audit.write(AuditLine(outcome="minted", status=200, member="eve"), NOW_S)
    audit.close()
    assert [json.loads(line)["member"] for line in path.read_text().splitlines()] == ["ada", "eve"]


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "team" / "audit.jsonl"
    Audit(path).close()
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Audit(path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    directory = tmp_path / "team"
    directory.mkdir(mode=0o700)
    (directory / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError):
        Audit(directory / "audit.jsonl")
    assert not (tmp_path / "elsewhere").exists()
