"""``runtime-backend vendor`` in a git repository: what git leaves out never reaches the users of a fork."""

from __future__ import annotations

from pathlib import Path

import pytest
from repositories import GIT, git
from standins import write

from runtime_backend.cli import main

PYPROJECT = '[build-system]\nrequires = ["setuptools", "torch"]\nbuild-backend = "setuptools.build_meta"\n'


@pytest.fixture
def fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a package in a repository of its own, of a person without settings."""
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)
    write(tmp_path / "fork/pyproject.toml", PYPROJECT)
    git(tmp_path / "fork", "init", "--quiet")
    return tmp_path / "fork"


def test_ignored(fork: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files that git ignores are told with the rule and the way out, which --check holds until it is gone."""
    write(fork / ".gitignore", "*.json\n!runtime-backend.schema.json\nresolve/\n")
    assert 0 == main(["vendor", str(fork)])
    told = capsys.readouterr()
    after = f"next: git -C {fork} add --force -- _vendor/runtime_backend"
    assert "note: git ignores 1 of the copy's files (.gitignore:1: *.json): they would not reach" in told.err
    assert "(.gitignore:3: resolve/)" in told.err
    assert after == told.out.splitlines()[-1]
    git(fork, "add", ".")
    assert 1 == main(["vendor", str(fork), "--check"])
    told = capsys.readouterr()
    copy = fork / "_vendor/runtime_backend"
    assert f"{copy}/VENDORED.json: git ignores it (.gitignore:1: *.json)\n" in told.out
    assert "schema" not in told.out
    assert after == told.out.splitlines()[-1]
    git(fork, *after.removeprefix(f"next: git -C {fork} ").split())
    assert 0 == main(["vendor", str(fork), "--check"])
    assert 0 == main(["vendor", str(fork)])
    assert "note: git" not in capsys.readouterr().err


def test_ignored_by_the_person(fork: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's own ignore file leaves files out, too."""
    write(tmp_path / "ignored", "_vendor/\n")
    write(tmp_path / "gitconfig", f"[core]\nexcludesFile = {tmp_path / 'ignored'}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert 0 == main(["vendor", str(fork)])
    git(fork, "add", ".")
    assert 1 == main(["vendor", str(fork), "--check"])


def test_untracked(fork: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A copy that git was not told of is told; byte code never belongs to it."""
    assert 0 == main(["vendor", str(fork)])
    assert 1 == main(["vendor", str(fork), "--check"])
    assert f"{fork}/_vendor/runtime_backend/plan/__init__.py: git does not track it\n" in capsys.readouterr().out
    git(fork, "add", ".")
    write(fork / "_vendor/runtime_backend/__pycache__/plan.pyc", "")
    assert 0 == main(["vendor", str(fork), "--check"])


def test_in_a_hook_of_git(fork: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What git sets for its hooks leads nowhere else."""
    assert 0 == main(["vendor", str(fork)])
    git(fork, "add", ".")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/nothing")
    assert 0 == main(["vendor", str(fork), "--check"])


def test_repository_that_ignores_the_package(fork: Path) -> None:
    """A package that lies in somebody's repository, and is none of it, is nobody's business there."""
    write(fork / ".gitignore", "work/\n")
    write(fork / "work/pyproject.toml", PYPROJECT)
    assert 0 == main(["vendor", str(fork / "work")])
    assert 0 == main(["vendor", str(fork / "work"), "--check"])


def test_no_git(fork: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git there is nothing to ask."""
    monkeypatch.setenv("PATH", "")
    assert (0, 0) == (main(["vendor", str(fork)]), main(["vendor", str(fork), "--check"]))
