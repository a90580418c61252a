"""uv's command line: scripts, layers, tools, and excluded distributions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from standins import write

from runtime_backend.frontend.uv import UvCommand, read_uv_command

HERE = Path("/home/jo/project")
METADATA = "#!/usr/bin/env python\n# /// script\n# dependencies = []\n# ///\n"


def read(line: str, environ: Mapping[str, str] | None = None, cwd: Path = HERE) -> UvCommand:
    """Parse a command line, with uv first."""
    return read_uv_command(["uv", *line.split()], cwd, environ or {})


@pytest.mark.parametrize(
    ("line", "script", "is_unnamed"),
    [
        ("run meta.py --with x", "meta.py", False),
        ("run META.PY", "META.PY", False),
        ("run meta.pyw", "meta.pyw", False),
        ("run --with x ./meta.py", "./meta.py", False),
        ("run plain.py", None, False),
        ("run meta.txt", None, False),
        ("run absent.py", None, False),
        ("run -s meta.txt", "meta.txt", False),
        ("run --script plain.py", "plain.py", False),
        ("run --gui-script plain.py", "plain.py", False),
        ("run -", "-", True),
        ("run http://example.org/x.py", "http://example.org/x.py", True),
        ("run https://example.org/x", "https://example.org/x", True),
        ("run -m meta.py", None, False),
        ("run --module meta.py", None, False),
        ("run python meta.py", None, False),
        ("run", None, False),
        ("sync --script meta.py", "meta.py", False),
        ("sync", None, False),
        ("lock --script meta.py", "meta.py", False),
        ("export --script meta.py", "meta.py", False),
        ("tree --script=meta.py", "meta.py", False),
        ("add --script meta.py torch", "meta.py", False),
        ("pip install meta.py", None, False),
        ("x meta.py", None, False),
    ],
)
def test_script(line: str, script: str | None, is_unnamed: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    """A script with its own metadata (PEP 723), or one with ``--script``, is no part of the project."""
    for name in ("meta.py", "META.PY", "meta.pyw", "meta.txt"):
        write(tmp_path / name, METADATA)
    write(tmp_path / "plain.py", "# no /// script\n")
    command = read(line, cwd=tmp_path)
    assert (script, is_unnamed) == (command.script, command.is_unnamed_script)
    assert (script is not None) == command.is_script
    is_project = line.partition(" ")[0] in ("run", "sync", "lock", "export", "tree", "add")
    assert (is_project and script is None) == command.is_project


@pytest.mark.parametrize("variables", [{"UV_NO_PROJECT": "1"}, {"UV_NO_PROJECT": "true"}])
def test_no_project(variables: dict[str, str]) -> None:
    """A variable may turn the project off, like ``--no-project`` (tried: uv 0.13.9)."""
    assert not read("run x", variables).is_project


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sync", True),
        ("sync --inexact", False),
        ("sync --exact", True),
        ("run x", False),
        ("run --exact x", True),
        ("add x", False),
    ],
)
def test_exact(line: str, expected: bool) -> None:  # noqa: FBT001 - a column
    """``uv sync`` removes distributions that the lock does not reach; other commands do with ``--exact``."""
    assert expected == read(line).is_exact


@pytest.mark.parametrize(
    ("line", "environ", "expected"),
    [
        ("sync", {}, []),
        ("sync --no-install-package Torch_Vision --no-install-package torch", {}, ["torch", "torch-vision"]),
        ("sync", {"UV_NO_INSTALL_PACKAGE": "Torch numpy"}, ["torch"]),
        ("sync --only-install-package ext", {}, ["torch", "torch-vision"]),
        ("sync --only-install-package ext --only-install-package Torch", {}, ["torch-vision"]),
        ("sync", {"UV_ONLY_INSTALL_PACKAGE": "ext torch_vision"}, ["torch"]),
        ("sync --only-install-project", {}, ["torch", "torch-vision"]),
        ("sync --only-install-local --only-install-package torch", {}, ["torch-vision"]),
        ("sync", {"UV_ONLY_INSTALL_WORKSPACE": "1"}, ["torch", "torch-vision"]),
        ("sync", {"UV_ONLY_INSTALL_PROJECT": "0"}, []),
    ],
)
def test_left_out(line: str, environ: dict[str, str], expected: list[str]) -> None:
    """Options may exclude distributions that the lock reaches."""
    command = read(line, environ)
    assert expected == [name for name in ("torch", "torch-vision") if command.leaves_out(name)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("run --with a x", True),
        ("run -w a x", True),
        ("run --with-editable a x", True),
        ("run --with-requirements a x", True),
        ("run x --with a", False),
        ("run x", False),
        ("tool install --with a x", False),
        ("sync", False),
    ],
)
def test_layered(line: str, expected: bool) -> None:  # noqa: FBT001 - a column
    """``uv run --with`` makes an environment in front of another one."""
    assert expected == read(line).is_layered


@pytest.mark.parametrize(
    ("line", "package", "program"),
    [
        ("tool install ./ext", "./ext", "uv tool install"),
        ("tool run --from ext cmd --from other", "ext", "uv tool run"),
        ("tool run cmd", "cmd", "uv tool run"),
        ("tool upgrade ext", "ext", "uv tool upgrade"),
        ("tool install", None, "uv tool install"),
        ("tool list", None, None),
        ("tool", None, None),
        ("x cmd", "cmd", "uv x"),
        ("x --from=ext cmd", "ext", "uv x"),
        ("x", None, "uv x"),
        ("run cmd", None, "uv run"),
        ("sync", None, "uv sync"),
        ("add a", None, "uv add"),
        ("remove a", None, "uv remove"),
        ("lock", None, None),
        ("pip install a", None, None),
        ("", None, None),
    ],
)
def test_tool(line: str, package: str | None, program: str | None) -> None:
    """A tool's package is the named one, or that of ``--from``."""
    command = read(line)
    assert (package, program) == (command.tool_package, command.program)


UPWARD = ["/home/jo/project/.venv", "/home/jo/.venv", "/home/.venv", "/.venv"]


@pytest.mark.parametrize(
    ("environ", "is_base"),
    [
        ({}, False),
        ({"CONDA_DEFAULT_ENV": "env"}, False),
        ({"CONDA_DEFAULT_ENV": "{prefix}"}, False),
        ({"CONDA_DEFAULT_ENV": "base"}, True),
        ({"CONDA_DEFAULT_ENV": "root"}, True),
        ({"CONDA_DEFAULT_ENV": "env", "_CONDA_ROOT": "{prefix}"}, True),
        ({"CONDA_DEFAULT_ENV": "env", "_CONDA_ROOT": "/elsewhere"}, False),
    ],
)
def test_base_of_conda(environ: dict[str, str], is_base: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    """Conda's base comes after ``.venv`` upward; it is recognised by its root, or by a name other than its folder's."""
    prefix = str(tmp_path / "env")
    given = {name: value.format(prefix=prefix) for name, value in environ.items()}
    found = [str(path) for _, path in read("pip install x", {"CONDA_PREFIX": prefix, **given}).environment_paths()]
    assert ([*UPWARD, prefix] if is_base else [prefix, *UPWARD]) == found


def test_environment_of_pixi(tmp_path: Path) -> None:
    """An environment of pixi is never a base, although its name is that of its project."""
    write(tmp_path / "default/conda-meta/pixi", "{}")
    environ = {"CONDA_PREFIX": str(tmp_path / "default"), "CONDA_DEFAULT_ENV": "a-project"}
    found = read("pip install x", environ).environment_paths()
    assert ("CONDA_PREFIX of uv", tmp_path / "default") == found[0]
