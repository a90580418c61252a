"""The messages of stops, and the next command in them."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from callers import SHELL, make_caller
from packaging.requirements import Requirement
from standins import make_venv, write

from runtime_backend.config import RuntimeRule
from runtime_backend.frontend.installations import Installation, find_installation
from runtime_backend.frontend.processes import Process
from runtime_backend.installed.identity import Identity
from runtime_backend.resolve.resolution import Resolution
from runtime_backend.resolve.search import Step
from runtime_backend.resolve.ways_out import (
    about_to_be_replaced,
    cannot_ask,
    differs,
    nothing_known,
    unverified,
    with_runtime,
    would_not_replace,
)

PINNED = Resolution(
    identity=Identity(name="torch", version="2.7.0"), how="pinned", origin="RUNTIME_BACKEND_PIN", distribution=None
)
WHEEL = "https://h/torch-2.7.0-py3-none-any.whl"


def command(folder: Path, line: str) -> Installation:
    """Return a command as a hook sees it."""
    argv = tuple(shlex.split(line))
    prefix = folder / ("cache/builds-v0/.tmpAbC" if argv[0] in ("uv", "uvx") else "target")
    make_venv(prefix)
    if prefix.name == ".tmpAbC":
        write(prefix / "pyvenv.cfg", "uv = 0.13.9\nversion_info = 3.11.7\n")
    environ = {"HOME": "/home/jo", "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}
    process = Process(argv=argv, cwd=folder, environ=environ)
    found = find_installation(make_caller(prefix, cwd=folder / "source", ancestors=[process, SHELL]))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip install ./ext", "pip install torch==2.7.0 ./ext"),
        ("/env/bin/python -m pip install ./ext", "/env/bin/python -m pip install torch==2.7.0 ./ext"),
        ("/env/bin/python -Im pip install -v './my ext'", "pip install torch==2.7.0 -v './my ext'"),
        ("pip install -U --index-url https://h torch ./ext", "pip install torch==2.7.0 -U --index-url https://h ./ext"),
        ("pip install Torch>=2 ./ext", "pip install torch==2.7.0 ./ext"),
        ("pip install torch[opt]==9.4 torchvision ext", "pip install torch==2.7.0 torchvision ext"),
        ("pip install 'torch @ https://h/t.whl' ext", "pip install torch==2.7.0 ext"),
        ("pip install -r requirements.txt", "pip install torch==2.7.0 -r requirements.txt"),
        ("pip install --no-deps -e ./ext", "pip install torch==2.7.0 --no-deps -e ./ext"),
        ("pip install --target torch ./ext", "pip install torch==2.7.0 --target torch ./ext"),
        ("pip install ./torch", "pip install torch==2.7.0 ./torch"),
        ("pip wheel -w dist ./ext", "pip wheel torch==2.7.0 -w dist ./ext"),
        ("uv pip install ./ext", "uv pip install torch==2.7.0 ./ext"),
        ("uv pip install -p /env torch>=2 ./ext", "uv pip install torch==2.7.0 -p /env ./ext"),
        ("uv run --with ./ext python", "uv run --with torch==2.7.0, with the other arguments unchanged"),
        ("uv tool install ./ext", "uv tool install --with torch==2.7.0, with the other arguments unchanged"),
        ("uv tool upgrade ext", "uv tool install --with torch==2.7.0, with the other arguments unchanged"),
        ("uv tool run ext", "uv tool run --with torch==2.7.0, with the other arguments unchanged"),
        ("uvx ext", "uv tool run --with torch==2.7.0, with the other arguments unchanged"),
        ("uv x ext", "uv x --with torch==2.7.0, with the other arguments unchanged"),
        ("uv sync --extra cpu", "uv add torch==2.7.0"),
        ("uv add ext", "uv add torch==2.7.0"),
        ("uv remove numpy", "uv add torch==2.7.0"),
    ],
)
def test_with_runtime(line: str, expected: str, tmp_path: Path) -> None:
    """The requirement replaces another one for the same runtime; the other arguments stay."""
    assert expected == with_runtime(command(tmp_path, line), "torch==2.7.0")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip install ./ext", f"pip install 'torch @ {WHEEL}' ./ext"),
        ("uv run --with ./ext p", f"uv run --with 'torch @ {WHEEL}', with the other arguments unchanged"),
        ("uv sync", f"uv add 'torch @ {WHEEL}'"),
    ],
)
def test_with_runtime_by_its_url(line: str, expected: str, tmp_path: Path) -> None:
    """A requirement with special characters is quoted for the shell."""
    assert expected == with_runtime(command(tmp_path, line), f"torch @ {WHEEL}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip --python /env install ./ext", "pip --python /env install torch==2.7.0 ./ext"),
        ("pip --proxy h:1 -q install torch ./ext", "pip --proxy h:1 -q install torch==2.7.0 ./ext"),
        ("uv --directory /x pip install ./ext", "uv --directory /x pip install torch==2.7.0 ./ext"),
    ],
)
def test_with_runtime_keeps_options_before_the_command(line: str, expected: str, tmp_path: Path) -> None:
    """An option before ``install`` keeps its place, because it may name the environment."""
    assert expected == with_runtime(command(tmp_path, line), "torch==2.7.0")


def test_with_runtime_keeps_the_value_of_an_option(tmp_path: Path) -> None:
    """An option's value is not replaced, even if it names the runtime."""
    found = with_runtime(command(tmp_path, "uv pip install -P torch torch ./ext"), "torch==2.7.0")
    assert "uv pip install torch==2.7.0 -P torch ./ext" == found


def test_with_runtime_keeps_a_folder(tmp_path: Path) -> None:
    """A path that begins with the runtime's name is a path."""
    found = with_runtime(command(tmp_path, "pip install torch/custom_op"), "torch==2.7.0")
    assert "pip install torch==2.7.0 torch/custom_op" == found


def test_with_runtime_under_sync(tmp_path: Path) -> None:
    """For ``uv pip sync``, which accepts only files, the hint is to add a line to the file."""
    found = with_runtime(command(tmp_path, "uv pip sync a.txt b.txt"), "torch==2.7.0")
    assert "write torch==2.7.0 into a.txt b.txt, then run the same command again" == found


TORCH = RuntimeRule(name="torch", requirement=Requirement("torch"), match="exact", origin="default")
STEPS = [
    Step(why="uv sync, .venv next to the lock", path="/p/uv.lock", found="no torch for this selection"),
    Step(why="uv sync, .venv next to the lock", path="/p/.venv", found="torch 2.7.0"),
]
NAMED_FOR_THIS_CALL = (
    "This command installs nothing. Activate the environment that the wheel is for and has torch, or name one"
    " for this call: RUNTIME_BACKEND_PIN='torch==VERSION', RUNTIME_BACKEND_TARGET=/path/to/env."
)
INSTALLED_OR_LOCKED = (
    "Install torch in the environment that the wheel is for, or lock it, then run the same command again; or name it for"
    " this call: RUNTIME_BACKEND_TARGET=/path/to/environment, or RUNTIME_BACKEND_PIN='torch==VERSION'."
)


@pytest.mark.parametrize(
    ("frontend", "line", "hint"),
    [
        ("pip", "pip install ./ext", "Name it in the same command: pip install torch ./ext"),
        (
            "uv",
            "uv tool install ./ext",
            "Name it in the same command: uv tool install --with torch, with the other arguments unchanged",
        ),
        ("pip", "pip wheel ./ext", NAMED_FOR_THIS_CALL),
        ("build", None, NAMED_FOR_THIS_CALL),
        ("uv", None, NAMED_FOR_THIS_CALL),
        ("hatch", None, NAMED_FOR_THIS_CALL),
        ("tox", None, NAMED_FOR_THIS_CALL),
        (
            "poetry",
            None,
            "Add it to the project: poetry add --lock torch, then poetry install; then run the same command again.",
        ),
        ("pdm", None, "Add it to the project: pdm add torch; then run the same command again."),
        ("pip", None, INSTALLED_OR_LOCKED),
        (None, None, INSTALLED_OR_LOCKED),
    ],
)
def test_nothing_known(frontend: str | None, line: str | None, hint: str, tmp_path: Path) -> None:
    """If no runtime is known, the message lists every place that was looked at, and a command that fits."""
    installation = None if line is None else command(tmp_path, line)
    assert (
        "no torch is known to build against. Looked at:\n"
        "  uv sync, .venv next to the lock: /p/uv.lock: no torch for this selection\n"
        "  uv sync, .venv next to the lock: /p/.venv: torch 2.7.0\n"
        f"{hint}"
    ) == str(nothing_known(TORCH, STEPS, frontend, installation))


def test_nothing_known_of_a_limited_runtime(tmp_path: Path) -> None:
    """The command names the versions that the package accepts; without dependencies, torch needs a command of its own."""
    limited = TORCH._replace(requirement=Requirement("torch>=2.4"))
    found = nothing_known(limited, [], "pip", command(tmp_path, "pip install ./ext"))
    assert "Name it in the same command: pip install 'torch>=2.4' ./ext" == found.hint
    found = nothing_known(limited, [], "pip", command(tmp_path, "pip install --no-deps ./ext"))
    assert (
        "Install torch>=2.4 first, in a separate command without --no-deps; then run the same command again."
        == found.hint
    )


def test_places_are_listed_once(tmp_path: Path) -> None:
    """A place that was looked at twice is listed once, and one without a path has none."""
    step = Step(why="RUNTIME_BACKEND_PIN", path="", found="torch==2.0")
    found = nothing_known(TORCH, [step, step], "pip", command(tmp_path, "pip install ./ext"))
    assert "no torch is known to build against. Looked at:\n  RUNTIME_BACKEND_PIN: torch==2.0" == found.message


def test_nothing_looked_at(tmp_path: Path) -> None:
    """If there was no place to look at, the message reports that."""
    assert (
        "no torch is known to build against. Looked at:\n  nothing: no environment and no lock was found\n"
        "Name it in the same command: pip install torch ./ext"
    ) == str(nothing_known(TORCH, [], "pip", command(tmp_path, "pip install ./ext")))


def test_about_to_be_removed(tmp_path: Path) -> None:
    """If ``uv sync`` is about to remove the runtime, the message names the option that keeps it."""
    assert (
        "uv sync is about to remove torch 2.7.0 from /p/.venv: its lock does not install torch here\n"
        "Keep it: uv sync --inexact, with the other arguments unchanged; or add it to the project: uv add torch"
    ) == str(nothing_known(TORCH, STEPS, "uv", command(tmp_path, "uv sync")))


@pytest.mark.parametrize(
    "steps",
    [
        STEPS[:1],
        [Step(why="uv sync", path="/p/uv.lock", found="torch 2.8.0")],
        [Step(why="uv sync", path="/p/.venv", found="torchvision 2.8.0")],
    ],
)
def test_nothing_to_be_removed(steps: list[Step], tmp_path: Path) -> None:
    """If ``uv sync`` has no runtime to remove, the message is the usual one."""
    found = nothing_known(TORCH, steps, "uv", command(tmp_path, "uv sync"))
    assert "Name it in the same command: uv add torch" == found.hint


@pytest.mark.parametrize(
    ("line", "why", "hint"),
    [
        ("uv run -", "uv run has read a stream", "Save the script in a file, and run that: uv run script.py"),
        (
            "pip install -e git+https://h/x",
            "a dry run of pip would clone git+https://h/x into its source folder",
            "Install torch first, in a separate command; then run: pip install -e URL#egg=NAME",
        ),
        (
            "uv pip install -r -",
            "uv pip install has read its requirements from a stream (-), which cannot be read again",
            "Save the requirements in a file, and name that: uv pip install -r requirements.txt",
        ),
    ],
)
def test_cannot_ask(line: str, why: str, hint: str, tmp_path: Path) -> None:
    """For a command that cannot be asked, the message has the reason, and a command that can be asked."""
    assert f"it is not known which torch the target will have: {why}\n{hint}" == str(
        cannot_ask(command(tmp_path, line), why, "torch")
    )


def test_would_not_replace() -> None:
    """The message about another version under ``--target`` names both versions and ``--upgrade``."""
    assert (
        "pip would mix two versions in /there: found torch 2.6.0, but pip chooses torch 2.7.0, and does not replace"
        " existing folders\nLet pip replace it: the same command with --upgrade."
    ) == str(would_not_replace("torch", "2.6.0", "2.7.0", Path("/there")))


@pytest.mark.parametrize(
    ("decided", "other"),
    [
        (None, "none"),
        (Resolution(identity=Identity(name="torch", version="2.8.0"), how="locked", origin="uv.lock"), "torch 2.8.0"),
    ],
)
def test_differs(decided: Resolution | None, other: str) -> None:
    """The message about a differing pin names both runtimes, and a command that agrees."""
    assert (
        f"RUNTIME_BACKEND_PIN names torch 2.7.0, but the target will have {other} (a dry run)\n"
        "Give the frontend the same runtime: pip install torch==2.7.0 ./ext; or remove RUNTIME_BACKEND_PIN."
    ) == str(differs(PINNED, decided, "a dry run", "pip install torch==2.7.0 ./ext", "RUNTIME_BACKEND_PIN"))


@pytest.mark.parametrize(
    ("way_out", "hint"),
    [
        ("uv add 'torch>=3'", "Install a torch that fits, or name it: uv add 'torch>=3'."),
        (
            None,
            "Install a torch that fits into the environment that the wheel is for, then run the same command again.",
        ),
    ],
)
def test_about_to_be_replaced(way_out: str | None, hint: str) -> None:
    """The message about a runtime that the package does not accept has the package's requirement."""
    assert (
        "the package does not accept torch 2.7.0 (pinned: RUNTIME_BACKEND_PIN): expected 'torch>=3' (pyproject.toml:"
        f" project.dependencies); installing the package would replace the runtime\n{hint}"
    ) == str(about_to_be_replaced(PINNED, "torch>=3", "pyproject.toml: project.dependencies", way_out))


def test_unverified() -> None:
    """The note about an assumption starts with NOT VERIFIED."""
    assert (
        "NOT VERIFIED: the command of pip cannot be seen, so it is not known what the command installs; assuming torch"
        " 2.7.0 (pinned: RUNTIME_BACKEND_PIN). If it installs another torch, this wheel does not fit: run pip, uv or"
        " another frontend as a separate program, so that its process can be seen"
    ) == unverified(PINNED, "the command of pip cannot be seen")
