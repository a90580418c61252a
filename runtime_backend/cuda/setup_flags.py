"""Architectures in a package's own nvcc flags, which make torch ignore the configured list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ..formats.python import find_python

_ARCHITECTURE = re.compile(r"(^|\s)(-gencode|--generate-code|-arch\b|--gpu-architecture|arch=compute_)")


def find_own_architectures(source: Path) -> str | None:
    """Return the first flag of a setup.py that names an architecture, with its line; None if there is none.

    torch.utils.cpp_extension adds the architectures of TORCH_CUDA_ARCH_LIST unless a flag contains ``arch``.
    """
    path = source / "setup.py"
    tree = find_python(path)
    found = None if tree is None else min(_own(tree), default=None)
    return None if found is None else f"{path.name}:{found[0]}: {found[1]!r}"


def _own(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ARCHITECTURE.search(node.value):
            yield node.lineno, node.value
