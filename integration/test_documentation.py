"""The blocks of commands in docs/, run as they are written there, each in a fresh environment.

Three blocks are in the tests of their subject: build-lock in test_build_locks, editables in test_rebuilds, remote-cache
in test_cuda.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime_backend.formats.toml import loads

from . import documentation
from .builds_table import read_builds
from .checks import check_installed, check_wheel
from .compilers import watched_compilers
from .index import Index
from .reader import Reader, give_program
from .real_torch import ONLINE, VERSION, own_target, without_nvcc
from .scene import DELAY, find_target
from .standins import TORCHES, make_torches, make_wheel
from .stock import NEWEST_PIP, NEWEST_UV, REPOSITORY
from .test_init import make_unadopted
from .workplace import Target, Workplace

CLI = "runtime-backend[cli]"
OF_THE_IMAGE = "2.8.0a0+5228986c39.nv25.06"
POETRY = "[tool.poetry]\npackage-mode = false\n"
PDM = "[tool.pdm]\ndistribution = false\n"


def environment(place: Workplace, torch: str | None, *others: str, name: str = "target") -> Target:
    """Return an environment with pip."""
    return place.target(torch, *others, name=name, pip=NEWEST_PIP)


def make_torch(place: Workplace, monkeypatch: pytest.MonkeyPatch, version: str, reported: str) -> Path:
    """Make a torch that the other tests do not have, and return its wheel's folder."""
    monkeypatch.setitem(TORCHES, version, (reported, "13.0"))
    folder = place.folder / "wheels-of-torch"
    folder.mkdir()
    make_torches(folder, {version: TORCHES[version]})
    return folder


def make_undeclared(place: Workplace, index: Index, shape: str, *others: str) -> Reader:
    """Return a person with torch 2.7.0, whose package does not declare runtime-backend."""
    reader = Reader(place, index, environment(place, "2.7.0", *others))
    shutil.rmtree(reader.package)
    make_unadopted(place, shape)
    return reader


def make_project(reader: Reader, settings: str = "") -> dict[str, Any]:
    """Make a project with the package in its folder, and return how its commands are run."""
    text = '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.10,<4"\n'
    folder = reader.write("app/pyproject.toml", text + settings).parent
    shutil.move(reader.package, folder)
    reader.index.delay = DELAY  # project managers install torch while they build
    return {"cwd": folder, "activated": None}


def test_author(place: Workplace, index: Index) -> None:
    """The author of a package with a setup.py."""
    reader = make_undeclared(place, index, "setup.py")
    reader.run(*documentation.commands("author"), cwd=reader.package)
    reader.check("2.7.0", provision="reuse")


def test_fork(place: Workplace, index: Index) -> None:
    """The maintainer of a fork; then somebody installs it, with the shim on no index."""
    reader = make_undeclared(place, index, "pyproject.toml")
    who: dict[str, Any] = {f"GIT_{role}_{key}": "jo@x" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    subprocess.run(["git", "init", "-q"], cwd=reader.package, check=True, env=place.environ())
    reader.run(*documentation.commands("fork"), cwd=reader.package, **who)
    place.links.remove(place.stock.shim)
    other = environment(place, "2.8.0", name="other")
    place.run(other.python, "-m", "pip", "install", f"git+{reader.package.as_uri()}")
    check_installed(place, other, "probe_setuptools", "2.8.0")


def test_consumer(place: Workplace, real_target: Target) -> None:
    """The consumer of a real package, with the real torch."""
    target = own_target(place, real_target)
    give_program(target.prefix / "bin" / "pip", target.python, "-m", "pip")
    # Not optimised and without debug information: the compiler takes half the time.
    how: dict[str, Any] = {**ONLINE, "PATH": f"{target.prefix / 'bin'}:{without_nvcc(place)}", "CFLAGS": "-O0 -g0"}
    for command in [*documentation.commands("consumer"), "runtime-backend check"]:
        place.run("sh", "-c", command, activated=target, wait=600, **how)
    (row,) = [row for row in read_builds() if row["requirement"].startswith("torch-householder==")]
    subprocess.run([str(target.python), "-W", "ignore", "-c", row["check"]], check=True)
    assert list(target.site.glob(f"torch-{VERSION}*.dist-info"))


def test_explain(place: Workplace, index: Index) -> None:
    """The plan for a build of the folder; nothing is built."""
    reader = Reader(place, index, environment(place, "2.7.0", CLI))
    (plan,) = reader.run(*documentation.commands("explain"), cwd=reader.package)
    assert f"torch: torch 2.7.0, installed  [{reader.target.prefix}]" in plan
    assert not (reader.package / "build").exists()


@pytest.mark.parametrize(
    ("shape", "answer"),
    [("pyproject.toml", "runtime-backend init --write"), ("setup.py", "found a setup.py without a pyproject.toml")],
)
def test_explain_undeclared(place: Workplace, index: Index, shape: str, answer: str) -> None:
    """A package that does not declare runtime-backend."""
    reader = make_undeclared(place, index, shape, CLI)
    (output,) = reader.run(*documentation.commands("explain"), cwd=reader.package, fails=True)
    assert answer in output


def test_explain_command(place: Workplace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision for a command, line by line as the page shows it."""
    place.links.append(make_torch(place, monkeypatch, "2.13.0+cpu", "2.13.0+cpu"))
    reader = Reader(place, index, environment(place, "2.13.0+cpu", CLI, name=".venv"), called="render_ops")
    reader.depend_on_torch()
    reader.append('[tool.runtime-backend.env]\nBUILT_FOR = "torch {torch.version}"\n')
    (plan,) = reader.run(*documentation.commands("explain-command"), cwd=reader.package)
    shown = documentation.example_after("explain-command")
    for old, new in (
        ("10 requirements", "2 requirements"),  # the real torch has eight more
        ("/home/jo/.cache", f"{place.cache.parent}"),
        ("/home/jo", f"{place.folder}"),
        ("python3.11", f"python{reader.target.version}"),
    ):
        shown = shown.replace(old, new)
    documentation.check_shown(shown.splitlines(), plan.splitlines())


def test_requirements(place: Workplace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The requirements.txt of the page, in an environment without torch."""
    index.publish("main", next(make_torch(place, monkeypatch, "2.13.0", "2.13.0+cu130").glob("torch-*")))
    reader = Reader(place, index, environment(place, None), called="my_extension")
    reader.write("requirements.txt", documentation.example_before("requirements"))
    reader.run(*documentation.commands("requirements"))
    reader.check("2.13.0", provision="present")


def test_requirements_under_uv(place: Workplace, index: Index) -> None:
    """Torch is raised in the file."""
    reader = Reader(place, index, environment(place, None), called="my_extension", programs=[uv_folder(place)])
    again = documentation.commands("requirements-uv-again")
    for torch, commands in (("2.7.0", ["uv pip install -r requirements.txt"]), ("2.8.0", again)):
        reader.write("requirements.txt", f"torch=={torch}\n./my_extension\n")
        reader.run(*commands)
        reader.check(torch, provision="present")


def uv_folder(place: Workplace) -> Path:
    """Return the folder of the program uv."""
    return place.stock.uv(NEWEST_UV).parent


def test_pip_tools(place: Workplace, index: Index) -> None:
    """pip-compile and pip-sync are in the environment that they are for."""
    prefix = place.folder / "target"
    shutil.copytree(place.stock.tool("pip-tools").parent, prefix, symlinks=True)
    reader = Reader(place, index, find_target(prefix), called="my_extension")
    reader.write("requirements.in", "torch==2.7.0\n./my_extension\n")
    reader.run(*documentation.commands("pip-tools"))
    reader.check("2.7.0", provision="present")


def test_uv_project(place: Workplace, index: Index) -> None:
    """An empty project."""
    reader = Reader(place, index, environment(place, None), called="my_extension", programs=[uv_folder(place)])
    how = make_project(reader)
    reader.run(*documentation.commands("uv-project"), **how)
    reader.check("2.7.0", prefix=how["cwd"] / ".venv")


def test_poetry(place: Workplace, index: Index) -> None:
    """An empty project; then torch is raised, and poetry builds the same version of the package again."""
    programs = [place.stock.tool("poetry")]
    reader = Reader(place, index, environment(place, None), called="my_extension", programs=programs)
    reader.environ["POETRY_VIRTUALENVS_IN_PROJECT"] = "true"
    how = make_project(reader, POETRY + reader.index.poetry("main"))
    reader.run(*documentation.commands("poetry"), **how)
    reader.check("2.7.0", prefix=how["cwd"] / ".venv")
    reader.run("poetry add --lock torch==2.8.0", *documentation.commands("poetry-again"), **how)
    reader.check("2.8.0", prefix=how["cwd"] / ".venv")


def test_pdm(place: Workplace, index: Index) -> None:
    """An empty project."""
    programs = [place.stock.tool("pdm")]
    reader = Reader(place, index, environment(place, None), called="my_extension", programs=programs)
    reader.environ["PDM_CHECK_UPDATE"] = "0"
    how = make_project(reader, PDM + reader.index.pdm("main"))
    reader.run(*documentation.commands("pdm"), **how)
    reader.check("2.7.0", prefix=how["cwd"] / ".venv")


def test_image(place: Workplace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch that is on no index, where there is a newer one."""
    place.links.append(make_torch(place, monkeypatch, OF_THE_IMAGE, OF_THE_IMAGE))
    reader = Reader(place, index, environment(place, OF_THE_IMAGE), called="my_extension")
    reader.run(*documentation.commands("image"))
    reader.check(OF_THE_IMAGE, provision="reuse")


def test_image_with_a_venv(place: Workplace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch of the base interpreter: in the user's site-packages, since the test installs nothing into the machine."""
    place.links.append(make_torch(place, monkeypatch, OF_THE_IMAGE, OF_THE_IMAGE))
    reader = Reader(place, index, environment(place, None), called="my_extension")
    base = Path(getattr(sys, "_base_executable", sys.executable))
    give_program(reader.target.prefix / "bin" / "python", base)
    user = place.folder / "user"
    site = user / "lib" / f"python{reader.target.version}" / "site-packages"
    place.install(base, f"torch==={OF_THE_IMAGE}", folder=site)
    reader.run(*documentation.commands("image-venv"), activated=None, PYTHONUSERBASE=user)
    made = find_target(place.folder / ".venv")
    check_installed(place, made, "my_extension", OF_THE_IMAGE, grows=True)
    assert not list(made.site.glob("torch-*"))


def test_publishing(place: Workplace, index: Index) -> None:
    """Build without a target: the pin decides."""
    reader = Reader(place, index, environment(place, None, "build"))
    reader.run(*documentation.commands("publishing"), cwd=reader.package)
    (wheel,) = (reader.package / "dist").iterdir()
    check_wheel(wheel, "2.7.0", provision="present")


def test_offline(place: Workplace, index: Index) -> None:
    """The index is gone after the download."""
    reader = Reader(place, index, environment(place, "2.7.0"), called="my_extension")
    download, install = documentation.commands("offline")
    reader.run(download)
    index.indexes.clear()
    index.files.clear()
    reader.run(install)
    reader.check("2.7.0", provision="reuse")


def test_store(place: Workplace, index: Index) -> None:
    """Torch 2.7.0, 2.8.0 and back; then the commands on the store."""
    reader = Reader(place, index, environment(place, None), called="package")
    compiler = watched_compilers(place.folder / "compilers")
    path = f"{compiler.path.parent}:{reader.environ['PATH']}"
    outputs, compiled = [], []
    for command in documentation.commands("store"):
        outputs += reader.run(command, PATH=path)
        compiled.append(compiler.compiled())
    assert [["compiled.c"], ["compiled.c"], []] == compiled
    assert "took package-1.0-" in outputs[-1]
    reader.check("2.7.0")
    place.install(reader.target.python, CLI)
    listed, explained, verified, pruned = reader.run(*documentation.commands("store-commands"))
    assert ["torch 2.7.0" in listed, "torch 2.8.0" in listed] == [True, True]
    assert "found: compiled here" in explained
    assert "found no damage" in verified
    assert "removed 0.0 MB" in pruned


def test_build_lock_export(place: Workplace, index: Index) -> None:
    """The settings of the page; the exported pins have the versions that these allow."""
    index.publish("main", make_wheel(place.folder, "cython", "3.1.0", {}))
    programs = [uv_folder(place), place.stock.tool("poetry")]
    reader = Reader(place, index, environment(place, None, CLI), called="grouped_gemm", programs=programs)
    dependency = '\n[tool.poetry.dependencies]\ngrouped-gemm = { path = "path/to/grouped-gemm" }\n\n'
    how = make_project(
        reader, POETRY + reader.index.poetry("main") + dependency + documentation.example_before("build-lock-export")
    )
    app = how["cwd"]
    (app / "path" / "to").mkdir(parents=True)
    (app / "grouped_gemm").rename(app / "path" / "to" / "grouped-gemm")
    (made_by,) = re.findall("made by: (.*)", documentation.example_before("build-lock-export"))
    reader.run(made_by, "poetry lock", **how)
    reader.run(*documentation.commands("build-lock-export"), **how)
    tool = loads((app / "pyproject.toml").read_text("utf-8"))["tool"]
    (cython,) = (pin for pin in tool["uv"]["build-constraint-dependencies"] if pin["requirement"] == "cython==3.1.0")
    assert cython["hashes"]
    assert "cython==3.1.0\n" in (app / "build-constraints.txt").read_text("utf-8")
    assert "==3.1.0" == tool["poetry"]["build-constraints"]["grouped-gemm"]["cython"]


def test_check(place: Workplace, index: Index) -> None:
    """The lines of the page; the printed command helps."""
    reader = Reader(place, index, environment(place, "2.7.0", CLI, name=".venv"))
    reader.package = reader.package.rename(place.folder / "probe")
    reader.run("pip install ./probe")
    place.install(reader.target.python, "torch===2.8.0")
    (step,) = documentation.steps("check")
    (output,) = reader.run(step.command, fails=True)
    shown = [line.replace("/home/jo", str(place.folder)) for line in step.output]
    documentation.check_shown(shown, output.splitlines())
    reader.run(output.splitlines()[-1].strip(), *documentation.commands("check"))


def test_upgrade(place: Workplace, index: Index) -> None:
    """The package was built for the old torch."""
    reader = Reader(place, index, environment(place, "2.7.0"), called="my_extension")
    reader.run("pip install ./my_extension")
    reader.check("2.7.0", provision="reuse")
    reader.run(*documentation.commands("upgrade"))
    reader.check("2.8.0", provision="present")


def test_last(place: Workplace, index: Index) -> None:
    """The record of a build by ninja, with the lines of the page."""
    reader = Reader(place, index, environment(place, "2.7.0"), package="rebuild_scikit_build_core", called="pkg")
    reader.run("pip install ./pkg")
    # The extra runtime-backend[plot] is in the environment of the tests.
    give_program(reader.target.prefix / "bin" / "runtime-backend", sys.executable, "-m", "runtime_backend")
    last, of_package, plotted, cache = reader.run(*documentation.commands("last"), PYTHONPATH=REPOSITORY)
    assert labels(documentation.example_after("last")) == labels(last)
    assert f"build_wheel of {place.folder / 'pkg'}: built" == last.splitlines()[0]
    assert ["src/numbers.cpp" in output for output in (last, of_package, plotted)] == [True] * 3
    assert (place.folder / "timeline.svg").read_text("utf-8").startswith("<?xml")
    assert f"in {place.cache}" in cache


def labels(record: str) -> list[str]:
    """Return what the lines of a record are about: those before the table, and the table's heads."""
    head, _, table = record.partition("\n\n")
    return [line.partition(":")[0] for line in head.splitlines()[1:]] + table.splitlines()[0].split()


def test_trust(place: Workplace, index: Index) -> None:
    """A checkout that others can write to: its settings are used."""
    reader = Reader(place, index, environment(place, "2.7.0"), called="my_extension")
    checkout = place.folder / "tmp"
    checkout.chmod(0o1777)
    reader.package.rename(checkout / "my_extension")
    table = '[tool.runtime-backend.packages.my-extension.env]\nMADE_FOR = "us"\n'
    (checkout / "pyproject.toml").write_text(table, "utf-8")
    # A test makes no folder at the root of the machine.
    reader.run(*(line.replace("/checkout", str(checkout)) for line in documentation.commands("trust")), cwd=checkout)
    reader.check("2.7.0", provision="reuse")
    assert ["MADE_FOR"] == [variable["name"] for variable in place.hooks()[-1]["variables"]]
