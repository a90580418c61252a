"""``runtime-backend vendor`` in a git repository: files that git ignores do not reach the users of a fork."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from repositories import GIT, git
from standins import write

from runtime_backend.cli import main

PYPROJECT = '[build-system]\nrequires = ["setuptools", "torch"]\nbuild-backend = "setuptools.build_meta"\n'


@pytest.fixture
def fork(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a package in its own repository, of a person without settings."""
    for name, value in GIT.items():
        monkeypatch.setenv(name, value)
    write(tmp_path / "fork/pyproject.toml", PYPROJECT)
    git(tmp_path / "fork", "init", "--quiet")
    return tmp_path / "fork"


@pytest.mark.once
def test_ignored(fork: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ignored files are reported with the rule and the command that adds them; --check fails until then."""
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


def test_ignored_by_the_person(
    fork: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The person's global ignore file counts, too."""
    write(tmp_path / "ignored", "_vendor/\n")
    write(tmp_path / "gitconfig", f"[core]\nexcludesFile = {tmp_path / 'ignored'}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert 0 == main(["vendor", str(fork)])
    git(fork, "add", ".")
    capsys.readouterr()
    assert 1 == main(["vendor", str(fork), "--check"])
    (_, ignored, _) = capsys.readouterr().out.splitlines()
    count = sum(path.is_file() for path in (fork / "_vendor").rglob("*"))
    rule = f"{tmp_path / 'ignored'}:1: _vendor/"
    assert f"{fork}/_vendor/runtime_backend: git ignores {count} of its files ({rule})" == ignored


@pytest.mark.once
@pytest.mark.parametrize("fault", ["added", "missing", "no copy", "old"])
def test_next_command(fault: str, fork: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command at the end mends the copy and adds what git does not track, ignored or not; no other file is added."""
    write(fork / ".gitignore", "_vendor/\n")
    copy = fork / "_vendor/runtime_backend"
    if fault != "no copy":
        assert 0 == main(["vendor", str(fork)])
        git(fork, "add", "--force", ".")
    if fault == "added":
        write(copy / "x.py", "")
    elif fault == "missing":
        git(fork, "rm", "--quiet", "--force", f"{copy}/build.py")
    elif fault == "old":
        manifest = json.loads((copy / "VENDORED.json").read_text())
        del manifest["files"]["build.py"]
        (copy / "VENDORED.json").write_text(json.dumps({**manifest, "version": "0.0.1"}))
        git(fork, "rm", "--quiet", "--force", f"{copy}/build.py")
        write(fork / "pyproject.toml", PYPROJECT)
    capsys.readouterr()
    assert 1 == main(["vendor", str(fork), "--check"])
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.endswith("git does not track it")]
    ours, then = lines[-1].removeprefix("next: runtime-backend ").split(" && ")
    assert 0 == main(shlex.split(ours))
    git(fork, *shlex.split(then)[1:])
    assert 0 == main(["vendor", str(fork), "--check"])
    assert not (copy / "x.py").exists()


@pytest.mark.once
def test_untracked(fork: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An untracked copy is reported; byte code is not part of it."""
    assert 0 == main(["vendor", str(fork)])
    assert 1 == main(["vendor", str(fork), "--check"])
    count = sum(path.is_file() for path in (fork / "_vendor").rglob("*"))
    assert [
        f"{fork}/_vendor/runtime_backend: git does not track {count} of its files",
        f"next: git -C {fork} add -- _vendor/runtime_backend",
    ] == capsys.readouterr().out.splitlines()[-2:]
    git(fork, "add", ".")
    write(fork / "_vendor/runtime_backend/__pycache__/plan.pyc", "")
    assert 0 == main(["vendor", str(fork), "--check"])


def test_in_a_hook_of_git(fork: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that git sets for its hooks have no effect."""
    assert 0 == main(["vendor", str(fork)])
    git(fork, "add", ".")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/nothing")
    assert 0 == main(["vendor", str(fork), "--check"])


def test_repository_that_ignores_the_package(fork: Path) -> None:
    """If the surrounding repository ignores the package, nothing is reported."""
    write(fork / ".gitignore", "work/\n")
    write(fork / "work/pyproject.toml", PYPROJECT)
    assert 0 == main(["vendor", str(fork / "work")])
    assert 0 == main(["vendor", str(fork / "work"), "--check"])


def test_in_the_working_directory(
    fork: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command for git names no folder if that is the working directory."""
    monkeypatch.chdir(fork)
    assert (0, 1) == (main(["vendor"]), main(["vendor", "--check"]))
    assert "next: git add -- _vendor/runtime_backend" == capsys.readouterr().out.splitlines()[-1]


def test_no_git(fork: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, nothing is reported."""
    monkeypatch.setenv("PATH", "")
    assert (0, 0) == (main(["vendor", str(fork)]), main(["vendor", str(fork), "--check"]))
