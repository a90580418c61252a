"""Fetching a runtime into our cache, with an installer that records how it is called."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest
from hooks import Said
from standins import make_torch, write

from runtime_backend.errors import ProvisionError
from runtime_backend.provision.fetch import Fetcher, Fetching, Source
from runtime_backend.resolve import Resolution
from runtime_backend.runtime import Identity

URL = "torch @ https://example.org/torch-2.7.0%2Bcu126-cp311-cp311-linux_x86_64.whl#sha256=ab"
LOCKED = Resolution(identity=Identity(name="torch", version="2.7.0"), how="locked", origin="uv.lock")

INSTALLER = """#!{python}
import json, os, pathlib, sys, time
sys.path.insert(0, {tests!r})
from standins import make_torch
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([sys.argv[1:], os.getcwd(), sorted(os.environ)]) + chr(10))
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
make_torch(target, "2.7.0")
time.sleep(0.2)
sys.exit(3 if (here / "fails").exists() else 0)
"""


@pytest.fixture
def installer(tmp_path: Path) -> Path:
    """Return an installer that installs a stand-in, whatever it is asked for."""
    text = INSTALLER.format(python=sys.executable, tests=str(Path(__file__).parent))
    write(tmp_path / "bin/uv", text)
    (tmp_path / "bin/uv").chmod(0o755)
    return tmp_path / "bin/uv"


def calls(installer: Path) -> list[list[list[str]]]:
    """Return how the installer was called."""
    return [json.loads(line) for line in (installer.parent / "calls").read_text().splitlines()]


def source(environ: dict[str, str], cwd: Path, *options: str, is_offline: bool = False) -> Source:
    """Return where a frontend gets things from."""
    return Source(environ=environ, cwd=cwd, options=options, is_offline=is_offline)


def planned(tmp_path: Path, requirement: str = URL) -> Fetching:
    """Return the fetching of a requirement into an empty cache."""
    return Fetcher(tmp_path / "cache/fetched", "3.11").plan(requirement)


@pytest.mark.parametrize(
    ("requirement", "label"),
    [(URL, "torch-2.7.0.cu126-"), ("torch===2.7.0", "torch-2.7.0-"), ("torch==2.7.0+cpu", "torch-2.7.0.cpu-")],
)
def test_names(requirement: str, label: str, tmp_path: Path) -> None:
    """A folder is named for the requirement, and for the interpreter."""
    one, other = planned(tmp_path, requirement), Fetcher(tmp_path / "cache/fetched", "3.12").plan(requirement)
    assert one.folder.name.startswith(label)
    assert one.folder != other.folder


def test_fetch_with_uv(installer: Path, tmp_path: Path) -> None:
    """Uv installs for this interpreter, sees no build environment, and is told to stay offline."""
    said, fetching = Said(), planned(tmp_path)
    assert fetching.find(LOCKED) is None
    environ = {"UV": str(installer), "VIRTUAL_ENV": "/build", "PYTHONPATH": "/build", "UV_INDEX": "x"}
    fetching.fetch(source(environ, tmp_path, "--index", "y", is_offline=True), said)
    ((argv, cwd, names),) = calls(installer)
    assert ["pip", "install", "--python", sys.executable, "--index", "y", "--offline", "--target"] == argv[:-2]
    assert (URL, str(tmp_path)) == (argv[-1], cwd)
    assert (True, []) == ("UV_INDEX" in names, [name for name in names if name in ("VIRTUAL_ENV", "PYTHONPATH")])
    assert f"fetching {URL} into {tmp_path}/cache/fetched: the build environment lacks it" == said.lines[0]
    found = fetching.find(LOCKED)
    assert found is not None
    assert ("2.7.0", fetching.folder) == (found.identity.reported, found.environment and found.environment.prefix)


def test_fetch_with_pip(installer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without uv it is the pip of this interpreter, outside of what the frontend isolates."""
    monkeypatch.setattr(sys, "executable", str(installer))
    environ = {"PYTHONPATH": "/build", "PIP_INDEX_URL": "x", "PIP_TARGET": "y"}
    planned(tmp_path).fetch(source(environ, tmp_path), Said())
    ((argv, _, names),) = calls(installer)
    assert ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--target"] == argv[:-2]
    assert ["PIP_INDEX_URL"] == [name for name in names if name.startswith(("PIP_", "PYTHONPATH"))]
    planned(tmp_path, "torch==1").fetch(source(environ, tmp_path, is_offline=True), Said())
    assert "--no-index" in calls(installer)[-1][0]


@pytest.mark.parametrize(("is_offline", "way_out"), [(True, "without being offline"), (False, "when the index can be")])
def test_failure(is_offline: bool, way_out: str, installer: Path, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    """What cannot be fetched is a stop, and leaves nothing but the lock."""
    write(installer.parent / "fails", "")
    fetching = planned(tmp_path)
    with pytest.raises(ProvisionError) as caught:
        fetching.fetch(source({"UV": str(installer)}, tmp_path, is_offline=is_offline), Said())
    assert f"{URL} could not be fetched{' offline' if is_offline else ''}: {installer} pip install" in str(caught.value)
    assert f"run it again {way_out}" in str(caught.value)
    assert [f"{fetching.folder.name}.lock"] == [path.name for path in fetching.folder.parent.iterdir()]


def test_at_once(installer: Path, tmp_path: Path) -> None:
    """Of several builds that want the same one, the first fetches it, and the others wait."""
    fetching, environ = planned(tmp_path), {"UV": str(installer)}
    threads = [threading.Thread(target=fetching.fetch, args=(source(environ, tmp_path), Said())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == len(calls(installer))


def test_found(tmp_path: Path) -> None:
    """What lies there is taken only for what it is."""
    fetching = planned(tmp_path)
    write(fetching.folder / "x", "")
    assert fetching.find(LOCKED) is None
    make_torch(fetching.folder, "2.8.0")
    assert fetching.find(LOCKED) is None
    (fetching.folder / "torch/version.py").unlink()
    assert fetching.find(LOCKED) is None
