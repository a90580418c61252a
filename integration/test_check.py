"""``runtime-backend check``: torch was upgraded after the build; the printed command, run as printed, helps."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .checks import check_stamp
from .combinations import crossed
from .index import Index
from .projects import Project
from .stock import NEWEST_PIP, NEWEST_UV, REPOSITORY
from .workplace import Target, Workplace


def check(place: Workplace, prefix: Path, *, stale: bool) -> list[str]:
    """Run the command; return the commands that it prints."""
    words = (sys.executable, "-m", "runtime_backend", "check", prefix)
    lines = place.run(*words, fails=stale, PYTHONPATH=REPOSITORY).output.splitlines()
    (line,) = [line for line in lines if line.startswith("probe-setuptools 1.0: ")]
    assert line.startswith(f"probe-setuptools 1.0: {'stale: built for torch 2.7.0' if stale else 'fits: '}"), line
    assert line.partition("installed is ")[2].startswith("torch 2.8.0" if stale else "")
    return [line.strip() for line in lines if line.startswith("  ")]


def upgrade(place: Workplace, target: Target) -> None:
    """Put a newer torch in the place of the old one."""
    place.install(target.python, "torch===2.8.0")


@crossed(origin=["editable", "git", "sdist", "directory"], frontend=["pip", "uv"])
def test_rebuilds(place: Workplace, index: Index, frontend: str, origin: str) -> None:
    """From wherever the package came, and although the frontend keeps the old wheel in its cache."""
    project = Project(place, index, frontend)
    target = place.target("2.7.0", pip=NEWEST_PIP if frontend == "pip" else None)
    ways: dict[str, list[object]] = {
        "directory": [project.package],
        "editable": ["-e", project.package],
        "git": [f"git+{project.repository().as_uri()}"],
        "sdist": [project.sdist()],
    }
    wanted = ways[origin]
    uv = place.stock.uv(NEWEST_UV)
    installer = (
        [target.python, "-m", "pip", "install"] if frontend == "pip" else [uv, "pip", "install", "-p", target.prefix]
    )
    place.run(*installer, *wanted)
    check(place, target.prefix, stale=False)
    upgrade(place, target)
    (command,) = check(place, target.prefix, stale=True)
    place.run("sh", "-c", command, PATH=place.path(uv.parent))
    check(place, target.prefix, stale=False)


def test_rebuilds_in_a_project(place: Workplace, index: Index) -> None:
    """Under ``uv sync``, from git, which uv does not build again by itself."""
    project = Project(place, index, "uv")
    git = project.repository().as_uri()
    nothing: dict[str, Any] = {"UV_OFFLINE": None, "UV_FIND_LINKS": None}
    for torch in ("2.7.0", "2.8.0"):
        project.write(
            "pyproject.toml",
            '[project]\nname = "consumer"\nversion = "0"\nrequires-python = ">=3.10"\n'
            f'dependencies = ["torch=={torch}", "probe-setuptools"]\n'
            f"{index.uv('main')}"
            f'[tool.uv.sources]\nprobe-setuptools = {{ git = "{git}" }}\n',
        )
        place.uv(NEWEST_UV, "sync", cwd=project.folder, **nothing)
    (command,) = check(place, project.prefix, stale=True)
    place.run("sh", "-c", command, PATH=place.path(place.stock.uv(NEWEST_UV).parent), **nothing)
    check(place, project.prefix, stale=False)
    place.uv(NEWEST_UV, "sync", cwd=project.folder, **nothing)
    check(place, project.prefix, stale=False)


def test_stamp_of_the_rebuilt(place: Workplace) -> None:
    """Two packages, two commands: only what is stale is built again."""
    target, uv = place.target("2.7.0"), place.stock.uv(NEWEST_UV)
    for name in ("probe_setuptools", "probe_in_tree"):
        place.run(uv, "pip", "install", "-p", target.prefix, place.package(name))
    upgrade(place, target)
    words = (sys.executable, "-m", "runtime_backend", "check", target.prefix)
    lines = place.run(*words, fails=True, PYTHONPATH=REPOSITORY).output.splitlines()
    commands = [line.strip() for line in lines if line.startswith("  ")]
    assert len(commands) == 2
    for command in commands:
        place.run("sh", "-c", command, PATH=place.path(uv.parent))
    place.run(*words, PYTHONPATH=REPOSITORY)
    for stamp in target.site.glob("probe_*/runtime-backend.json"):
        check_stamp(json.loads(stamp.read_text("utf-8")), "2.8.0", "reuse")
