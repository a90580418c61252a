"""Values in Python code that is not run: plain literals, and the texts that may reach a computed value."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

_ADDING = ("append", "extend", "insert", "add", "update")


def read_constants(tree: ast.Module) -> dict[str, Any]:
    """Return the names that are bound exactly once, at the top level, to a plain value."""
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    stored = Counter(node.id for node in names if isinstance(node.ctx, ast.Store))
    changed = {name for node in ast.walk(tree) for name, _ in _added(node)}
    found: dict[str, Any] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
        target = node.target if isinstance(node, ast.AnnAssign) else target
        if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            value = read_literal(node.value, found)
            if value is not None and stored[target.id] == 1 and target.id not in changed:
                found[target.id] = value
    return found


def read_literal(node: ast.expr, constants: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any plain value
    """Return a plain value; None if it is not certain."""
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        first, second = (read_literal(part, constants) for part in (node.left, node.right))
        are_arrays = isinstance(first, list | tuple) and isinstance(second, list | tuple)
        return [*first, *second] if are_arrays else None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def reaching_texts(bound: Mapping[str, list[Any]], node: ast.expr) -> list[str]:
    """Return the texts that may be a part of a value, however it is computed.

    :param bound: see :func:`bindings`.
    """
    pending, seen, texts = [node], set[str](), dict[str, None]()
    while pending:
        for part in ast.walk(pending.pop()):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                texts[part.value] = None
            elif isinstance(part, ast.Name) and part.id not in seen:
                seen.add(part.id)
                pending += bound.get(part.id, [])
    return list(texts)


def bindings(tree: ast.Module) -> defaultdict[str, list[Any]]:
    """Return name -> the nodes that are bound to it or added to it, or the function of that name."""
    found = defaultdict[str, list[Any]](list)
    for node in ast.walk(tree):
        for name, value in (*_added(node), *_bound(node)):
            found[name].append(value)
    return found


def _added(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, node.value
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.attr in _ADDING:
        yield from ((function.value.id, argument) for argument in ast.iter_child_nodes(node) if argument != function)


def _bound(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    pairs: list[tuple[ast.AST | None, ast.AST | None]] = []
    if isinstance(node, ast.Assign):
        pairs = [(target, node.value) for target in node.targets]
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        pairs = [(node.target, node.value)]
    elif isinstance(node, ast.withitem):
        pairs = [(node.optional_vars, node.context_expr)]
    elif isinstance(node, ast.For | ast.comprehension):
        pairs = [(node.target, node.iter)]
    elif isinstance(node, ast.FunctionDef):
        yield node.name, node
    yield from ((target.id, value) for target, value in pairs if isinstance(target, ast.Name) and value is not None)
