"""The stops in the code: every refusal with its name, its messages and its ways out, read from the source."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from runtime_backend import errors
from runtime_backend.errors import ConfigError, RuntimeBackendError, SystemRefusalError

PACKAGE = Path(errors.__file__).parents[1]
KINDS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type)
    and issubclass(value, RuntimeBackendError)
    and value not in (ConfigError, SystemRefusalError)
}
"""The classes that are constructed with the name of a stop; the two others know their own."""


class Stop(NamedTuple):
    """One construction of a refusal in the code."""

    name: str
    """Empty for one that passes on another's name."""
    messages: tuple[str, ...]
    """The templates of the message; several if the code chooses one."""
    hints: tuple[str, ...]
    facts: frozenset[str]
    """The names of the values that the templates are filled in with."""
    place: str
    """The file and line, relative to the package."""


def read_stops() -> Iterator[Stop]:
    """Yield every construction of a refusal, file by file.

    :raises ValueError: if a template or a name is not written there as text.
    """
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE)
        tree = ast.parse(path.read_text("utf-8"))
        for call in _constructions(tree, of_errors=place.parts[0] == "errors"):
            yield _read(call, place)


def _constructions(tree: ast.Module, *, of_errors: bool) -> Iterator[ast.Call]:
    """Yield the calls of the classes; in their own module also those of a class by its subclass."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            of_super = of_errors and ast.unparse(node.func) == "super().__init__" and len(node.args) > 1
            if of_super or (isinstance(node.func, ast.Name) and node.func.id in KINDS):
                yield node


def _read(call: ast.Call, place: Path) -> Stop:
    module = importlib.import_module(
        ".".join(["runtime_backend", *place.with_suffix("").parts]).removesuffix(".__init__")
    )
    values = {word.arg: word.value for word in call.keywords if word.arg is not None}
    constants = {
        name: str(vars(module)[value.id])
        for name, value in values.items()
        if isinstance(value, ast.Name) and isinstance(vars(module).get(value.id), (str, int))
    }
    where = f"{place.as_posix()}:{call.lineno}"
    name, message = call.args
    hint = values.pop("hint", None)
    return Stop(
        name=str(name.value) if isinstance(name, ast.Constant) else "",
        messages=tuple(_fill(text, constants) for text in _texts(message, vars(module), where)),
        hints=() if hint is None else tuple(_fill(text, constants) for text in _texts(hint, vars(module), where)),
        facts=frozenset(values),
        place=where,
    )


def _texts(node: ast.expr, module: dict[str, object], where: str) -> Iterator[str]:
    """Yield the texts that an expression may have as its value."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body, module, where)
        yield from _texts(node.orelse, module, where)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and isinstance(module.get(node.id), str):
        yield str(module[node.id])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        table: Any = module[ast.unparse(node.func.value)]  # at the top of the module
        yield from table.values()
    elif not (isinstance(node, ast.Constant) and node.value is None):
        raise ValueError(f"{where}: found {ast.unparse(node)!r}, expected a template as text")


def _fill(template: str, constants: dict[str, str]) -> str:
    """Put the constants of the module into a template; other facts stay in braces."""
    for name, value in constants.items():
        template = template.replace(f"{{{name}}}", value).replace(f"{{{name}!r}}", repr(value))
    return template
