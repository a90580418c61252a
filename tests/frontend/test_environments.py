"""Environments on disk: prefixes, interpreters, ``.venv`` files, conda, Debian, user sites."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from callers import make_conda
from standins import make_distribution, make_torch, make_venv, write

from runtime_backend.frontend.environments import (
    Environment,
    EnvironmentReader,
    base_prefix,
    find_site,
    read_pyvenv_cfg,
)
from runtime_backend.frontend.folders import (
    find_lock_upward,
    find_locks,
    find_project,
    upward,
)
from runtime_backend.system.files import is_file, is_folder, read_text
from runtime_backend.system.trust import EVERYBODY

TOO_LONG = Path("/", *["x" * 300] * 20)


def reader(tmp_path: Path, python: str = "3.11") -> EnvironmentReader:
    """Return a reader for a person whose user site may be in tmp_path/user."""
    return EnvironmentReader(python=python, user_base=tmp_path / "user")


def test_venv(tmp_path: Path) -> None:
    """A virtual environment has only its own folder."""
    site = make_venv(tmp_path / "venv", "3.12")
    (tmp_path / "user/lib/python3.12/site-packages").mkdir(parents=True)
    expected = Environment(prefix=tmp_path / "venv", python="3.12", site_dirs=(site,))
    assert expected == reader(tmp_path).read(tmp_path / "venv")


def test_interpreter(tmp_path: Path) -> None:
    """An interpreter leads to its prefix, without being run."""
    make_venv(tmp_path / "venv")
    found = reader(tmp_path).read(tmp_path / "venv/bin/python")
    assert found is not None
    assert tmp_path / "venv" == found.prefix


@pytest.mark.parametrize("kind", ["link", "file", "relative file"])
def test_dot_venv(kind: str, tmp_path: Path) -> None:
    """``.venv`` may be a link to an environment, or a file that names one."""
    make_venv(tmp_path / "central/venv")
    path = tmp_path / ".venv"
    if kind == "link":
        path.symlink_to(tmp_path / "central/venv")
    else:
        write(path, "central/venv\n" if kind == "relative file" else f"{tmp_path}/central/venv\n")
    found = reader(tmp_path).read(path)
    assert found is not None
    assert "3.11" == found.python


def test_file_that_names_nothing(tmp_path: Path) -> None:
    """A file without the path of an environment is no environment, even if its text is very long."""
    assert reader(tmp_path).read(write(tmp_path / ".venv", "nowhere\n")) is None
    assert reader(tmp_path).read(write(tmp_path / "binary", "\x7fELF" + "x" * 70_000)) is None


def test_absent(tmp_path: Path) -> None:
    """A missing path, or one that is too long, is no environment."""
    assert reader(tmp_path).read(tmp_path / "nowhere") is None
    assert reader(tmp_path).read(TOO_LONG) is None


def test_folder_without_interpreter(tmp_path: Path) -> None:
    """A folder like a prefix without an interpreter is no environment."""
    (tmp_path / "lib/python3.11/site-packages").mkdir(parents=True)
    assert reader(tmp_path).read(tmp_path) is None


def test_folder_without_site(tmp_path: Path) -> None:
    """A folder with an interpreter, but without a folder for distributions, is no environment."""
    write(tmp_path / "bin/python", "")
    (tmp_path / "lib/python3.11").mkdir(parents=True)
    assert reader(tmp_path).read(tmp_path) is None


def test_conda(tmp_path: Path) -> None:
    """A conda environment has no pyvenv.cfg; the person's user site comes before its own folder."""
    site = make_conda(tmp_path / "conda")
    user = tmp_path / "user/lib/python3.11/site-packages"
    user.mkdir(parents=True)
    expected = Environment(prefix=tmp_path / "conda", python="3.11", site_dirs=(user, site), borrowed=(user,))
    assert expected == reader(tmp_path).read(tmp_path / "conda")


def test_debian(tmp_path: Path) -> None:
    """Debian's pip installs into one folder, its apt into another."""
    write(tmp_path / "bin/python3", "")
    folders = [tmp_path / "local/lib/python3.11/dist-packages", tmp_path / "lib/python3/dist-packages"]
    for folder in (*folders, tmp_path / "lib/python3.11"):
        folder.mkdir(parents=True)
    expected = Environment(prefix=tmp_path, python="3.11", site_dirs=tuple(folders))
    assert expected == reader(tmp_path).read(tmp_path)


def test_lib64_is_lib(tmp_path: Path) -> None:
    """A ``lib64`` that is a link to ``lib`` is not counted twice."""
    site = make_venv(tmp_path / "venv")
    (tmp_path / "venv/lib64").symlink_to("lib")
    found = reader(tmp_path).read(tmp_path / "venv")
    assert found is not None
    assert (site,) == found.site_dirs


@pytest.mark.parametrize(
    ("there", "running", "expected"),
    [
        (["3.10", "3.11"], "3.11", "3.11"),
        (["3.10", "3.11"], "3.10", "3.10"),
        (["3.13", "3.13t"], "3.13t", "3.13t"),
        (["3.13", "3.13t"], "3.13", "3.13"),
        (["3.10"], "3.12", "3.10"),
    ],
)
def test_several_pythons(there: list[str], running: str, expected: str, tmp_path: Path) -> None:
    """Of several Pythons in one prefix, the running version counts."""
    for python in there:
        make_conda(tmp_path, python)
    found = reader(tmp_path, running).read(tmp_path)
    assert found is not None
    assert expected == found.python


def test_free_threaded_venv(tmp_path: Path) -> None:
    """A free-threaded environment is recognised by its folder, not by its pyvenv.cfg."""
    make_venv(tmp_path / "venv", "3.13")
    (tmp_path / "venv/lib/python3.13").rename(tmp_path / "venv/lib/python3.13t")
    found = reader(tmp_path, "3.13t").read(tmp_path / "venv")
    assert found is not None
    assert "3.13t" == found.python


def test_system_site_packages(tmp_path: Path) -> None:
    """In an environment with system site packages, those of the user and of the base come after its own."""
    site, base = make_venv(tmp_path / "venv"), make_conda(tmp_path / "base")
    user = tmp_path / "user/lib/python3.11/site-packages"
    user.mkdir(parents=True)
    write(
        tmp_path / "venv/pyvenv.cfg",
        f"home = {tmp_path}/base/bin\ninclude-system-site-packages = True\nversion = 3.11.7\n",
    )
    found = reader(tmp_path).read(tmp_path / "venv")
    assert found is not None
    assert (site, user, base) == found.site_dirs


def test_windows(tmp_path: Path) -> None:
    """On Windows there is one folder, whatever the version, and ``home`` is the base's prefix itself."""
    site = tmp_path / "Lib/site-packages"
    site.mkdir(parents=True)
    write(tmp_path / "python.exe", "")
    expected = Environment(prefix=tmp_path, python="3.11", site_dirs=(site,))
    assert expected == reader(tmp_path).read(tmp_path)
    assert tmp_path == base_prefix({"home": str(tmp_path)})


def test_base_prefix_of_nothing() -> None:
    """Without ``home`` there is no base; the working directory is not used."""
    assert Path("/dev") == base_prefix({})


def test_pyvenv_cfg(tmp_path: Path) -> None:
    """Keys are read in lower case, values stripped; a folder without the file has none."""
    write(tmp_path / "pyvenv.cfg", "Home = /usr/bin\ncommand = python -m venv --a=b /x\n\n")
    assert {"home": "/usr/bin", "command": "python -m venv --a=b /x"} == {
        key: value for key, value in read_pyvenv_cfg(tmp_path).items() if key
    }
    assert {} == read_pyvenv_cfg(tmp_path / "nowhere")


def test_wrapper_is_asked(tmp_path: Path) -> None:
    """An interpreter outside a prefix is run."""
    wrapper = write(tmp_path / "shims/python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    found = reader(tmp_path).read(wrapper)
    assert found is not None
    assert (Path(sys.prefix), f"{sys.version_info[0]}.{sys.version_info[1]}") == (found.prefix, found.python)


@pytest.mark.parametrize("answer", ["", "{", "[1]", '["/x", "3.11"]'])
def test_wrapper_that_answers_nonsense(answer: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An interpreter with an unexpected answer has no environment."""
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=answer))
    assert reader(tmp_path).read(write(tmp_path / "shims/python3", "")) is None


def test_wrapper_that_cannot_run(tmp_path: Path) -> None:
    """An interpreter that cannot be run has no environment."""
    assert reader(tmp_path).read(write(tmp_path / "shims/python3", "no program")) is None


def test_with_folder(tmp_path: Path) -> None:
    """A folder in front hides distributions of the same name in the environment."""
    make_distribution(make_venv(tmp_path / "venv"), "torch", "1.0")
    make_distribution(tmp_path / "front", "torch", "2.0")
    found = reader(tmp_path).read(tmp_path / "venv")
    assert found is not None
    seen = found.with_folder(tmp_path / "front").distributions.find("torch")
    assert seen is not None
    assert "2.0" == seen.version


def test_find_site(tmp_path: Path) -> None:
    """``--prefix`` has the layout of an environment."""
    make_venv(tmp_path, "3.11")
    assert is_folder(find_site(tmp_path, "3.11"))


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["uv.lock", "pylock.toml", "pylock.a.toml"], ["uv.lock"]),
        (["pylock.toml", "pylock.a.toml"], ["pylock.toml"]),
        (["pylock.b.toml", "pylock.a.toml", "pylock.a.b.toml", "pylock.txt"], ["pylock.a.toml", "pylock.b.toml"]),
        (["poetry.toml"], []),
    ],
)
def test_locks(there: list[str], expected: list[str], tmp_path: Path) -> None:
    """uv.lock wins over a pylock, and a plain pylock over named ones."""
    for name in there:
        write(tmp_path / name, "")
    assert tuple(tmp_path / name for name in expected) == find_locks(tmp_path)


def test_folders_that_may_not_be_seen() -> None:
    """An unreadable folder counts as empty."""
    assert ((), None, None) == (
        find_locks(TOO_LONG),
        find_project(TOO_LONG),
        find_lock_upward(TOO_LONG, "uv.lock", EVERYBODY),
    )
    assert (False, False, "") == (is_file(TOO_LONG), is_folder(TOO_LONG), read_text(TOO_LONG))


def test_upward(tmp_path: Path) -> None:
    """Upward goes from the folder itself to the root; the nearest counts."""
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    write(tmp_path / "a/pyproject.toml", "")
    write(tmp_path / "uv.lock", "")
    folders = list(upward(below))
    assert (below, Path(below.anchor)) == (folders[0], folders[-1])
    assert (tmp_path / "a", tmp_path / "uv.lock") == (
        find_project(below),
        find_lock_upward(below, "uv.lock", EVERYBODY),
    )


def test_seen_by_uv(tmp_path: Path) -> None:
    """Uv counts an environment's own folders and old editable installs, but no folders in ``.pth`` files."""
    site = make_venv(tmp_path / "venv")
    make_torch(tmp_path / "base", "9.1.0")
    make_distribution(tmp_path / "old", "legacy", "1.0")
    write(site / "base.pth", str(tmp_path / "base"))
    write(site / "legacy.egg-link", f"{tmp_path / 'old'}\n.")
    environment = EnvironmentReader(python="3.11", user_base=tmp_path / "nobody").read(tmp_path / "venv")
    assert environment is not None
    assert ["legacy", "torch"] == [found.name for found in environment.distributions]
    assert ["legacy"] == [found.name for found in environment.seen_by_uv().distributions]
