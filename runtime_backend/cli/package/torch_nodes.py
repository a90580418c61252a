"""Recognising Python code that needs torch."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...formats.python import imported_modules, last_name

_BY_NAME = (
    *("import_module", "__import__", "find_spec", "find_loader", "version", "distribution", "get_distribution"),
    *("metadata", "join", "joinpath", "Path", "PurePath", "run_module"),
)
"""Functions that take a module, distribution or folder by name: ``importlib.import_module("torch")``."""
_RUNNERS = ("run", "call", "check_call", "check_output", "Popen", "system", "getoutput", "popen", "exec", "eval")
"""Functions that run a text: ``subprocess.run([sys.executable, "-c", "import torch; ..."])``."""
_LIBRARIES = {"torch", "torch_cpu", "torch_cuda", "torch_python", "c10", "c10_cuda"}
_WORD = re.compile(r"(?<![\w/-])torch(?![\w/-])")
_FOLDER = re.compile(r"(?:^|[/\\])torch[/\\](?:include|lib|share|csrc)\b")


def names_torch(node: ast.AST) -> bool:
    """Return whether running a single node needs torch."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return "torch" in imported_modules(node)
    if isinstance(node, ast.Call):
        return _is_called_with_torch(node)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Div) and _text(node.right) == "torch"
    if isinstance(node, ast.keyword):
        return node.arg == "libraries" and not _LIBRARIES.isdisjoint(_texts(node.value))
    return _FOLDER.search(_text(node)) is not None


def _is_called_with_torch(node: ast.Call) -> bool:
    function = last_name(node.func)
    if function in _BY_NAME:
        return any(_text(argument).partition(".")[0] == "torch" for argument in node.args)
    return function in _RUNNERS and any(_WORD.search(text) for argument in node.args for text in _texts(argument))


def _texts(node: ast.AST) -> Iterator[str]:
    return (_text(part) for part in ast.walk(node) if isinstance(part, ast.Constant))


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
