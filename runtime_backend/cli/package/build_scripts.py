"""Reading the Python that builds a package, without running it: does it need torch, or packages that require torch?

The scripts are setup.py, hooks of other build backends, a backend in the source tree, and their imports from the tree.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from ...formats.python import find_python, imported_modules, imported_names, last_name
from ...system.files import is_file, read_text
from .stated_requirements import table_of
from .torch_nodes import names_torch
from .torch_users import TORCH_USERS

_HOOKS = ("setup.py", "hatch_build.py", "pdm_build.py")
_RUNNERS = ("exec", "execfile", "run_path", "spec_from_file_location", "SourceFileLoader")
"""Functions that run a file by its path."""


class BuildScripts(NamedTuple):
    """The facts that are certain about all build scripts."""

    needs_torch: bool
    users: tuple[str, ...]
    """The imported distributions that require torch."""
    wants_ninja: str | None
    """The file that uses torch's BuildExtension, which compiles with ninja if it can; None if there is none."""
    text: str
    """The text of all scripts."""


class _Script(NamedTuple):
    """The facts that are certain about one file."""

    text: str
    needs_torch: bool
    users: tuple[str, ...]
    has_extension: bool
    """Whether it names torch's BuildExtension."""
    is_serial: bool
    """Whether it turns ninja off for BuildExtension, under all conditions."""


def read_build_scripts(source: Path, document: Mapping[str, Any]) -> BuildScripts:
    """Return what a source tree's build scripts need; files that are not valid Python are ignored.

    :param document: its pyproject.toml.
    """
    reached = _reached(source, list(_roots(source, document)))
    scripts = {path: _read(path, tree, is_root=is_root) for path, tree, is_root in reached}
    commands = table_of(document, "tool", "setuptools", "cmdclass").values()
    is_declared = any(str(command).startswith("torch.") for command in commands)
    is_in_tree = "backend-path" in table_of(document, "build-system")
    extensions = [os.path.relpath(path, source) for path, script in scripts.items() if script.has_extension]
    extensions = ["pyproject.toml", *extensions] if is_declared else extensions
    text = "\n".join(script.text for script in scripts.values())
    return BuildScripts(
        needs_torch=is_declared or any(s.needs_torch for s in scripts.values()) or (is_in_tree and "torch" in text),
        users=tuple(dict.fromkeys(user for script in scripts.values() for user in script.users)),
        wants_ninja=None if any(script.is_serial for script in scripts.values()) else next(iter(extensions), None),
        text=text,
    )


def _read(path: Path, tree: ast.Module, *, is_root: bool) -> _Script:
    everything = list(ast.walk(tree))
    run = everything if is_root else list(_run_on_import(tree))
    imported = [canonicalize_name(name) for node in run for name in imported_modules(node)]
    return _Script(
        text=read_text(path),
        needs_torch=any(map(names_torch, run)) or any(map(_is_compiling, everything)),
        users=tuple(name for name in imported if name in TORCH_USERS),
        has_extension=any(map(_is_build_extension, everything)),
        is_serial=any(map(_is_without_ninja, _outside_conditions(tree))),
    )


def _roots(source: Path, document: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the scripts that build backends run."""
    build_system, tool = table_of(document, "build-system"), table_of(document, "tool")
    yield from (source / name for name in _HOOKS)
    hatch, poetry, pdm = (table_of(tool, name, "build") for name in ("hatch", "poetry", "pdm"))
    targets = [table_of(hatch, "targets", name) for name in table_of(hatch, "targets")]
    named = [table_of(table, "hooks", "custom").get("path") for table in (hatch, *targets)]
    named += [poetry.get("script"), table_of(tool, "poetry").get("build"), pdm.get("custom-hook")]
    yield from (source / name for name in named if isinstance(name, str))
    folders = build_system.get("backend-path", [])
    for folder in folders if isinstance(folders, list) else ():
        yield from _files_of(source / str(folder), str(build_system.get("build-backend")).partition(":")[0])
    for command in table_of(tool, "setuptools", "cmdclass").values():
        yield from _files_of(source, str(command).rpartition(".")[0])


def _reached(source: Path, roots: list[Path]) -> Iterator[tuple[Path, ast.Module, bool]]:
    """Yield (file, its tree, whether a backend runs it directly) for each file that the roots lead to."""
    pending, seen = [(path, True) for path in roots], set[Path]()
    while pending:
        path, is_root = pending.pop(0)
        if path in seen or not is_file(path):
            continue
        seen.add(path)
        tree = find_python(path)
        if tree is None:
            continue
        yield path, tree, is_root
        places = [source, path.parent] if is_root else [source]
        for node in ast.walk(tree) if is_root else _run_on_import(tree):
            pending += [(file, False) for file in _run_by(node, source, path, places)]


def _run_by(node: ast.AST, source: Path, path: Path, places: list[Path]) -> Iterator[Path]:
    """Yield the files of the source tree that a node imports or runs by path.

    :param places: the folders on the import path.
    """
    level = node.level if isinstance(node, ast.ImportFrom) else 0
    for name in imported_names(node):
        for place in path.parents[level - 1 : level] if level else places:
            yield from _files_of(place, name)
    if isinstance(node, ast.Call) and last_name(node.func) in _RUNNERS:
        parts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
        yield from (source / part for part in parts if isinstance(part, str) and part.endswith(".py"))


def _files_of(place: Path, module: str) -> Iterator[Path]:
    """Yield the files that importing a module would run, whether they exist or not."""
    folder = place
    for part in module.split("."):
        yield folder / f"{part}.py"
        folder /= part
        yield folder / "__init__.py"


def _run_on_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run when a module is imported: not those in functions or under TYPE_CHECKING."""
    left = [tree]  # no recursion: chained calls are nested thousands deep
    while left:
        for node in ast.iter_child_nodes(left.pop()):
            if not (isinstance(node, ast.If) and last_name(node.test) == "TYPE_CHECKING"):
                yield node
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                    left.append(node)


def _outside_conditions(tree: ast.AST) -> Iterator[ast.AST]:
    left = [tree]
    while left:
        for node in ast.iter_child_nodes(left.pop()):
            if not isinstance(node, ast.If | ast.IfExp):
                yield node
                left.append(node)


def _is_compiling(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "torch.utils.cpp_extension"


def _is_build_extension(node: ast.AST) -> bool:
    return (isinstance(node, ast.alias | ast.Name | ast.Attribute)) and "BuildExtension" in (
        getattr(node, "name", None),
        getattr(node, "id", None),
        getattr(node, "attr", None),
    )


def _is_without_ninja(node: ast.AST) -> bool:
    if not isinstance(node, ast.keyword) or node.arg != "use_ninja":
        return False
    return isinstance(node.value, ast.Constant) and node.value.value is False
