"""The guard in an editable: what it stops, what it lets pass, and the surroundings of a rebuild."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from standins import make_distribution, make_torch, write

from runtime_backend.editable import guard
from runtime_backend.editable.guard import Guard, command, fits, read_runtime, start
from runtime_backend.editable.guarding import Guarded, describe, guard_files
from runtime_backend.installed.identity import Identity, is_compatible

TORCH: dict[str, Any] = {
    "name": "torch", "module": "torch", "match": "exact", "version": "2.7.0", "reported": "2.7.0+cu126", "cuda": "12.6",
    "hip": None, "rocm": None, "xpu": None, "git_version": "abc",
}  # fmt: skip


def data_of(folder: Path, **more: Any) -> dict[str, Any]:
    """Return the data of a guard of the modules ``guarded`` and ``exactly.this``."""
    (folder / "env/users").mkdir(parents=True, exist_ok=True)
    given: dict[str, Any] = {
        "name": "my-pkg",
        "info": "my_pkg-1.0.dist-info",
        "source": folder / "source",
        "environment": folder / "env",
        "build": folder / "build",
        "needed": [(folder / "env", "its build environment")],
        "runtimes": [],
        "guarded": Guarded(exact=("exactly.this",), top_level=("guarded",)),
        "variables": {},
        "paths": {},
        **more,
    }
    return describe(**given)


class Loader:
    """The finder of a loader, which records the variables of each search."""

    def __init__(self, found: str = "guarded") -> None:
        self.found = found
        self.seen: list[dict[str, str]] = []

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Find one module."""
        self.seen.append(dict(os.environ))
        return ModuleSpec(fullname, None) if fullname == self.found else None


@pytest.fixture
def loader() -> Iterator[Loader]:
    """Return a finder, the only one; the others come back afterwards."""
    before, made = sys.meta_path[:], Loader()
    sys.meta_path[:] = [made]
    yield made
    sys.meta_path[:] = before


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder on the import path."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path / "site"


def found_by(finder: Guard, name: str) -> str | None:
    """Return the name of what a guard finds."""
    spec = finder.find_spec(name)
    return None if spec is None else spec.name


def test_other_modules(tmp_path: Path, loader: Loader) -> None:
    """The guard leaves every other module alone, without looking at anything."""
    finder = Guard(data_of(tmp_path, needed=[(tmp_path / "gone", "x")]))
    assert [None] * 4 == [found_by(finder, name) for name in ("os", "exactly", "exactly.other", "guarded_too")]
    assert [] == loader.seen


def test_first_finder(tmp_path: Path, loader: Loader) -> None:
    """The guard comes first, once, however often ``site`` starts it and the loader."""
    data, other = data_of(tmp_path), data_of(tmp_path, name="another")
    start(data)
    sys.meta_path.insert(0, loader)
    start(other)
    start(data)
    locks = {id(finder._lock) for finder in sys.meta_path if isinstance(finder, Guard)}  # noqa: SLF001 - it is shared
    assert len(locks) == 1
    kinds = [finder.data["name"] if isinstance(finder, Guard) else "loader" for finder in sys.meta_path]
    assert ["my-pkg", "another", "loader", "loader"] == kinds


def test_surroundings(tmp_path: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loader sees the variables of the build, and nobody does so afterwards."""
    monkeypatch.setenv("PATH", f"/person{os.pathsep}/env/bin{os.pathsep}")
    for name in ("ROOTS", "SET", "GONE", "FORCED", "NEW"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SET", "person")
    monkeypatch.setenv("FORCED", "person")
    monkeypatch.setenv("GONE", "person")
    variables = {"SET": ("ours", False), "NEW": ("ours", False), "FORCED": ("ours", True), "GONE": (None, True)}
    paths = {"PATH": (["/env/bin"], []), "ROOTS": ([], ["/cmake"])}
    finder, before = Guard(data_of(tmp_path, variables=variables, paths=paths)), dict(os.environ)
    sys.meta_path[:0] = [finder, object()]  # type: ignore[list-item] # one without find_spec
    assert "guarded" == found_by(finder, "guarded")
    assert found_by(finder, "guarded.part") is None
    seen = loader.seen[0]
    assert ("person", "ours", "ours") == (seen["SET"], seen["NEW"], seen["FORCED"])
    assert (f"/env/bin{os.pathsep}/person", "/cmake", False) == (seen["PATH"], seen["ROOTS"], "GONE" in seen)
    assert before == dict(os.environ)


def test_during_a_build(tmp_path: Path, loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build of the package that imports it is neither stopped nor started again."""
    monkeypatch.setenv("SKBUILD_EDITABLE_SKIP", f"{os.pathsep}{tmp_path / 'build'}")
    assert found_by(Guard(data_of(tmp_path, needed=[(tmp_path / "gone", "x")])), "guarded") is None
    assert [] == loader.seen


def stop_of(data: dict[str, Any], name: str = "guarded") -> str:
    """Return the message with which an import stops; it stops again when it is tried again."""
    finder = Guard(data)
    messages = []
    for _ in range(2):
        with pytest.raises(ImportError) as caught:
            finder.find_spec(name)
        assert caught.value.name == name
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    return messages[0]


def test_stops_without_a_path(tmp_path: Path) -> None:
    """The message names what is gone and where, and the command."""
    gone = tmp_path / "gone"
    message = stop_of(data_of(tmp_path, needed=[(tmp_path, "x"), (gone, "its build environment")]), "exactly.this")
    start_of_message = (
        "my-pkg rebuilds itself on import, and cannot be rebuilt: its build environment is gone: found nothing at"
        f" {gone}, expected what it was built with.\nRun: "
    )
    assert message.startswith(start_of_message)


def test_stops_without_the_runtime(tmp_path: Path) -> None:
    """A runtime that was removed stops the import."""
    message = stop_of(data_of(tmp_path, runtimes=[{**TORCH, "name": "gone-torch", "module": "gone_torch"}]))
    assert (
        ": it was built against gone-torch 2.7.0 (calls itself 2.7.0+cu126), and gone-torch is not installed.\n"
        in message
    )


@pytest.mark.parametrize(
    ("installed", "shown"),
    [
        ({"version": "2.8.0", "reported": "2.8.0+cu128", "cuda": "12.8"}, "2.8.0 (calls itself 2.8.0+cu128)"),
        ({"version": "2.7.0", "reported": "2.7.0+cpu"}, "2.7.0 (calls itself 2.7.0+cpu)"),
        ({"version": "2.7.1"}, "2.7.1"),
    ],
)
def test_stops_with_another_runtime(tmp_path: Path, site: Path, installed: dict[str, Any], shown: str) -> None:
    """Another version or variant stops the import."""
    make_torch(site, **installed)
    message = stop_of(data_of(tmp_path, runtimes=[TORCH]))
    expected = (
        f": it was built against torch 2.7.0 (calls itself 2.7.0+cu126); found torch {shown} ({site / 'torch'}).\n"
    )
    assert expected in message


@pytest.mark.usefixtures("loader")
def test_passes_with_the_same_runtime(tmp_path: Path, site: Path) -> None:
    """The same runtime passes, is looked at once, and the use of the environment is noted."""
    make_torch(site, "2.7.0", reported="2.7.0+cu126", cuda="12.6")
    found = read_runtime_here()
    finder = Guard(data_of(tmp_path, runtimes=[{**TORCH, **found}]))
    assert "guarded" == found_by(finder, "guarded")
    (note,) = (tmp_path / "env/users").iterdir()
    assert os.path.abspath(guard.__file__) == note.read_text("utf-8")  # noqa: PTH100 - as the guard spells it
    (site / "torch/version.py").unlink()
    assert "guarded" == found_by(finder, "guarded")
    assert "guarded" == found_by(Guard(data_of(tmp_path)), "guarded")  # its use has been noted before


def read_runtime_here() -> dict[str, Any]:
    """Return the facts of the torch on the import path, which the fixture of the finder hides."""
    hidden, sys.meta_path[:] = sys.meta_path[:], [*sys.meta_path, importlib.machinery.PathFinder]
    found = read_runtime(TORCH)
    assert found is not None
    sys.meta_path[:] = [*hidden, importlib.machinery.PathFinder]
    return {name: found[name] for name in ("version", "reported", *guard.FACTS)}


def test_reads_other_runtimes(site: Path) -> None:
    """A module without version.py has the version of its metadata; a distribution without its module is not installed."""
    make_distribution(site, "single", "1.5", {"single.py": ""})
    make_distribution(site, "spaced", "1.6", {"spaced/version.py": 'version: str = "1.6.dev1"\n'})
    make_distribution(site, "nomodule", "1.7", {"other.py": ""})
    runtimes = {name: read_runtime({"name": name, "module": name}) for name in ("single", "spaced", "nomodule")}
    single, spaced = runtimes["single"], runtimes["spaced"]
    assert single is not None
    assert ("1.5", "1.5", str(site / "single.py")) == (single["version"], single["reported"], single["place"])
    assert spaced is not None
    assert ("1.6", "1.6.dev1") == (spaced["version"], spaced["reported"])
    assert runtimes["nomodule"] is None
    assert (
        read_runtime({"name": "single", "module": "__main__"}) is None or sys.modules["__main__"].__spec__ is not None
    )


IDENTITIES = [
    Identity(name="torch", version=version, reported=reported, **facts)
    for version, reported, facts in (
        ("2.7.0", "2.7.0+cu126", {"cuda": "12.6"}),
        ("2.7.0", "2.7.0+cu126", {"cuda": "12.6", "git_version": "other"}),
        ("2.7.1", "2.7.1+cu128", {"cuda": "12.8"}),
        ("2.7.1rc1", "2.7.1rc1", {"cuda": "13.0"}),
        ("2.8", "2.8", {}),
        ("2.8.0+cpu", "2.8.0+cpu", {}),
        ("3.0.0", "3.0.0", {"hip": "6.4.1"}),
        ("3.1.0", "3.1.0", {"rocm": "6.3"}),
        ("3.1.0", "3.1.0", {"rocm": "7.0"}),
        ("2.10.0", "2.10.0", {"xpu": "20250101"}),
        ("1!2.7.0", "1!2.7.0", {}),
    )
]  # fmt: skip


@pytest.mark.parametrize("match", ["exact", "minor", "floor"])
def test_same_judgement(match: Any) -> None:
    """The guard judges as builds and ``check`` do, which have the whole code for it."""
    for one, other in product(IDENTITIES, repeat=2):
        if "!" in one.version + other.version and one != other:
            continue  # epochs are ignored
        built, found = ({**identity._asdict()} for identity in (one, other))
        assert is_compatible(one, other, match) == fits({**built, "match": match}, found), (one, other)


def test_odd_version() -> None:
    """A version without a number counts as 0."""
    assert () == guard._release("nightly")  # noqa: SLF001 - reached only with damaged metadata


@pytest.mark.parametrize(("installer", "program"), [("pip", "pip"), ("", "pip"), ("uv", "uv"), ("pdm", "pdm")])
def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installer: str, program: str) -> None:
    """The command is one of the frontend that installed the editable."""
    monkeypatch.setattr(guard, "__file__", str(tmp_path / "guard.py"))
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    write(tmp_path / "packages/pip/__init__.py", "")
    write(tmp_path / "my_pkg-1.0.dist-info/INSTALLER", f"{installer}\n")
    data = data_of(tmp_path, source=tmp_path / "my source")
    assert {
        "pip": f"{sys.executable} -m pip install --no-deps -e '{tmp_path}/my source'",
        "uv": f"uv pip install --python {sys.prefix} --no-deps --reinstall -e '{tmp_path}/my source'",
        "pdm": f"pdm sync --reinstall --project {Path(sys.prefix).parent}",
    }[program] == command(data)


def test_command_without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pip is not installed, uv installs into the environment."""
    monkeypatch.setattr("importlib.machinery.PathFinder.find_spec", lambda _: None)
    assert command(data_of(tmp_path)).startswith("uv pip install ")


def test_in_an_interpreter(tmp_path: Path) -> None:
    """The files of the wheel work in an interpreter that has no shim, and import nothing at its start."""
    site = tmp_path / "site"
    data = data_of(tmp_path, needed=[(tmp_path / "gone", "its build environment")])
    for name, content in guard_files("my_pkg", data).items():
        write(site / name, content.decode())
    write(site / "guarded.py", "")
    code = (
        "import site, sys; before = set(sys.modules)\n"
        f"site.addsitedir({str(site)!r})\n"
        "print(sorted(set(sys.modules) - before - {'__future__'}), flush=True)\n"
        "import guarded"
    )
    done = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert "['zzz_runtime_backend_guard_my_pkg']\n" == done.stdout
    assert (
        "ImportError: my-pkg rebuilds itself on import, and cannot be rebuilt: its build environment is gone"
        in done.stderr
    )
