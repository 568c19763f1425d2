"""What a user gets: the wheel, built from this checkout."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (path,) = out.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_carries_every_theme(wheel: zipfile.ZipFile) -> None:
    shipped = {Path(name).name for name in wheel.namelist() if name.startswith("sentra_tui/themes/")}
    assert shipped == {path.name for path in (ROOT / "themes").glob("*.toml")}
    assert len(shipped) >= 6


def test_the_wheel_carries_every_module_and_data_file(wheel: zipfile.ZipFile) -> None:
    tracked = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "sentra_tui").rglob("*")
        if path.is_file() and path.suffix in {".py", ".sql", ".tcss", ".toml", ".typed"}
    }
    assert tracked <= set(wheel.namelist())


def test_the_wheel_carries_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"sentra_tui"}


def test_no_registry_is_named_in_the_project_file() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert "://" not in text
    assert "index" not in tomllib.loads(text)
