"""A kept environment: a virtual environment with clones of distributions."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from standins import make_distribution, write

from runtime_backend.editable import environment
from runtime_backend.editable.cloning import rewritten
from runtime_backend.editable.environment import KeptEnvironment
from runtime_backend.errors import ProvisionError
from runtime_backend.installed.distributions import DistributionIndex
from runtime_backend.store.holding import held_if_free


def plan(folder: Path, *shown: Path, name: str = "pkg-1") -> KeptEnvironment:
    """Return an environment with clones of what is in ``folder/env``."""
    clones = tuple(DistributionIndex([folder / "env/lib/python3/site-packages"]))
    return KeptEnvironment(path=folder / "cache/environments" / name, clones=clones, shown=shown)


def make_tool(folder: Path) -> Path:
    """Install a distribution with a script, data and byte code that does not exist; return its site."""
    site = folder / "env/lib/python3/site-packages"
    make_distribution(site, "tool", "1.0", {"tool/__init__.py": "ANSWER = 42\n", "tool/data.txt": "x"})
    write(folder / "env/bin/tool", f"#!{folder}/env/bin/python3\nimport tool; print(tool.ANSWER)\n")
    (folder / "env/bin/tool").chmod(0o755)
    write(folder / "env/share/tool.txt", "data")
    record = site / "tool-1.0.dist-info/RECORD"
    more = "../../../bin/tool,sha256=x,1\n../../../share/tool.txt,,\ntool/__pycache__/x.pyc,,\n/etc/passwd,,\n\n"
    record.write_text(record.read_text("utf-8") + more, "utf-8")
    return site


def test_made_once(tmp_path: Path) -> None:
    """The clone works alone, with its own interpreter, and is made only once."""
    site = make_tool(tmp_path)
    write(tmp_path / "shown/lent.py", "VALUE = 1\n")
    found, said = plan(tmp_path, tmp_path / "shown"), list[str]()
    assert not found.is_whole
    with found.held(tmp_path / "source", said.append):
        assert found.is_whole
        with held_if_free(found.path) as is_free:
            assert not is_free
    assert (site,) == found.sites
    assert (found.site / "tool/data.txt").samefile(site / "tool/data.txt")
    assert (found.path / "share/tool.txt").read_text("utf-8") == "data"
    assert {"format": 1, "source": str(tmp_path / "source")} == json.loads(
        (found.path / "runtime-backend.json").read_text("utf-8")
    )
    assert not (found.path / "etc").exists()
    assert [] == list((found.path / "users").iterdir())
    made = found.python.lstat().st_mtime_ns
    with found.held(tmp_path / "source", said.append):
        pass
    assert made == found.python.lstat().st_mtime_ns
    code = "import lent, sys, tool; print(tool.ANSWER, lent.VALUE, sys.prefix)"
    printed = subprocess.run([found.python, "-c", code], capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert f"42 1 {found.path}\n" == printed
    assert (found.scripts / "tool").read_text("utf-8").startswith(f"#!{found.python}\n")
    assert os.access(found.scripts / "tool", os.X_OK)
    assert [] == said


def test_made_again(tmp_path: Path) -> None:
    """An environment whose Python was removed is made again."""
    make_tool(tmp_path)
    found = plan(tmp_path)
    with found.held(tmp_path, print):
        found.python.unlink()
    assert not found.is_whole
    with found.held(tmp_path, print):
        assert found.is_whole


def test_waits_for_another_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second build of the same editable says that it waits."""
    said = list[str]()

    def wait(_: Path, on_wait: Callable[[], None]) -> None:
        on_wait()
        raise OSError(35, "Resource temporarily unavailable")

    monkeypatch.setattr(environment, "exclusively", wait)
    with pytest.raises(ProvisionError), plan(tmp_path).held(tmp_path, said.append):
        pass
    assert ["another build of this editable is running"] == said


def test_cache_is_not_writable(tmp_path: Path) -> None:
    """The message names the folder, and the setting that keeps nothing."""
    write(tmp_path / "cache/environments", "a file")
    with pytest.raises(ProvisionError) as caught, plan(tmp_path).held(tmp_path, print):
        pass
    assert (
        f"the build environment of this editable cannot be kept in {tmp_path}/cache/environments/pkg-1: Not a directory: {tmp_path}/cache/environments"
        == caught.value.message
    )
    assert (
        "Name a cache folder that can be written to: RUNTIME_BACKEND_CACHE_DIR=/path; or keep no environment, after which"
        ' imports rebuild nothing: editable-env = "off" in [tool.runtime-backend].'
    ) == caught.value.hint


def test_path_with_a_colon(tmp_path: Path) -> None:
    """A path that cannot be in PATH is refused in words."""
    with pytest.raises(ProvisionError) as caught, plan(tmp_path, name="a:b").held(tmp_path, print):
        pass
    assert "/a:b: a path with ':' cannot be in PATH" in caught.value.message


def test_copies_across_file_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a hard link is impossible, the file is copied."""
    site = make_tool(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    with plan(tmp_path).held(tmp_path, print):
        pass
    copy = plan(tmp_path).site / "tool/data.txt"
    assert (False, "x") == (copy.samefile(site / "tool/data.txt"), copy.read_text("utf-8"))


def test_shared_files_and_links(tmp_path: Path) -> None:
    """A file of two distributions is taken once, and a link of uv leads to its content."""
    site = tmp_path / "env/lib/python3/site-packages"
    make_distribution(site, "a", "1", {"space/__init__.py": "", "a.py": "1"})
    make_distribution(site, "b", "1", {"space/__init__.py": "", "b.py": "2"})
    (site / "b.py").rename(tmp_path / "stored.py")
    (site / "b.py").symlink_to(tmp_path / "stored.py")
    found = plan(tmp_path)
    with found.held(tmp_path, print):
        pass
    assert (False, "2") == ((found.site / "b.py").is_symlink(), (found.site / "b.py").read_text("utf-8"))


@pytest.mark.parametrize(
    "first", ["#!/old/bin/python3.11 -E\n", "#!python\n", "#!/bin/sh\n'''exec' '/a b/python' \"$0\" \"$@\"\n' '''\n"]
)
@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("/new/bin/python", "#!/new/bin/python\n"),
        ("/a b/python", "#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\n"),
        (f"/{'x' * 130}/python", f"#!/bin/sh\n'''exec' \"/{'x' * 130}/python\" \"$0\" \"$@\"\n' '''\n"),
    ],
)
def test_scripts(first: str, python: str, expected: str) -> None:
    """A script gets its new interpreter, also in a path that is too long or has a space."""
    assert f"{expected}import x\n".encode() == rewritten(f"{first}import x\n".encode(), Path(python))


@pytest.mark.parametrize("content", [b"\x7fELF", b"#!/bin/sh\necho\n", b"#!/usr/bin/perl\n", b""])
def test_no_scripts_of_python(content: bytes) -> None:
    """Other programs stay as they are."""
    assert rewritten(content, Path("/p")) is None
