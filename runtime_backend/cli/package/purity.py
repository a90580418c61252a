"""Whether an upstream source compiles anything against torch; if not, it needs no wrapper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...archives.wheel import find_compilable
from ...formats.parsing import requirement_name
from ...system.files import read_text
from ..sources.subdirectories import read_document
from .build_scripts import read_build_scripts
from .torch_evidence import BUILD_SYSTEMS, files_of, names_torch

_SOURCES = (".cc", ".cpp", ".cxx", ".cu", ".cuh", ".h", ".hpp", ".mm", ".hip", "build.rs")
_TORCH = re.compile(
    r'\b(?:lib)?torch\b|\bATen\b|\bc10::|[<"]c10/|\bnamespace c10\b|Torch_DIR', re.IGNORECASE
)  # c10 alone is a coefficient, too: c9, c10


def why_pure(tree: Path) -> str | None:
    """Return the reason why a source needs no torch for its build; None if it may need torch.

    :param tree: the folder of the package.
    """
    document = read_document(tree)
    scripts = read_build_scripts(tree, document)
    if scripts.needs_torch or _requires_torch(document):
        return None
    if find_compilable(tree) is None:
        return "found no C++ or CUDA source in it"
    if _TORCH.search(scripts.text) or any(map(_is_against_torch, files_of(tree))):
        return None
    return "found C or C++ source in it, but nothing that names torch"


def _requires_torch(document: Mapping[str, Any]) -> bool:
    build_system = document.get("build-system")
    requires = build_system.get("requires") if isinstance(build_system, dict) else None
    return isinstance(requires, list) and "torch" in (requirement_name(str(text)) for text in requires)


def _is_against_torch(path: Path) -> bool:
    """Return whether a source file or a build description names torch."""
    is_source = path.name.endswith(_SOURCES) and _TORCH.search(read_text(path)) is not None
    return is_source or names_torch(path, BUILD_SYSTEMS)
