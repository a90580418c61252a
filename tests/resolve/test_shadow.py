"""Shadows of environments, folders and caches: they look like the real ones, and have none of their locks."""

from __future__ import annotations

import os
from pathlib import Path

from standins import make_torch, make_venv, write

from runtime_backend.frontend.asking.shadow import shadow_cache, shadow_environment, shadow_folder
from runtime_backend.frontend.environments import EnvironmentReader
from runtime_backend.installed.distributions import DistributionIndex


def tree(folder: Path) -> dict[str, str]:
    """Return the files and folders below a folder, and the targets of links; no link is followed."""
    found = {}
    for parent, folders, files in os.walk(folder):
        for path in (Path(parent, name) for name in (*folders, *files)):
            kind = "folder" if path.is_dir() else path.read_text("utf-8")
            found[path.relative_to(folder).as_posix()] = str(path.readlink()) if path.is_symlink() else kind
    return found


def make_environment(path: Path) -> Path:
    """Make an environment with links to its base's interpreter, scripts, a lock, and a torch; return it."""
    make_torch(make_venv(path), "2.7.0")
    python = write(path.parent / "base/bin/python3.11", "a stand-in: nothing may run it\n")
    (path / "bin/python").unlink()
    (path / "bin/python").symlink_to(python)
    (path / "bin/python3").symlink_to("python")
    write(path / "bin/pip", "a script\n")
    write(path / ".lock", "")
    write(path / ".gitignore", "*\n")
    (path / "lib64").symlink_to("lib")
    return path


def test_environment(tmp_path: Path) -> None:
    """The shadow has its own folders, settings and interpreters; installed distributions are links."""
    real = make_environment(tmp_path / "real")
    shadow = shadow_environment(real, tmp_path / "work/shadow")
    base = str(tmp_path / "base/bin/python3.11")
    assert {
        ".gitignore": str(real / ".gitignore"),
        "bin": "folder",
        "bin/python": base,
        "bin/python3": base,
        "lib": str(real / "lib"),
        "lib64": str(real / "lib"),
        "pyvenv.cfg": (real / "pyvenv.cfg").read_text("utf-8"),
    } == tree(shadow)
    read = EnvironmentReader(python="3.11", user_base=tmp_path / "nobody").read(shadow)
    assert read is not None
    torch = read.distributions.find("torch")
    assert "2.7.0" == (torch and torch.version)


def test_environment_without_an_interpreter(tmp_path: Path) -> None:
    """Any layout of an environment works, including that of Windows; an unreadable folder is empty."""
    write(tmp_path / "real/Scripts/python.exe", "")
    write(tmp_path / "real/Scripts/activate", "")
    shadow_environment(tmp_path / "real", tmp_path / "shadow")
    assert {"Scripts": "folder", "Scripts/python.exe": str(tmp_path / "real/Scripts/python.exe")} == tree(
        tmp_path / "shadow"
    )
    assert {} == tree(shadow_environment(tmp_path / "absent", tmp_path / "empty"))


def test_removing_the_shadow(tmp_path: Path) -> None:
    """Removing and writing in the shadow does not change the real environment."""
    real = make_environment(tmp_path / "real")
    before = tree(real)
    shadow = shadow_environment(real, tmp_path / "shadow")
    (shadow / "bin/python").unlink()
    (shadow / "lib").unlink()
    write(shadow / "pyvenv.cfg", "other\n")
    write(shadow / ".lock", "held\n")
    assert before == tree(real)


def test_folder(tmp_path: Path) -> None:
    """A folder's shadow has no lock, and its own metadata folders, because uv ignores those that are links."""
    real = tmp_path / "lib"
    make_torch(real, "2.7.0")
    write(real / "old.egg-info/PKG-INFO", "Name: old\n")
    write(real / "file.dist-info", "no folder\n")
    write(real / ".lock", "")
    shadow = shadow_folder(real, tmp_path / "shadow")
    found = tree(shadow)
    assert {
        "file.dist-info", "old.egg-info", "old.egg-info/PKG-INFO", "torch", "torch-2.7.0.dist-info",
        "torch-2.7.0.dist-info/METADATA", "torch-2.7.0.dist-info/RECORD", "torchgen",
    } == found.keys()  # fmt: skip
    assert {"old.egg-info", "torch-2.7.0.dist-info"} == {name for name, kind in found.items() if kind == "folder"}
    assert str(real / "torch") == found["torch"]
    torch = DistributionIndex((shadow,)).find("torch")
    assert "2.7.0" == (torch and torch.version)


def test_absent_folder(tmp_path: Path) -> None:
    """A missing folder has an empty shadow."""
    assert {} == tree(shadow_folder(tmp_path / "absent", tmp_path / "work/shadow"))


def make_cache(path: Path) -> Path:
    """Make a cache like uv's, and return it."""
    for name in (
        "archive-v0",
        "wheels-v6",
        "simple-v21",
        "sdists-v9",
        "builds-v0",
        "interpreter-v4",
        "environments-v2",
    ):
        (path / name).mkdir(parents=True)
    for name in (".lock", ".gitignore", "CACHEDIR.TAG", ".tmpAbC"):
        write(path / name, "")
    return path


SHARED = (".gitignore", "CACHEDIR.TAG", "archive-v0", "simple-v21", "wheels-v6")


def test_cache(tmp_path: Path) -> None:
    """A cache's shadow shares downloads, but no files that the outer uv locks."""
    real = make_cache(tmp_path / "cache")
    shadow_cache(real, tmp_path / "shadow", None)
    assert {name: str(real / name) for name in SHARED} == tree(tmp_path / "shadow")


def test_cache_of_a_script(tmp_path: Path) -> None:
    """The shadow of a cache contains the shadow of one script's environment, and no other environment."""
    real = make_cache(tmp_path / "cache")
    make_environment(real / "environments-v2/train-e74b72e59615f479")
    make_environment(real / "environments-v2/other-00")
    write(real / "environments-v2/train-99.lock", "")
    shadow_cache(real, tmp_path / "shadow", "train")
    found = tree(tmp_path / "shadow")
    assert ["train-e74b72e59615f479"] == os.listdir(tmp_path / "shadow/environments-v2")
    environment = "environments-v2/train-e74b72e59615f479"
    assert str(real / environment / "lib") == found[f"{environment}/lib"]
    assert set(SHARED) <= found.keys()


def test_absent_cache(tmp_path: Path) -> None:
    """A missing cache has an empty shadow."""
    shadow_cache(tmp_path / "absent", tmp_path / "work/shadow", "script")
    assert {} == tree(tmp_path / "work/shadow")
