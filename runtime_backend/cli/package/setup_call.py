"""The requirements in the call of setup() in a setup.py that is not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...formats.python import dotted_name, find_setup_calls
from .plain_values import bindings, reaching_texts, read_literal


class Required(NamedTuple):
    """The requirements that setup() gets."""

    install_requires: tuple[str, ...] | None
    """None if they are computed."""
    mentioned: tuple[str, ...]
    """Texts that may reach a computed install_requires: requirements, names of files."""
    setup_requires: tuple[str, ...]
    """Only plain texts."""
    extras_require: Mapping[str, tuple[str, ...]]
    """Only plain texts."""


def read_required(tree: ast.Module, constants: Mapping[str, Any]) -> Required:
    """Return the requirements in the calls of setup().

    :param constants: see :func:`read_constants`.
    """
    bound = bindings(tree)
    words = [word for call in find_setup_calls(tree) for word in _words(call, bound)]
    given = {key: [value for name, value in words if name == key] for key in ("install_requires", "setup_requires")}
    own = given["install_requires"]
    plain = as_requirements(read_literal(own[0], constants)) if len(own) == 1 else None
    extras = [read_literal(value, constants) for name, value in words if name == "extras_require"]
    return Required(
        install_requires=None if own and plain is None else tuple(plain or ()),
        mentioned=tuple(text for node in own if plain is None for text in reaching_texts(bound, node)),
        setup_requires=tuple(
            text for node in given["setup_requires"] for text in as_requirements(read_literal(node, constants)) or ()
        ),
        extras_require={
            str(name): tuple(as_requirements(texts) or ())
            for extra in extras
            if isinstance(extra, dict)
            for name, texts in extra.items()
        },
    )


def _words(call: ast.Call, bound: Mapping[str, list[Any]]) -> Iterator[tuple[str, ast.expr]]:
    """Yield (name, value) of a call's keyword arguments, also those in a dictionary passed as ``**words``."""
    for word in call.keywords:
        if word.arg is not None:
            yield word.arg, word.value
            continue
        name = word.value.id if isinstance(word.value, ast.Name) else None
        for value in [word.value] if name is None else bound.get(name, []):
            yield from _items(value)


def _items(value: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(value, ast.Dict):
        pairs = zip(value.keys, value.values, strict=True)
        yield from ((str(key.value), item) for key, item in pairs if isinstance(key, ast.Constant))
    elif isinstance(value, ast.Call) and dotted_name(value.func) == "dict":
        yield from ((word.arg, word.value) for word in value.keywords if word.arg is not None)


def as_requirements(value: object) -> list[str] | None:
    """Return requirements as setuptools accepts them: an array, or a text with one per line; None for anything else."""
    if isinstance(value, str):
        lines = [line.strip() for line in value.splitlines()]
        return [line for line in lines if line and not line.startswith("#")]
    if isinstance(value, list | tuple) and all(isinstance(text, str) for text in value):
        return list(value)
    return None
