"""The README's three minutes, as they stand there: each block of commands is run, in a fresh environment."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from .builds_table import read_builds
from .checks import check_installed
from .real_torch import ONLINE, VERSION, own_target, without_nvcc
from .stock import NEWEST_PIP, REPOSITORY
from .test_init import make_unadopted
from .workplace import Target, Workplace

README = (REPOSITORY / "README.md").read_text("utf-8")


def commands_below(heading: str) -> list[str]:
    """Return the commands of the first console block below a heading of the README."""
    text = README.partition(f"\n{heading}\n")[2]
    block = re.search(r"```console\n(.*?)```", text, re.DOTALL)
    assert block is not None, heading
    lines = [line.removeprefix("$ ").partition("  #")[0].strip() for line in block.group(1).splitlines()]
    assert lines, heading
    return lines


def run_all(place: Workplace, commands: list[str], target: Target, cwd: Path, **variables: str) -> None:
    """Run them in a shell with an environment activated, which has pip."""
    how: dict[str, Any] = {**ONLINE, **tools(place, target), **variables}
    for command in commands:
        place.run("sh", "-c", command, cwd=cwd, activated=target, wait=600, **how)


def tools(place: Workplace, target: Target) -> dict[str, Any]:
    """Return a PATH with the environment's programs first, and no CUDA compiler."""
    return {"PATH": os.pathsep.join([str(target.prefix / "bin"), without_nvcc(place)])}


def test_author(place: Workplace) -> None:
    """The author of a package with a setup.py."""
    package, target = make_unadopted(place, "setup.py"), place.target("2.7.0", pip=NEWEST_PIP)
    give_pip(target)
    run_all(place, commands_below("### The author"), target, package)
    check_installed(place, target, "probe_setuptools", "2.7.0", grows=True)


def test_maintainer(place: Workplace) -> None:
    """The maintainer of a fork; then somebody installs it, with the shim on no index."""
    fork, target = make_unadopted(place, "pyproject.toml"), place.target("2.7.0", pip=NEWEST_PIP)
    give_pip(target)
    who: dict[str, Any] = {
        "GIT_AUTHOR_NAME": "Jo",
        "GIT_AUTHOR_EMAIL": "jo@x",
        "GIT_COMMITTER_NAME": "Jo",
        "GIT_COMMITTER_EMAIL": "jo@x",
    }
    subprocess.run(["git", "init", "-q"], cwd=fork, check=True, env=place.environ())
    for command in commands_below("### The maintainer of a fork"):
        place.run("sh", "-c", command, cwd=fork, activated=target, **{**ONLINE, **tools(place, target), **who})
    place.links.remove(place.stock.shim)
    other = place.target("2.8.0", name="other", pip=NEWEST_PIP)
    place.run(other.python, "-m", "pip", "install", f"git+{fork.as_uri()}")
    check_installed(place, other, "probe_setuptools", "2.8.0")


def test_consumer(place: Workplace, real_target: Target) -> None:
    """The consumer of a real package, with the real torch."""
    target = own_target(place, real_target)
    give_pip(target)
    work = place.folder / "project"
    work.mkdir()
    # Not optimised and without debug information: the compiler takes half the time.
    run_all(place, commands_below("### The consumer"), target, work, CFLAGS="-O0 -g0")
    (row,) = [row for row in read_builds() if row["requirement"].startswith("torch-householder==")]
    subprocess.run([str(target.python), "-W", "ignore", "-c", row["check"]], check=True)
    run_all(place, ["runtime-backend check"], target, work)
    assert list(target.site.glob(f"torch-{VERSION}*.dist-info"))


def give_pip(target: Target) -> None:
    """Give an environment pip's program: the stock has it as a module alone, and a copy has that of the original."""
    script = target.prefix / "bin" / "pip"
    script.unlink(missing_ok=True)
    script.write_text(f'#!/bin/sh\nexec {target.python} -m pip "$@"\n', "utf-8")
    script.chmod(0o755)
