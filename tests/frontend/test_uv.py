"""uv's command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.frontend.uv import UvCommand, read_uv_command

HERE = Path("/home/jo/project")


def read(line: str, environ: Mapping[str, str] | None = None, cwd: Path = HERE) -> UvCommand:
    """Parse a command line, with the program first."""
    return read_uv_command(line.split(), cwd, environ or {})


@pytest.mark.parametrize(
    ("line", "name", "is_project", "has_no_target"),
    [
        ("uv sync", "sync", True, False),
        ("uv --color never --preview-features x -q sync", "sync", True, False),
        (r"C:\bin\uv.exe sync", "sync", True, False),
        ("uv run pytest -s --no-project", "run", True, False),
        ("uv run -m pytest -s --script", "run", True, False),
        ("uv run -- pytest -s", "run", True, False),
        ("uv run --no-project x", "run", False, False),
        ("uv run --script x.py", "run", False, True),
        ("uv run -s x.py", "run", False, True),
        ("uv run", "run", True, False),
        ("uv add --editable ./pkg", "add", True, False),
        ("uv sync --script x.py", "sync", False, True),
        ("uv pip install x", "pip install", False, False),
        ("uv pip", "pip", False, False),
        ("uv tool install x", "tool", False, True),
        ("uvx x -p 3.12", "tool", False, True),
        ("uv build", "build", False, False),
        ("uv", "", False, False),
        ("", "", False, False),
    ],
)
def test_command(line: str, name: str, is_project: bool, has_no_target: bool) -> None:  # noqa: FBT001 - columns
    """The command is the first argument that is neither an option nor an option's value."""
    found = read(line)
    assert (name, is_project, has_no_target) == (found.name, found.is_project, found.has_no_target)


@pytest.mark.parametrize(
    ("text", "is_script"),
    [("# /// script\n# ///\n", True), ("print()\n", False), (None, False)],
    ids=["metadata", "plain", "absent"],
)
def test_script_with_metadata(text: str | None, is_script: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    """A script with its own requirements (PEP 723) runs in a separate environment."""
    if text is not None:
        write(tmp_path / "x.py", text)
    found = read("uv run x.py", cwd=tmp_path)
    assert (is_script, not is_script) == (found.has_no_target, found.is_project)


@pytest.mark.parametrize(
    ("line", "environ", "expected"),
    [
        ("uv sync", {}, HERE),
        ("uv sync --project ../a", {}, HERE / "../a"),
        ("uv sync --project /a", {"UV_PROJECT": "/b"}, Path("/a")),
        ("uv sync", {"UV_PROJECT": "/b"}, Path("/b")),
    ],
)
def test_project(line: str, environ: dict[str, str], expected: Path) -> None:
    """The project is the one named, else the folder."""
    assert expected == read(line, environ).project


@pytest.mark.parametrize(
    ("line", "environ", "expected"),
    [
        ("uv sync", {}, (".venv next to the lock", Path("/root/.venv"))),
        ("uv sync", {"VIRTUAL_ENV": "/v"}, (".venv next to the lock", Path("/root/.venv"))),
        ("uv sync --active", {}, (".venv next to the lock", Path("/root/.venv"))),
        ("uv sync --active", {"VIRTUAL_ENV": "/v", "UV_PROJECT_ENVIRONMENT": "e"}, ("uv --active", Path("/v"))),
        ("uv sync", {"UV_PROJECT_ENVIRONMENT": "e"}, ("UV_PROJECT_ENVIRONMENT", Path("/root/e"))),
        ("uv sync", {"UV_PROJECT_ENVIRONMENT": "/e"}, ("UV_PROJECT_ENVIRONMENT", Path("/e"))),
    ],
)
def test_project_environment(line: str, environ: dict[str, str], expected: tuple[str, Path]) -> None:
    """A project's environment is next to the lock, unless an option or a variable names another one."""
    assert expected == read(line, environ).project_environment(Path("/root"))


UPWARD = ["/home/jo/project/.venv", "/home/jo/.venv", "/home/.venv", "/.venv"]


@pytest.mark.parametrize(
    ("line", "environ", "expected"),
    [
        ("-p /x", {"VIRTUAL_ENV": "/v"}, ["/x"]),
        ("--python ./x", {}, [f"{HERE}/x"]),
        ("--python=/x", {"UV_PYTHON": "/y"}, ["/x"]),
        ("", {"UV_PYTHON": "/y", "VIRTUAL_ENV": "/v"}, ["/y"]),
        ("--system", {"VIRTUAL_ENV": "/v", "UV_PYTHON": "/y"}, []),
        ("", {"VIRTUAL_ENV": "/v", "UV_SYSTEM_PYTHON": "1"}, []),
        ("-p 3.12", {"VIRTUAL_ENV": "/v", "UV_PYTHON": "/y"}, ["/v", *UPWARD]),
        ("", {"VIRTUAL_ENV": "/v", "CONDA_PREFIX": "/c"}, ["/v", "/c", *UPWARD]),
        ("", {"CONDA_PREFIX": "/c", "CONDA_DEFAULT_ENV": "c"}, ["/c", *UPWARD]),
        ("", {"CONDA_PREFIX": "/c", "CONDA_DEFAULT_ENV": "/c"}, ["/c", *UPWARD]),
        ("", {"CONDA_PREFIX": "/c", "CONDA_DEFAULT_ENV": "y"}, [*UPWARD, "/c"]),
        ("", {"CONDA_PREFIX": "/c", "CONDA_DEFAULT_ENV": "base"}, [*UPWARD, "/c"]),
        ("", {"CONDA_PREFIX": "/c", "CONDA_DEFAULT_ENV": "c", "_CONDA_ROOT": "/c"}, [*UPWARD, "/c"]),
        ("", {}, UPWARD),
    ],
)
def test_environment_paths(line: str, environ: dict[str, str], expected: list[str]) -> None:
    """``uv pip`` uses the named environment, else the active one, else ``.venv`` upward, else conda's base."""
    command = read(f"uv pip install {line}", environ)
    assert expected == [str(path) for _, path in command.environment_paths()]


@pytest.mark.parametrize(
    ("line", "environ", "expected"),
    [
        ("sync", {}, {}),
        ("sync --extra A_b --extra c,d", {}, {"extras": frozenset({"a-b", "c", "d"})}),
        ("sync --no-binary --extra a", {}, {"extras": frozenset({"a"})}),
        ("sync --all-extras --no-extra a", {}, {"all_extras": True, "without_extras": frozenset({"a"})}),
        ("sync --group g --no-group h", {}, {"groups": frozenset({"g"}), "without_groups": frozenset({"h"})}),
        ("sync --all-groups --no-dev", {}, {"all_groups": True, "without_groups": frozenset({"dev"})}),
        ("sync --no-default-groups", {}, {"default_groups": False}),
        ("sync", {"UV_NO_DEFAULT_GROUPS": "true"}, {"default_groups": False}),
        ("sync", {"UV_NO_DEV": "1", "UV_NO_GROUP": "x y"}, {"without_groups": frozenset({"dev", "x", "y"})}),
        ("sync", {"UV_NO_DEV": "0"}, {}),
        ("sync --dev", {}, {"groups": frozenset({"dev"})}),
        ("sync --only-dev", {}, {"groups": frozenset({"dev"}), "default_groups": False, "only_groups": True}),
        ("sync --only-group g", {}, {"groups": frozenset({"g"}), "default_groups": False, "only_groups": True}),
        ("sync --package p --all-packages", {}, {"packages": frozenset({"p"}), "all_packages": True}),
        ("run --extra a python --extra b", {}, {"extras": frozenset({"a"})}),
        ("run -m mod --extra b", {}, {}),
        ("add x --extra a --optional o --group g", {}, {"extras": frozenset({"o"}), "groups": frozenset({"g"})}),
    ],
)
def test_selection(line: str, environ: dict[str, str], expected: dict[str, Any]) -> None:
    """The command line and the environment select the part of the lock, with normalised names."""
    assert Selection(project=HERE, **expected) == read(f"uv {line}", environ).selection(HERE)
