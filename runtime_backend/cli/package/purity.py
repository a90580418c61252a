"""Whether anything in an upstream source is compiled against torch: if not, it needs no wrapper."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from ...archives.wheel import find_compilable
from ...system.files import read_text
from ..adopt.adoption import name_of
from ..sources.subdirectories import read_document

_BUILD_FILES = ("setup.py", "CMakeLists.txt", "meson.build", "meson_options.txt", "Cargo.toml", "build.rs")
_ENDINGS = (".cmake", ".cc", ".cpp", ".cxx", ".cu", ".cuh", ".h", ".hpp", ".mm", ".hip")
_TORCH = re.compile(r"\b(?:lib)?torch\b|\bATen\b|\bc10\b|Torch_DIR", re.IGNORECASE)


def why_pure(tree: Path) -> str | None:
    """Return why a source needs no torch to be built; None if it may need one.

    :param tree: the folder of the package.
    """
    if _imports_torch(tree) or _requires_torch(tree):
        return None
    if find_compilable(tree) is None:
        return "found no C++ or CUDA source in it"
    if any(_TORCH.search(read_text(path)) for path in _build_files(tree)):
        return None
    return "found C or C++ source in it, but nothing that names torch"


def _requires_torch(tree: Path) -> bool:
    """Return whether the build requirements name torch."""
    build_system = read_document(tree).get("build-system")
    requires = build_system.get("requires") if isinstance(build_system, dict) else None
    return isinstance(requires, list) and "torch" in (name_of(str(text)) for text in requires)


def _imports_torch(tree: Path) -> bool:
    """Return whether setup.py imports torch, or imports a script next to it that does."""
    modules = _imported(read_text(tree / "setup.py"))
    return "torch" in modules or any("torch" in _imported(read_text(tree / f"{name}.py")) for name in modules)


def _imported(text: str) -> set[str]:
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    plain = (alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names)
    parts = (node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level)
    return {name.partition(".")[0] for name in (*plain, *parts)}


def _build_files(tree: Path) -> Iterator[Path]:
    for inside, folders, names in os.walk(tree):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(inside, name) for name in sorted(names) if name in _BUILD_FILES or name.endswith(_ENDINGS))
