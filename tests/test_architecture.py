"""The architecture: permitted imports, lengths of modules and functions, and the cost of an import."""

from __future__ import annotations

import ast
import builtins
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

once = pytest.mark.once
"""Sources are the same under every Python."""

PACKAGE = Path(__file__).parents[1] / "runtime_backend"

# Each row imports only from rows below it; the units of a row do not import each other (design, section 5).
ROWS = (
    ("build", "__main__"),
    ("cli", "hook"),
    ("plan",),
    ("cuda",),
    ("editable", "metadata", "provision"),
    ("build_lock", "resolve"),
    ("frontend", "locks", "stub", "upstream", "wheel_store"),
    ("archives", "config", "index", "installed", "real", "watch"),
    ("formats", "store"),
    ("errors", "system", "__init__"),
)
HEIGHT = {unit: -row for row, units in enumerate(ROWS) for unit in units}

MODULE, FUNCTION, FACE = 250, 40, 120

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a module's path in the package."""
    return path.relative_to(PACKAGE).as_posix()


def unit_of(path: Path) -> str:
    """Return the module or sub-package that is listed in a row."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return every node of a module's tree."""
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"), str(path))))


def imported_units(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, unit) for every import of our own modules, anywhere in the file."""
    depth = len(path.relative_to(PACKAGE).parts)
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            names = [node.module.partition(".")[0]] if node.module else [alias.name for alias in node.names]
            for name in names:
                is_unit = (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()
                yield node.lineno, name if is_unit else "__init__"


@once
def test_imports_go_down() -> None:
    """A module imports only from rows below its own."""
    wrong = [
        f"{name_of(path)}:{line}: {unit_of(path)} imports {unit}"
        for path in MODULES
        for line, unit in imported_units(path)
        if HEIGHT[unit] >= HEIGHT[unit_of(path)]
    ]
    assert [] == wrong


@once
def test_imports_are_relative() -> None:
    """A vendored copy imports itself, not the installed one."""
    absolute = [
        f"{name_of(path)}: {ast.unparse(node)}"
        for path in MODULES
        for node in nodes(path)
        if (isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").startswith("runtime_backend"))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("runtime_backend") for alias in node.names))
    ]
    assert [] == absolute


@once
def test_rows_are_complete() -> None:
    """Every module is in one row, and every row names existing modules."""
    named = [unit for row in ROWS for unit in row]
    assert sorted({unit_of(path) for path in MODULES}) == sorted(named)


@once
def test_length_of_modules() -> None:
    """Modules stay short enough to be read at once."""
    lines = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {} == {name: count for name, count in lines.items() if count > (FACE if name == "build.py" else MODULE)}


@once
def test_length_of_functions() -> None:
    """Functions stay short enough to be read at once."""
    long = [
        f"{name_of(path)}: {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION
    ]
    assert [] == long


IGNORED = (
    *("build", "develop-eggs", "dist", "downloads", "eggs", "lib", "lib64", "parts", "sdist", "var", "wheels", "env"),
    *("venv", "ENV", "htmlcov", "instance", "target", "cover", "site", "debug", "release", "x64", "x86", "bin", "obj"),
    *("out", "log", "logs", "tmp", "temp", "artifacts", "publish", "packages", "vendor", "_deps", "Testing", "share"),
    *("node_modules", "coverage", "cache", "generated", "local_settings.py", "data", "deps", "output", "models"),
)
"""Folders and files that widely used templates of .gitignore leave out: Python, C++, CMake, Visual Studio, Rust, Node."""
IGNORED_ENDINGS = (
    ".manifest",
    ".spec",
    ".log",
    ".so",
    ".cache",
    ".mo",
    ".egg",
    ".meta",
    ".user",
    ".d",
    ".a",
    ".lib",
    ".tmp",
)


@once
def test_names_survive_git_add() -> None:
    """A vendored copy is in repositories of others, whose ignore files must not exclude a part of it."""
    names = {part for path in PACKAGE.rglob("*") for part in path.relative_to(PACKAGE).parts}
    assert [] == sorted(name for name in names if name.lower() in {*map(str.lower, IGNORED)})
    assert [] == sorted(name for name in names if name.endswith(IGNORED_ENDINGS))


DEFINED_SLOWLY = ("cli/", "upstream/unpacking.py")
"""Modules that few hooks load may contain dataclasses, and patterns that are compiled on import."""


@once
def test_values_are_named_tuples() -> None:
    """A dataclass takes seven times as long to define as a named tuple, in every hook."""
    slow = [
        f"{name_of(path)}: {node.name}"
        for path in MODULES
        if not name_of(path).startswith(DEFINED_SLOWLY)
        for node in nodes(path)
        if isinstance(node, ast.ClassDef)
        and any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    assert [] == slow


EXITS = {
    "build.py": "the hooks' lines",
    "cli/terminal.py": "the command line's",
    "cli/__init__.py": "that it was interrupted, maybe before anything else was imported",
    "hook/describing.py": "what the real backend printed, as it is",
    "real/backend.py": "what the real backend ended with, as it is",
    "real/child.py": "what it warns of, likewise, in the child",
}
"""The modules that print; the first two remove secrets and control characters."""


@once
def test_exits() -> None:
    """Only the exits print; they remove secrets and control characters."""
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if name_of(path) not in EXITS
        for node in nodes(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "sys.stdout.write", "sys.stderr.write")
    ]
    assert [] == wrong


@once
def test_written_in_one_step() -> None:
    """Only ``store.atomic`` writes a file in one step."""
    wrong = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if unit_of(path) != "store"
        for node in nodes(path)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("aside", "os.replace", "os.rename")
    ]
    assert [] == wrong


def caught(handler: ast.ExceptHandler) -> set[str]:
    """Return the names of the exceptions that a handler catches."""
    return set() if handler.type is None else {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}


@once
def test_messages_hold_no_text_of_python() -> None:
    """Messages do not contain Python's exceptions, which vary by version: ``reasons.reason`` explains them."""
    shown = [
        f"{name_of(path)}:{node.lineno}: {{{handler.name}}}"
        for path in MODULES
        for handler in nodes(path)
        if isinstance(handler, ast.ExceptHandler) and handler.name and caught(handler) & {*vars(builtins)}
        for node in ast.walk(handler)
        if isinstance(node, ast.FormattedValue) and ast.unparse(node.value) in (handler.name, f"str({handler.name})")
    ]
    assert [] == shown


_LOADED = """
import sys
sys.path[:] = {path!r}
import runtime_backend.build as face
call = face._call({hook!r})
{call}
print(*sorted(sys.modules))
"""
_SLOW = {"tarfile", "zipfile", "email", "csv", "shutil", "ssl", "http", "logging.config", "concurrent", "asyncio"}


@pytest.mark.parametrize(
    ("hook", "call", "unneeded"),
    [
        (
            "prepare_metadata_for_build_wheel",
            "assert call.has(call.hook)",
            (
                "plan",
                "resolve",
                "provision",
                "archives",
                "index",
                "locks",
                "cuda",
                "stub",
                "upstream",
                "watch",
                "editable",
            ),
        ),
        (
            "get_requires_for_build_wheel",
            "call._plan({})",
            ("archives", "index", "locks", "cuda", "stub", "upstream", "editable"),
        ),
        (
            "build_wheel",
            "call._plan({}); import runtime_backend.hook.building, runtime_backend.hook.storing",
            ("index", "locks", "stub", "upstream", "editable"),
        ),
    ],
)
def test_hooks_load_what_they_need(hook: str, call: str, unneeded: tuple[str, ...], tmp_path: Path) -> None:
    """A hook loads no unneeded room and no slow module; one that builds a wheel, not before the real backend is called."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n', "utf-8")
    code = _LOADED.format(path=[str(PACKAGE.parent), *sys.path], hook=hook, call=call)
    environ = {"PATH": os.defpath, "HOME": str(tmp_path), "RUNTIME_BACKEND_TARGET": str(tmp_path)}
    command = [sys.executable, "-Sc", code]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)  # noqa: S603
    loaded = set(done.stdout.split())
    rooms = {name.split(".")[1] for name in loaded if name.startswith("runtime_backend.")}
    slow = _SLOW if hook != "build_wheel" else _SLOW - {"shutil"}
    assert (set(), set()) == (loaded & slow, rooms & {*unneeded})


@pytest.mark.parametrize(
    ("module", "expected"),
    [("runtime_backend", ["runtime_backend"]), ("runtime_backend.build", ["runtime_backend", "runtime_backend.build"])],
)
def test_import_is_cheap(module: str, expected: list[str]) -> None:
    """Importing ``build`` loads only a few modules of the standard library, because frontends do it in each hook."""
    code = (
        "import collections.abc, contextlib, functools, sys, typing; before = set(sys.modules);"
        f" sys.path.insert(0, {str(PACKAGE.parent)!r}); import {module}; print(*sorted({{*sys.modules}} - before))"
    )
    found = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=True).stdout.split()  # noqa: S603
    assert expected == [name for name in found if name != "__future__"]
