"""The mutants of a module, as mutmut makes them."""

from __future__ import annotations

import ast
import difflib
import importlib
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple, cast

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.configuration import config
from mutmut.mutation.file_mutation import Mutation, create_mutations, deep_replace
from mutmut.utils.file_utils import walk_mutatable_files

_DECORATOR = re.compile(r"^ *@.*$", re.MULTILINE)
"""Decorators are taken out before mutmut sees them, since it leaves decorated functions alone; ours take one line."""


Key = tuple[str, str, str]
"""Function, what it was, what it becomes."""


class Mutant(NamedTuple):
    """One change of one function."""

    module: str
    function: str
    """Its qualified name in the module."""
    was: str
    """The lines that are changed, without their indentation."""
    becomes: str
    source: str
    """The changed function, without its decorators."""
    lines: range
    """Of the statement that is changed: who runs none of them notices nothing."""

    @property
    def key(self) -> Key:
        """What a mutant is listed by: it survives changes elsewhere in the module."""
        return f"{self.module}.{self.function}", self.was, self.becomes

    def apply(self) -> None:
        """Change the function in this process, for everybody who has it already."""
        module = importlib.import_module(self.module)
        made: dict[str, Any] = dict(vars(module))
        exec(compile(self.source, module.__file__ or "", "exec", flags=annotations.compiler_flag), made)  # noqa: S102
        changed, function = made[self.function.rpartition(".")[2]], find_function(module, self.function)
        function.__code__ = changed.__code__
        function.__defaults__, function.__kwdefaults__ = changed.__defaults__, changed.__kwdefaults__


def find_function(module: object, name: str) -> FunctionType:
    """Return the function of a qualified name, out of its property and its other decorators."""
    found = module
    for part in name.split("."):
        found = vars(found)[part]
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        attribute = next(name for name in ("__wrapped__", "fget", "func", "__func__") if hasattr(found, name))
        found = getattr(found, attribute)
    return found


def mutated_files() -> list[Path]:
    """Return the modules that ``tool.mutmut.only_mutate`` names, relative to the repository."""
    config()
    return sorted(walk_mutatable_files())


def find_mutants(path: Path) -> Iterator[Mutant]:
    """Yield the mutants of a module, in its order.

    :param path: relative to the repository.
    """
    text = _DECORATOR.sub("", path.read_text("utf-8"))
    tree, mutations, *_ = create_mutations(str(path), text)
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    positions = MetadataWrapper(tree, unsafe_skip_copy=True).resolve(PositionProvider)
    names = dict(_functions(tree))
    statements = _Statements(text)
    for mutation in mutations:
        function = mutation.contained_by_top_level_function
        if function in names:
            line = positions[mutation.original_node].start.line
            yield _mutant(tree, mutation, module, names[function], statements.around(line))


def _mutant(tree: libcst.Module, mutation: Mutation, module: str, name: str, lines: range) -> Mutant:
    function = cast("libcst.FunctionDef", mutation.contained_by_top_level_function)
    before = tree.code_for_node(function)
    changed = cast("libcst.FunctionDef", deep_replace(function, mutation.original_node, mutation.mutated_node))
    after = tree.code_for_node(changed)
    changes = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    was, becomes = ("\n".join(line[1:].strip() for line in changes if line.startswith(sign)) for sign in "-+")
    return Mutant(module=module, function=name, was=was, becomes=becomes, source=after, lines=lines)


def _functions(tree: libcst.Module) -> Iterator[tuple[libcst.CSTNode, str]]:
    for statement in tree.body:
        if isinstance(statement, libcst.FunctionDef):
            yield statement, statement.name.value
        elif isinstance(statement, libcst.ClassDef):
            for inner in statement.body.body:
                if isinstance(inner, libcst.FunctionDef):
                    yield inner, f"{statement.name.value}.{inner.name.value}"


class _Statements:
    """The statements of a module, by their lines; one with a body by the lines above it."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _ranges(self) -> list[range]:
        found = [node for node in ast.walk(ast.parse(self._text)) if isinstance(node, (ast.stmt, ast.ExceptHandler))]
        return sorted(map(_lines, found), key=len)

    def around(self, line: int) -> range:
        """Return the lines of the smallest statement that a line is of."""
        return next(lines for lines in self._ranges if line in lines)


def _lines(node: ast.stmt | ast.ExceptHandler) -> range:
    body = getattr(node, "body", None)
    is_definition = isinstance(node, (ast.FunctionDef, ast.ClassDef))  # a default counts wherever the body runs
    last = body[0].lineno - 1 if body and not is_definition else node.end_lineno
    return range(node.lineno, max(last or 0, node.lineno) + 1)
