"""The two files of conda-lock, and conda's names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from platforms import make_platform
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.errors import LockError
from runtime_backend.locks import Locked, find_locked
from runtime_backend.locks.conda import CondaPackage, conda_name, conda_platform
from runtime_backend.system.platforms import Platform

HINT = "Lock again with the tool that wrote it, or restore the file."
LINUX = make_platform("linux-x86_64", "3.11")
URL = "https://host.example/torch-2.7.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl"
CONDA = "https://host.example/forge/linux-64/pytorch-2.7.0-cpu_generic_py311_h1_0.conda"


def lock(folder: Path, *entries: dict[str, str], version: str = "1", name: str = "conda-lock.yml") -> Path:
    """Write a lock."""
    items = "".join(
        "- " + "".join(f"{key}: {value}\n  " for key, value in entry.items()).rstrip(" ") for entry in entries
    )
    return write(folder / name, f"version: {version}\nmetadata: {{}}\npackage:\n{items}")


def pip(**keys: str) -> dict[str, str]:
    """Return an entry of torch, of pip."""
    entry = {"name": "torch", "version": "2.7.0+cpu", "manager": "pip", "platform": "linux-64", "url": URL}
    return {**entry, "hash": "{sha256: ab}", "category": "main", "optional": "false", **keys}


def conda(**keys: str) -> dict[str, str]:
    """Return an entry of torch, of conda."""
    entry = {"name": "pytorch", "version": "2.7.0", "manager": "conda", "platform": "linux-64", "url": CONDA}
    return {**entry, "hash": "{md5: ab}", "category": "main", **keys}


def read(path: Path, **selection: Any) -> tuple[Locked, ...]:
    """Read torch in a lock on Linux."""
    return find_locked(path, "torch", Selection(**selection), LINUX)


def refusal(path: Path) -> str:
    """Return why a lock is refused."""
    with pytest.raises(LockError) as caught:
        read(path)
    assert caught.value.hint == HINT
    return caught.value.message


@pytest.mark.parametrize("name", ["conda-lock.yml", "gpu.conda-lock.yml"])
def test_pip(tmp_path: Path, name: str) -> None:
    """A package of pip is ready for a direct reference, once for all its categories."""
    path = lock(tmp_path, pip(), pip(category="dev"), pip(platform="osx-arm64"), pip(name="torchvision"), name=name)
    expected = Locked(name="torch", version="2.7.0+cpu", lock=path, url=URL, sha256="ab", detail="of pip")
    assert (expected,) == read(path)


def test_pip_without_hash(tmp_path: Path) -> None:
    """A package of pip by URL may have no hash."""
    assert [locked.sha256 for locked in read(lock(tmp_path, pip(hash="{}")))] == [None]
    assert [locked.sha256 for locked in read(lock(tmp_path, pip(hash="")))] == [None]


def test_pip_from_git(tmp_path: Path) -> None:
    """A revision is a source, even if its hash has an odd value."""
    (found,) = read(lock(tmp_path, pip(url="git+https://host.example/pytorch@abc", hash="{sha256: abc}")))
    assert ("2.7.0+cpu", "it is locked as source, not as a wheel") == (found.version, found.missing)


def test_conda(tmp_path: Path) -> None:
    """A conda package is reused or nothing."""
    path = lock(tmp_path, conda(), conda(name="torch"))
    missing = "it is a conda package (pytorch 2.7.0 cpu_generic_py311_h1_0, forge), not a wheel"
    detail = "conda build cpu_generic_py311_h1_0"
    assert (Locked(name="torch", version="2.7.0", lock=path, missing=missing, detail=detail),) == read(path)


@pytest.mark.parametrize(
    ("category", "selection", "is_there"),
    [
        ("main", {}, True),
        ("", {}, True),
        ("dev", {}, True),
        ("dev", {"default_groups": False}, False),
        ("dev", {"default_groups": False, "groups": frozenset({"dev"})}, True),
        ("dev", {"default_groups": False, "all_groups": True}, True),
        ("dev", {"without_groups": frozenset({"dev"})}, False),
        ("gpu", {}, False),
        ("gpu", {"extras": frozenset({"gpu"})}, True),
        ("gpu", {"groups": frozenset({"gpu"})}, True),
        ("gpu", {"all_extras": True}, True),
        ("gpu", {"all_extras": True, "without_extras": frozenset({"gpu"})}, False),
    ],
)
def test_categories(tmp_path: Path, category: str, selection: dict[str, Any], is_there: bool) -> None:  # noqa: FBT001 - a column
    """As in conda-lock, main, dev unless excluded, and the named extras are installed."""
    assert is_there is bool(read(lock(tmp_path, pip(category=category)), **selection))


@pytest.mark.parametrize("version", ["2", "'1.0'", "", "[1]"])
def test_unknown_version(tmp_path: Path, version: str) -> None:
    """Another version is refused."""
    path = lock(tmp_path, version=version)
    found = {"'1.0'": "1.0", "": "None", "[1]": "['1']"}.get(version, version)
    assert f"{path}: found version: {found}, expected 1, the only version that this reader knows" == refusal(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "not laid out as expected: found a list, expected a table"),
        ("version: 1\n", "not laid out as expected: found no key 'package'"),
        (
            "version: 1\npackage:\n- name: torch\n",
            "not laid out as expected: at package[torch]: found no key 'platform'",
        ),
        ("version: 1\npackage: x\n", "not laid out as expected: at package: found text, expected another type"),
        ("version: 1\npackage:\n- [", "not YAML: while parsing a flow node"),
    ],
)
def test_malformed(tmp_path: Path, text: str, expected: str) -> None:
    """Whatever is wrong with a lock, it is a LockError that names it."""
    path = write(tmp_path / "conda-lock.yml", text)
    assert refusal(path).startswith(f"{path}: {expected}")


def test_wrong_version_of_a_package(tmp_path: Path) -> None:
    """A pip package with an invalid version makes the lock malformed."""
    assert "Invalid version: 'latest'" in refusal(lock(tmp_path, pip(version="latest")))


def test_without_pyyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyYAML, the error names the lock; the explicit file does not need it."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(LockError, match=r"conda-lock.yml: cannot be read: PyYAML is not installed"):
        read(lock(tmp_path, pip()))
    assert read(explicit(tmp_path, f"# pip torch @ {URL}")) != ()


def explicit(
    folder: Path, *lines: str, head: str = "# platform: linux-64\n", name: str = "conda-linux-64.lock"
) -> Path:
    """Write a rendered lock."""
    return write(folder / name, "\n".join([f"# Generated by conda-lock.\n{head}@EXPLICIT", *lines, ""]))


def test_explicit(tmp_path: Path) -> None:
    """Its lines are URLs with hashes, those of pip in comments."""
    path = explicit(tmp_path, f"{CONDA}#md5", f"# pip Torch @ {URL}#sha256=ab", "# pip six @ https://host.example/six")
    found = read(path)
    assert [("2.7.0", None, None), ("2.7.0+cpu", URL, "ab")] == [
        (item.version, item.url, item.sha256) for item in found
    ]


@pytest.mark.parametrize("fragment", ["", "#md5=ab", "#sha256=", "#x"])
def test_explicit_without_sha256(tmp_path: Path, fragment: str) -> None:
    """Without a SHA-256, only the URL is returned."""
    assert [(URL, None)] == [(i.url, i.sha256) for i in read(explicit(tmp_path, f"# pip torch @ {URL}{fragment}"))]


@pytest.mark.parametrize(
    ("head", "name", "is_there"),
    [
        ("# platform: linux-64\n", "conda-gpu.lock", True),
        ("# platform: osx-arm64\n", "conda-linux-64.lock", False),
        ("", "conda-linux-64.lock", True),
        ("", "conda-win-64.lock", False),
    ],
)
def test_explicit_platform(tmp_path: Path, head: str, name: str, is_there: bool) -> None:  # noqa: FBT001 - a column
    """The platform is in a comment, else in the file's name."""
    assert is_there is bool(read(explicit(tmp_path, CONDA, head=head, name=name)))


def test_not_explicit(tmp_path: Path) -> None:
    """A file of that name without @EXPLICIT is refused."""
    path = write(tmp_path / "conda-linux-64.lock", "x\n")
    assert f"{path}: found no line @EXPLICIT, expected one, as conda-lock writes it" == refusal(path)


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("linux", "x86_64", "linux-64"),
        ("linux", "aarch64", "linux-aarch64"),
        ("linux", "arm64", "linux-aarch64"),
        ("linux", "ppc64le", "linux-ppc64le"),
        ("linux", "i686", "linux-32"),
        ("darwin", "arm64", "osx-arm64"),
        ("darwin", "x86_64", "osx-64"),
        ("win32", "AMD64", "win-64"),
        ("win32", "ARM64", "win-arm64"),
        ("win32", "x86", "win-32"),
        ("freebsd14", "amd64", "freebsd14-64"),
    ],
)
def test_platform(system: str, machine: str, expected: str) -> None:
    """Conda's names of platforms."""
    platform = Platform(environment={"sys_platform": system, "platform_machine": machine})
    assert expected == conda_platform(platform)


def test_names() -> None:
    """Conda calls torch otherwise, and the rest the same."""
    assert ["pytorch", "numpy"] == [conda_name(name) for name in ("torch", "numpy")]


@pytest.mark.parametrize(
    "url", ["", "x", "https://host.example/forge/linux-64/a-b.conda", "https://host.example/a-1-0.zip"]
)
def test_url_that_tells_nothing(url: str) -> None:
    """A URL of another form has no package."""
    assert CondaPackage(name="", version="", build="", channel="") == CondaPackage.from_url(url)
