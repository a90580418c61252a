"""pixi.lock: malformed files are a LockError; packages of conda and of the Python index are distinguished."""

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

HINT = "Lock again with the tool that wrote it, or restore the file."
LINUX = make_platform("linux-x86_64", "3.11")
WHEEL = "torch-2.7.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
URL = f"https://host.example/{WHEEL.replace('+', '%2B')}"
CONDA = "https://host.example/t/secret/forge/linux-64/pytorch-2.7.0-cuda126_py311_h1_200.conda"


def lock(folder: Path, selectors: list[str], entries: str, version: str = "6", head: str = "") -> Path:
    """Write a lock of one environment and platform."""
    chosen = "".join(f"      - {selector}\n" for selector in selectors)
    environments = f"environments:\n  default:\n    packages:\n      linux-64:\n{chosen}"
    return write(folder / "pixi.lock", f"version: {version}\n{head}{environments}packages:\n{entries}")


def read(path: Path, name: str = "torch", **selection: Any) -> tuple[Locked, ...]:
    """Read a name in a lock on Linux."""
    return find_locked(path, name, Selection(**selection), LINUX)


def refusal(path: Path) -> str:
    """Return why a lock is refused."""
    with pytest.raises(LockError) as caught:
        read(path)
    assert caught.value.hint == HINT
    return caught.value.message


def test_wheel(tmp_path: Path) -> None:
    """A wheel by URL is ready for a direct reference."""
    path = lock(tmp_path, [f"pypi: {URL}"], f"- pypi: {URL}\n  name: Torch\n  version: 2.7.0+cpu\n  sha256: ab\n")
    detail = "environment default"
    assert read(path) == (Locked(name="torch", version="2.7.0+cpu", lock=path, url=URL, sha256="ab", detail=detail),)


def test_conda_package(tmp_path: Path) -> None:
    """A conda package has no wheel; its URL supplies missing values, and a token in it is not shown."""
    path = lock(tmp_path, [f"conda: {CONDA}"], f"- conda: {CONDA}\n  sha256: ab\n")
    missing = "it is a conda package (pytorch 2.7.0 cuda126_py311_h1_200, forge), not a wheel"
    detail = "environment default, conda build cuda126_py311_h1_200"
    assert (Locked(name="torch", version="2.7.0", lock=path, missing=missing, detail=detail),) == read(path)


def test_purl(tmp_path: Path) -> None:
    """A conda package of another name may state its distribution."""
    url = "https://host.example/forge/linux-64/my-torch-2.7.0-0.tar.bz2"
    entry = f"- conda: {url}\n  purls:\n  - pkg:pypi/torch@2.7.0?source=x\n"
    assert [locked.version for locked in read(lock(tmp_path, [f"conda: {url}"], entry))] == ["2.7.0"]


def test_libtorch_is_not_torch(tmp_path: Path) -> None:
    """Neither conda's libtorch nor torchvision nor pytorch on the Python index is torch."""
    urls = [CONDA.replace("pytorch", "libtorch"), CONDA.replace("pytorch", "torchvision")]
    entries = "".join(f"- conda: {url}\n" for url in urls) + "- pypi: ./x\n  name: pytorch\n"
    assert read(lock(tmp_path, [*(f"conda: {url}" for url in urls), "pypi: ./x"], entries)) == ()


def test_conda_source(tmp_path: Path) -> None:
    """A conda package that pixi builds from source has no build, and its version may not follow PEP 440."""
    source = "pytorch[9f3c2a7b] @ git+https://host.example/pytorch#abc"
    entry = f"- conda_source: {source}\n  version: 2.7.0_custom\n"
    (found,) = read(lock(tmp_path, [f"conda_source: {source}"], entry, "7", "platforms:\n- name: linux-64\n"))
    told = "it is a conda package (pytorch 2.7.0_custom), not a wheel"
    assert ("", told) == (found.version, found.missing)


def test_told_apart_by_more_keys(tmp_path: Path) -> None:
    """Version 6 distinguishes packages at one location by name, version, build and subdir."""
    entries = "".join(f"- conda: ./src\n  name: pytorch\n  version: {v}\n  build: b\n" for v in ("2.6.0", "2.7.0"))
    path = lock(tmp_path, ["conda: ./src\n        name: pytorch\n        version: 2.7.0\n        subdir: x"], entries)
    assert [locked.version for locked in read(path)] == ["2.7.0"]


def test_platforms_of_one_subdir(tmp_path: Path) -> None:
    """Version 7 may lock one platform of conda twice, under other names: they are not guessed between."""
    cuda = URL.replace("cpu", "cu126")
    text = f"""\
version: 7
platforms:
- name: linux-64
- name: gpu-box
  subdir: linux-64
- name: mac
  subdir: osx-arm64
environments:
  default:
    packages:
      linux-64:
      - pypi: {URL}
      gpu-box:
      - pypi: {cuda}
      mac:
      - pypi: ./torch
packages:
- pypi: {URL}
  name: torch
- pypi: {cuda}
  name: torch
- pypi: ./torch
  name: torch
"""
    path = write(tmp_path / "pixi.lock", text)
    assert [locked.version for locked in read(path)] == ["2.7.0+cpu", "2.7.0+cu126"]


def test_conda_and_pypi(tmp_path: Path) -> None:
    """Where the project keeps pixi from mapping the names, both are installed, and either may be meant."""
    entries = f"- conda: {CONDA}\n- pypi: {URL}\n  name: torch\n  version: 2.7.0+cpu\n"
    found = read(lock(tmp_path, [f"conda: {CONDA}", f"pypi: {URL}"], entries))
    assert [locked.version for locked in found] == ["2.7.0", "2.7.0+cpu"]


def test_variables(tmp_path: Path) -> None:
    """A URL with variables is of no use outside the tool."""
    url = URL.replace("host", "$USER@host")
    (found,) = read(lock(tmp_path, [f"pypi: {url}"], f"- pypi: {url}\n  name: torch\n"))
    assert found.missing == "its URL contains environment variables, which only the tool that locked it fills in"


def test_other_runtime(tmp_path: Path) -> None:
    """A name is spelled in more than one way in files and URLs."""
    url = "https://host.example/my_run.time-1.0-py3-none-any.whl"
    path = lock(tmp_path, [f"pypi: {url}"], f"- pypi: {url}\n  name: my_run.time\n  version: '1.0'\n")
    assert [locked.url for locked in read(path, "my-run-time")] == [url]


@pytest.mark.parametrize("url", ["https://host.example/torch-x-y.whl", "https://host.example/torch-2.7.0.tar.gz"])
def test_no_wheel(tmp_path: Path, url: str) -> None:
    """A file that is not a wheel, or is misnamed, has a reason."""
    (found,) = read(lock(tmp_path, [f"pypi: {url}"], f"- pypi: {url}\n  name: torch\n"))
    assert ("2.7.0" if url.endswith("gz") else "", None) == (found.version, found.url)


@pytest.mark.parametrize("version", ["4", "8", "'6.0'", "{}", ""])
def test_unknown_version(tmp_path: Path, version: str) -> None:
    """An unknown version, or an old one, is refused."""
    found = {"'6.0'": "6.0", "": "None"}.get(version, version)
    path = lock(tmp_path, [], "", version)
    assert f"{path}: found version: {found}, expected one of 5, 6, 7, which this reader knows" == refusal(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", "not laid out as expected: found a list, expected a table"),
        ("version: 6\n", "not laid out as expected: found no key 'packages'"),
        ("version: 6\nenvironments: {}\npackages:\n- x: torch\n",
         "not laid out as expected: at packages[]: found a package with none of the keys pypi, conda, conda_source"),
        ("version: 6\nenvironments: {}\npackages:\n- kind: conda\n  name: torch\n",
         "not laid out as expected: at packages[torch].kind: found a package with none of the keys url, path"),
        ("version: 6\nenvironments: [x]\npackages: []\n",
         "not laid out as expected: at environments: found a list, expected a table"),
        (f"version: 6\nenvironments:\n  default: {{packages: {{linux-64: [{{pypi: '{URL}'}}]}}}}\npackages:\n"
         f"- pypi: {URL}\n  name: torch\n  version: latest\n",
         "not laid out as expected: at packages[torch].version: Invalid version: 'latest'"),
        (f"version: 6\nenvironments:\n  default: {{packages: {{linux-64: [{{pypi: '{URL}'}}]}}}}\npackages:\n"
         f"- pypi: {URL}\n  name: torch\n  sha256: [ab]\n",
         "not laid out as expected: at packages[torch].sha256: found ['ab'], expected text"),
        ("version: 6\nversion: 6\n", "line 2: found the key 'version' twice"),
        ("[" * 5_000, "not laid out as expected: it is nested too deeply"),
    ],
)  # fmt: skip
def test_malformed(tmp_path: Path, text: str, expected: str) -> None:
    """Whatever is wrong with a lock, it is a LockError that names it."""
    path = write(tmp_path / "pixi.lock", text)
    assert refusal(path).startswith(f"{path}: {expected}")


def test_without_pyyaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyYAML, the error names the lock and the way out."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    path = lock(tmp_path, [], "")
    with pytest.raises(
        LockError, match=r"pixi.lock: cannot be read: PyYAML is not installed.*\n.*runtime-backend\[yaml\]"
    ):
        read(path)
