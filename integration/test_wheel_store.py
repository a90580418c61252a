"""The wheel store: nothing is compiled twice for the same inputs, and never taken for others."""

from __future__ import annotations

import json
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .buckets import Bucket, serve_bucket
from .checks import check_installed, check_wheel
from .combinations import some
from .compilers import Compiler, watched_compilers
from .frontends import FRONTENDS
from .frontends.scenario import Frontend, Trial, measure
from .index import Index
from .real_torch import without_nvcc
from .scene import find_target
from .stock import NEWEST_PIP, NEWEST_UV, REPOSITORY, Stock
from .workplace import Target, Workplace

A, B = "2.7.0+cpu", "2.8.0"
PROBE = "probe_setuptools"


@pytest.fixture
def compiler(place: Workplace) -> Compiler:
    """Return the compilers of a machine, which write down what they compile."""
    return watched_compilers(place.folder / "compilers")


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """Return a bucket on loopback."""
    with serve_bucket() as served:
        yield served


def watched(place: Workplace, compiler: Compiler) -> dict[str, Any]:
    """Return the variable by which those compilers are used."""
    return {"PATH": place.path(compiler.path.parent)}


def stamp_of(target: Target) -> dict[str, Any]:
    """Return the stamp of the installed package."""
    (info,) = target.site.glob(f"{PROBE}-*.dist-info")
    stamp: dict[str, Any] = json.loads((info / "runtime-backend.json").read_text("utf-8"))
    return stamp


def install(place: Workplace, target: Target, frontend: str, package: Path, **how: Any) -> str:  # noqa: ANN401
    """Install the package once more, and return what the frontend prints."""
    if frontend == "pip":
        command = (target.python, "-m", "pip", "install", "-v", "--no-deps", "--force-reinstall", package)
        return place.run(*command, **how).output
    options = ("--no-deps", "--reinstall", "--no-cache", f"--python={target.python}")
    return place.uv(NEWEST_UV, "pip", "install", "-v", *options, package, **how).output


@some("frontend", ["pip", "uv"], "pip", "uv")
def test_there_and_back_again(place: Workplace, frontend: str, compiler: Compiler) -> None:
    """Torch A, B, A in one environment: the third build compiles nothing, and each is for its torch."""
    target, package = place.target(A, pip=NEWEST_PIP), place.package(PROBE)
    compiled = []
    for torch in (A, B, A):
        place.install(target.python, f"torch==={torch}")
        install(place, target, frontend, package, **watched(place, compiler))
        check_installed(place, target, PROBE, torch, grows=True)
        compiled.append(compiler.compiled())
    assert [["compiled.c"], ["compiled.c"], []] == compiled
    origin = stamp_of(target)["origin"]
    assert ("store", "local") == (origin["kind"], origin["store"])
    output = place.run(sys.executable, "-m", "runtime_backend", "store", "ls", PYTHONPATH=REPOSITORY).output
    assert [f"torch {torch}" in output for torch in (A, "2.8.0+cu128")] == [True, True]


@pytest.mark.rare
def test_real_extension(place: Workplace, real_target: Target, compiler: Compiler) -> None:
    """The op of a real extension, taken from the store into another folder, runs."""
    out = place.folder / "out"
    how: dict[str, Any] = {"PATH": f"{compiler.path.parent}:{without_nvcc(place)}", "CCACHE_DISABLE": "1"}
    for copy, compiled in (("one", ["axpy.cpp"]), ("other", [])):
        package = place.package("op_setuptools", into=copy)
        words = ("-m", "pip", "wheel", "--no-deps", "-w", out / copy, package)
        place.run(real_target.python, *words, wait=600, **how)
        assert compiled == compiler.compiled()
    (wheel,) = (out / "other").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(out / "unpacked")
    code = "import torch, op_setuptools; print(op_setuptools.op(2.0, torch.ones(1), torch.ones(1)).item())"
    ran = place.run(real_target.python, "-W", "ignore", "-c", code, cwd=out / "unpacked")
    assert "3.0" in ran.output


POETRY = "`poetry lock`, `poetry install`"
SHARING = {
    "`pip install`": "fresh",
    "`uv pip install`": "fresh",
    "`uv sync`": "fresh",
    "`python -m build --installer=uv`": "sdist",
    POETRY: "fresh",
    "`pdm install`": "fresh",
}
"""Frontend -> a scenario of the support table in which it builds."""


def frontend_of(name: str) -> Frontend:
    """Return a row of the support table."""
    return next(frontend for frontend in FRONTENDS if frontend.name == name)


def machine(folder: Path, stock: Stock, index: Index, name: str, **variables: str) -> tuple[Trial, Compiler]:
    """Return a person on a fresh machine with a frontend, and their compilers."""
    folder.mkdir()
    place = Workplace(folder, stock)
    scene, compiler = Trial(place, index, frontend_of(name).versions[-1]), watched_compilers(folder / "compilers")
    scene.environ.update(variables)
    return scene, compiler


def run_on(scene: Trial, compiler: Compiler, name: str) -> list[str]:
    """Build on a machine, check the result, and return what was compiled."""
    scene.environ["PATH"] = scene.place.path(compiler.path.parent)
    assert measure(frontend_of(name).scenarios[SHARING[name]], scene) == "right"
    return compiler.compiled()


@some("name", SHARING, "`python -m build --installer=uv`", "`pdm install`")
def test_two_machines(name: str, tmp_path: Path, stock: Stock, index: Index, bucket: Bucket) -> None:
    """What the first machine has put into a bucket, the second one does not compile, under any frontend."""
    shared = {**bucket.environ, "RUNTIME_BACKEND_STORE": bucket.url}
    first, compiler = machine(tmp_path / "first", stock, index, name, **shared, RUNTIME_BACKEND_STORE_WRITE="always")
    assert ["compiled.c"] == run_on(first, compiler, name)
    (record,) = (found for found in bucket.names() if found.endswith("/record.json"))
    assert re.fullmatch(r"team/([0-9a-f]{2})/\1[0-9a-f]{62}/record\.json", record)
    second, compiler = machine(tmp_path / "second", stock, index, name, **shared)
    assert [] == run_on(second, compiler, name)


def test_two_frontends(tmp_path: Path, stock: Stock, index: Index, bucket: Bucket) -> None:
    """What pip has built, uv and poetry do not compile on other machines."""
    shared = {**bucket.environ, "RUNTIME_BACKEND_STORE": bucket.url}
    for name, compiled in (("`pip install`", ["compiled.c"]), ("`uv sync`", []), (POETRY, [])):
        scene, compiler = machine(tmp_path / name.strip("`").split()[0], stock, index, name, **shared)
        scene.environ["RUNTIME_BACKEND_STORE_WRITE"] = "always"
        assert compiled == run_on(scene, compiler, name)


@pytest.fixture
def scene(place: Workplace, index: Index) -> Trial:
    """Return a scene with the newest pip, and wheels in a folder next to it."""
    made = Trial(place, index, NEWEST_PIP)
    store = place.folder / "shared"
    made.environ.update(RUNTIME_BACKEND_STORE=str(store), RUNTIME_BACKEND_STORE_WRITE="always")
    return made


def store_command(scene: Trial, *words: object, fails: bool = False, **more: str) -> str:
    """Run a command on the store, and return what it prints."""
    how: dict[str, Any] = {**scene.environ, "PYTHONPATH": REPOSITORY, **more}
    command = (sys.executable, "-m", "runtime_backend", "store", *words)
    return scene.place.run(*command, fails=fails, **how).output


def test_filled_under_another_torch(scene: Trial, compiler: Compiler) -> None:
    """A store that another torch has filled is no reason to use that torch's wheel: the lock says which one it is."""
    assert ["compiled.c"] == sync(scene, compiler, "2.8.0")
    shutil.rmtree(scene.place.cache)
    assert ["compiled.c"] == sync(scene, compiler, "2.7.0")
    shutil.rmtree(scene.place.cache)
    assert [] == sync(scene, compiler, "2.7.0")
    differs = store_command(scene, "explain", "probe-setuptools", RUNTIME_BACKEND_STORE="on")
    assert "found: from" in differs


PROJECT = """[project]
name = "app"
version = "0"
requires-python = ">=3.10"
dependencies = ["torch=={}", "probe-setuptools"]

[tool.uv.sources]
probe-setuptools = {{ path = "{}" }}
"""


def sync(scene: Trial, compiler: Compiler, torch: str) -> list[str]:
    """Sync a project of uv that is locked to a torch, check what was built, and return what was compiled."""
    number = len(list(scene.folder.iterdir()))
    folder = scene.write(f"app-{number}/pyproject.toml", PROJECT.format(torch, scene.package)).parent
    scene.environ["PATH"] = scene.place.path(compiler.path.parent)
    shutil.rmtree(scene.package / "build", ignore_errors=True)  # setuptools uses the objects of the last build again
    scene.run(scene.place.stock.uv(NEWEST_UV), "sync", "--no-cache", cwd=folder)
    check_installed(scene.place, find_target(folder / ".venv"), PROBE, torch, provision=None, grows=True)
    return compiler.compiled()


def test_list_of_trusted_wheels(scene: Trial, compiler: Compiler) -> None:
    """With store.lock, nothing else of the remote store is used: neither another wheel, nor a changed one."""
    trust = scene.place.folder / "store.lock"
    assert ["compiled.c"] == sync(scene, compiler, "2.7.0")
    scene.environ["RUNTIME_BACKEND_STORE_TRUST"] = trust
    assert "1 wheel added" in store_command(scene, "lock")
    for content, compiled in ((trust.read_text("utf-8"), []), ("[wheels]\n", ["compiled.c"])):
        trust.write_text(content, "utf-8")
        shutil.rmtree(scene.place.cache)
        assert compiled == sync(scene, compiler, "2.7.0")
    assert "is not in" in store_command(scene, "explain", fails=True)


def test_changed_wheel(scene: Trial, compiler: Compiler) -> None:
    """A wheel that somebody changed in the remote store, or here, is not used."""
    assert ["compiled.c"] == sync(scene, compiler, "2.7.0")
    (wheel,) = (scene.place.folder / "shared").rglob("*.whl")
    for folder in (scene.place.folder / "shared", scene.place.cache / "store"):
        (wheel,) = folder.rglob("*.whl")
        with zipfile.ZipFile(wheel, "a") as archive:
            archive.writestr("evil.py", "")
    assert "was changed" in store_command(scene, "verify", fails=True)
    assert ["compiled.c"] == sync(scene, compiler, "2.7.0")
    notes = store_command(scene, "explain", fails=True)
    assert "was changed: found sha256" in notes
    assert "has no wheel for this build: probe_setuptools-1.0" in notes


def test_two_builds_at_once(scene: Trial, compiler: Compiler) -> None:
    """One of two builds of the same wheel compiles, the other one waits for it."""
    target, path = scene.place.target(A, pip=NEWEST_PIP), scene.place.path(compiler.path.parent)
    copies = [scene.place.package(PROBE, into=f"copy-{number}") for number in range(2)]
    commands = [(target.python, "-m", "pip", "wheel", "-w", copy.parent / "out", copy) for copy in copies]
    running = [scene.place.start(*command, PATH=path) for command in commands]
    for started in running:
        result = started.wait()
        assert result.code == 0, result
    for copy in copies:
        (wheel,) = (copy.parent / "out").glob("probe_setuptools-*.whl")
        check_wheel(wheel, A)
    assert ["compiled.c"] == compiler.compiled()


@some("frontend", ["pip", "uv"], "uv")
def test_prebuilt(place: Workplace, index: Index, frontend: str, compiler: Compiler) -> None:
    """Of four labels on the authors' index the fitting one is taken; if none fits, the package is compiled."""
    publish_labelled(place, index)
    package = place.package(PROBE)
    settings = package / "pyproject.toml"
    label = "{torch.cuda-major}torch{torch.minor}"
    table = f'prebuilt = {{ index = "{index.url("prebuilt")}", label = "cu{label}" }}\n'
    settings.write_text(settings.read_text("utf-8").replace("match-runtime =", f"{table}match-runtime ="), "utf-8")
    how: dict[str, Any] = {**watched(place, compiler), "UV_OFFLINE": None, "UV_NO_INDEX": "1"}
    compiler.compiled()
    for torch, compiled in (("2.7.0+cu126", []), ("2.7.1+cu130", []), ("2.6.0", ["compiled.c"])):
        target = place.target(torch, name=torch, pip=NEWEST_PIP)
        install(place, target, frontend, package, **how)
        check_installed(place, target, PROBE, torch, grows=True)
        assert compiled == compiler.compiled()
        assert ("compiled" if compiled else "prebuilt") == stamp_of(target)["origin"]["kind"]
    target = place.target("2.7.0+cu126", name="again", pip=NEWEST_PIP)
    install(place, target, frontend, package, RUNTIME_BACKEND_PREBUILT="off", **how)
    assert (["compiled.c"], "compiled") == (compiler.compiled(), stamp_of(target)["origin"]["kind"])


def publish_labelled(place: Workplace, index: Index) -> None:
    """Build the package for four torches, and put the wheels onto an index, each with its label."""
    index.indexes["prebuilt"] = []
    for torch, label in (
        ("2.7.0+cu126", "cu12torch2.7"),
        ("2.7.1+cu130", "cu13torch2.7"),
        ("2.8.0", "cu12torch2.8"),
        ("2.7.0+cpu", "cutorch2.7"),
    ):
        target, out = place.target(torch, name=f"author-{torch}", pip=NEWEST_PIP), place.folder / f"author-{label}"
        package = place.package(PROBE, into=f"authors-{label}")
        place.run(target.python, "-m", "pip", "wheel", "-w", out, package, RUNTIME_BACKEND_STORE="off")
        (wheel,) = out.glob("probe_setuptools-*.whl")
        index.publish("prebuilt", wheel.rename(out / wheel.name.replace("-1.0-", f"-1.0+{label}-")))


@pytest.mark.rare
def test_prebuilt_without_a_stamp(place: Workplace, real_target: Target, index: Index, compiler: Compiler) -> None:
    """A wheel without a stamp is taken if torch has all symbols that it needs, and refused by name if not."""
    out = place.folder / "out"
    how: dict[str, Any] = {
        "PATH": f"{compiler.path.parent}:{without_nvcc(place)}",
        "CCACHE_DISABLE": "1",
        "UV_OFFLINE": None,
    }
    built = place.package("op_setuptools", into="authors")
    place.run(real_target.python, "-m", "pip", "wheel", "--no-deps", "-w", out, built, wait=600, **how)
    (wheel,) = out.glob("*.whl")
    compiler.compiled()
    true, lying = (out / wheel.name.replace("-1.0-", f"-1.0+{label}-") for label in ("right", "lying"))
    rewrite(wheel, true, lambda content: content)
    rewrite(wheel, lying, lambda content: content.replace(b"_ZN2at", b"_ZN2aq").replace(b"_ZN3c10", b"_ZN3c1q"))
    index.indexes["prebuilt"] = []
    for file in (true, lying):
        index.publish("prebuilt", file)
    for label, compiled in (("right", []), ("lying", ["axpy.cpp"])):
        package = place.package("op_setuptools", into=label)
        settings = package / "pyproject.toml"
        table = f'prebuilt = {{ index = "{index.url("prebuilt")}", label = "{label}" }}\n'
        settings.write_text(settings.read_text("utf-8").replace("match-runtime =", f"{table}match-runtime ="), "utf-8")
        words = ("-m", "pip", "wheel", "-v", "--no-deps", "-w", out / label, package)
        output = place.run(real_target.python, *words, wait=600, **how).output
        assert compiled == compiler.compiled()
        assert (f"{lying.name} is refused, because its label is wrong" in output) == bool(compiled)


def rewrite(wheel: Path, to: Path, change: Callable[[bytes], bytes]) -> None:
    """Write a wheel without its stamp, and with other compiled files."""
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(to, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if not item.filename.endswith("/runtime-backend.json"):
                new.writestr(item, change(content) if item.filename.endswith(".so") else content)
