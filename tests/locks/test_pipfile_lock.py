"""Pipfile.lock: categories, sources, direct references; malformed files are a LockError."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from platforms import make_platform
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.errors import LockError
from runtime_backend.index.wanted import Wanted
from runtime_backend.locks import Locked, find_locked

LINUX = make_platform("linux-x86_64", "3.11")
HINT = "Lock again with the tool that wrote it, or restore the file."
SOURCES = [
    {"name": "main", "url": "https://example.org/simple", "verify_ssl": True},
    {"name": "cpu", "url": "https://${USER}@example.org/cpu", "verify_ssl": False},
]
WHEEL = "torch-2.7.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl"


def read(path: Path, **selection: Any) -> tuple[Locked, ...]:
    """Read torch in a lock on Linux."""
    return find_locked(path, "torch", Selection(**selection), LINUX)


def lock(folder: Path, entry: Any, sources: Any = SOURCES, **categories: Any) -> Path:
    """Write a lock with an entry of torch in ``default``, and other categories."""
    document = {"_meta": {"pipfile-spec": 6, "sources": sources}, "default": {"Torch": entry}, **categories}
    return write(folder / "Pipfile.lock", json.dumps(document))


def refusal(path: Path) -> str:
    """Return why a lock is refused."""
    with pytest.raises(LockError) as caught:
        read(path)
    assert caught.value.hint == HINT
    return caught.value.message


@pytest.mark.parametrize(
    ("index", "url"),
    [({}, SOURCES[0]["url"]), ({"index": "main"}, SOURCES[0]["url"]), ({"index": "cpu"}, SOURCES[1]["url"])],
)
def test_version(tmp_path: Path, index: dict[str, str], url: str) -> None:
    """A version is looked for on the index that the entry names, or the first one, by its unnamed hashes."""
    path = lock(tmp_path, {"version": "==2.7.0", "hashes": ["sha256:ab", "sha256:cd", "md5:ef"], **index})
    wanted = Wanted(name="torch", version="2.7.0", indexes=(url,), hashes=frozenset({"ab", "cd"}))
    assert (Locked(name="torch", version="2.7.0", lock=path, wanted=wanted, detail=url),) == read(path)


def test_version_without_sources(tmp_path: Path) -> None:
    """Without any source the version alone is known."""
    path = lock(tmp_path, {"version": "==2.7.0", "markers": "os_name == 'posix'"}, [])
    assert (Locked(name="torch", version="2.7.0", lock=path, detail="os_name == 'posix'"),) == read(path)


@pytest.mark.parametrize("key", ["file", "path"])
def test_direct(tmp_path: Path, key: str) -> None:
    """A wheel may be named by URL or path, with its digest in the fragment or next to it."""
    url = f"https://example.org/{WHEEL}"
    path = lock(tmp_path, {key: f"{url}#sha256=ab"})
    expected = Locked(name="torch", version="2.7.0+cpu", lock=path, url=url, sha256="ab")
    assert (expected,) == read(path)
    path = lock(tmp_path, {key: f"./wheels/{WHEEL.replace('%2B', '+')}", "hashes": ["sha256:ab"]})
    url = (tmp_path / "wheels" / WHEEL.replace("%2B", "+")).as_uri()
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path, url=url, sha256="ab"),) == read(path)


@pytest.mark.parametrize(
    "entry",
    [
        {"git": "https://example.org/torch.git", "ref": "0" * 40},
        {"path": ".", "editable": True},
        {"file": "https://example.org/torch-2.7.0.tar.gz", "hashes": ["sha256:ab"]},
    ],
)
def test_source(tmp_path: Path, entry: dict[str, Any]) -> None:
    """A source has no wheel."""
    path = lock(tmp_path, entry)
    missing = "it is locked as source, not as a wheel"
    assert (Locked(name="torch", version="", lock=path, missing=missing),) == read(path)


def test_wheel_for_others(tmp_path: Path) -> None:
    """Nor can a wheel for another platform."""
    path = lock(tmp_path, {"file": "https://example.org/torch-2.7.0-cp39-cp39-win32.whl"})
    missing = "none of its wheels fits this interpreter"
    assert (Locked(name="torch", version="2.7.0", lock=path, missing=missing),) == read(path)


@pytest.mark.parametrize(
    ("selection", "versions"),
    [
        ({}, ["1"]),
        ({"default_groups": False}, ["1"]),
        ({"groups": frozenset({"dev"})}, ["1", "2"]),
        ({"groups": frozenset({"develop"})}, ["1", "2"]),
        ({"groups": frozenset({"gpu", "absent"})}, ["1", "3"]),
        ({"groups": frozenset({"gpu"}), "only_groups": True}, ["3"]),
        ({"groups": frozenset({"packages", "dev-packages"}), "only_groups": True}, ["1", "2"]),
        ({"all_groups": True}, ["1", "2", "3"]),
        ({"all_groups": True, "without_groups": frozenset({"dev", "default"})}, ["3"]),
        ({"groups": frozenset({"_meta"})}, ["1"]),
        ({"groups": frozenset({"same"})}, ["1"]),
    ],
)
def test_categories(tmp_path: Path, selection: dict[str, Any], versions: list[str]) -> None:
    """``default`` is installed unless groups alone are; the others by their names; the same twice is one."""
    others = {name: {"torch": {"version": f"=={n}"}} for n, name in ((1, "same"), (2, "develop"), (3, "gpu"))}
    if not selection.get("all_groups"):
        others["apart"] = {"torch": {"version": "==4"}}
    else:
        del others["same"]
    path = lock(tmp_path, {"version": "==1"}, [], **others)
    assert versions == sorted(locked.version for locked in read(path, **selection))


def test_marker(tmp_path: Path) -> None:
    """An entry whose marker is false is ignored."""
    assert () == read(lock(tmp_path, {"version": "==1", "markers": "sys_platform == 'darwin'"}))


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ({"version": "*"}, "torch: found version = '*', expected '==' and a version"),
        ({"version": "==x"}, "not laid out as expected: at default.Torch.version: Invalid version: 'x'"),
        ({"version": 3}, "not laid out as expected: at default.Torch.version: found 3, expected text"),
        ({}, "not laid out as expected: at default.Torch: found no key 'version'"),
        ("==2", "not laid out as expected: at default: found text, expected a table"),
        (
            {"version": "==2", "index": "gpu"},
            "torch: found index = 'gpu', expected one of _meta.sources: 'main', 'cpu'",
        ),
        (
            {"version": "==2", "index": []},
            "not laid out as expected: at default.Torch.index: found a list, expected another type",
        ),
    ],
)
def test_malformed_entry(tmp_path: Path, entry: Any, what: str) -> None:
    """What pipenv does not write is a LockError."""
    path = lock(tmp_path, entry)
    assert refusal(path).startswith(f"{path}: {what}")


def test_index_without_sources(tmp_path: Path) -> None:
    """An index that no source has is a mistake."""
    path = lock(tmp_path, {"version": "==2", "index": "gpu"}, [])
    assert f"{path}: torch: found index = 'gpu', expected one of _meta.sources: none" == refusal(path)
    path = lock(tmp_path, {"version": "==2"}, [{"name": "main", "url": 3}])
    assert f"{path}: not laid out as expected: at _meta.sources[main].url: found 3, expected text" == refusal(path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "line 1, column 1: found no JSON"),
        ("[" * 200000, "it is nested too deeply"),
        ("[]", "not laid out as expected: found a list, expected another type"),
        ("{}", "not laid out as expected: found no key '_meta'"),
        ('{"_meta": {}}', "found pipfile-spec = None, expected 6, the only version that this reader knows"),
        (
            '{"_meta": {"pipfile-spec": 7}}',
            "found pipfile-spec = 7, expected 6, the only version that this reader knows",
        ),
        (
            '{"_meta": {"pipfile-spec": 6}, "default": 3}',
            "not laid out as expected: at default: found 3, expected a table",
        ),
    ],
)
def test_malformed(tmp_path: Path, text: str, what: str) -> None:
    """A file that is no Pipfile.lock of specification 6 is a LockError."""
    path = write(tmp_path / "Pipfile.lock", text)
    assert refusal(path).startswith(f"{path}: {what}")


def test_variables_stay(tmp_path: Path) -> None:
    """A reader knows no environment: variables of a source stay as the lock has them."""
    (locked,) = read(lock(tmp_path, {"version": "==2.7.0", "index": "cpu"}))
    assert locked.wanted is not None
    assert ("https://${USER}@example.org/cpu",) == locked.wanted.indexes


SAMPLES = sorted(Path(__file__).parent.glob("pipenv-*/*/Pipfile.lock"))


@pytest.mark.parametrize("sample", SAMPLES[::3], ids=lambda path: path.parent.name)
def test_truncated(sample: Path, tmp_path: Path) -> None:
    """A lock that ends early is a LockError."""
    text = sample.read_text("utf-8").rstrip()
    for count in range(0, len(text), 97):
        assert "found no JSON" in refusal(write(tmp_path / "Pipfile.lock", text[:count]))
