"""Making the guard of an editable: :mod:`.guard` as a module of the wheel, with what the build knew."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..installed.distributions import Distribution, locate_imports
from ..installed.identity import Identity
from ..system.files import is_file, read_text

_GUARD = Path(__file__).with_name("guard.py")
PREFIX = "zzz_runtime_backend_guard_"
"""Of the module's name: ``site`` runs ``.pth`` files by name, and the last finder comes first on ``sys.meta_path``."""
_OWN_CALLS = ("init", "entrypoint")


class Guarded(NamedTuple):
    """The modules whose import rebuilds an editable."""

    exact: tuple[str, ...] = ()
    """Modules by full name: those of scikit-build-core, whose loader leaves others in a namespace alone."""
    top_level: tuple[str, ...] = ()
    """Top-level packages with all that is in them: those of meson-python."""


def read_guarded(modules: Mapping[str, str]) -> Guarded:
    """Return the modules that the loader in an editable wheel finds, from the arguments of the call that starts it.

    They are keys of a mapping of strings in scikit-build-core, and a set in meson-python.

    :param modules: the modules at the top of the wheel: name -> text.
    """
    arguments = [argument for text in modules.values() for argument in _arguments(text)]
    exact = {name for found in arguments if isinstance(found, dict) for name in _strings(found)}
    top_level = {name for found in arguments if isinstance(found, set | frozenset) for name in found}
    return Guarded(exact=tuple(sorted(exact)), top_level=tuple(sorted(map(str, top_level))))


def _strings(found: Mapping[Any, Any]) -> Iterator[str]:
    return (name for name, value in found.items() if isinstance(name, str) and isinstance(value, str))


def _arguments(text: str) -> Iterator[Any]:
    """Yield the literal arguments of the calls that a module ends with."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):  # ValueError: null characters
        return
    for statement in body:
        is_own = isinstance(statement, ast.FunctionDef) and statement.name in _OWN_CALLS
        if is_own or isinstance(statement, ast.Expr):
            for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
                yield from _literals(call)


def _literals(call: ast.Call) -> Iterator[Any]:
    for argument in call.args:
        with suppress(ValueError, TypeError):
            yield ast.literal_eval(argument)


def describe_runtime(distribution: Distribution, identity: Identity, match: str) -> dict[str, Any]:
    """Return the facts by which the guard compares the runtime that the build saw."""
    imports = locate_imports(distribution, ())
    names = [name.partition(".")[0] for name in sorted(imports, key=lambda name: _order(name, imports, identity))]
    facts = {name: value for name, value in identity._asdict().items() if name not in ("name", "version", "reported")}
    module = names[0] if names else identity.name.replace("-", "_")
    reported = identity.reported or identity.version
    return {"name": identity.name, "module": module, "match": match, "version": identity.version} | {
        "reported": reported,
        **facts,
    }


def _order(name: str, imports: Mapping[str, Path], identity: Identity) -> tuple[bool, bool, bool]:
    """Return the rank of an import: the one whose version.py has the identity comes first."""
    return name != "torch", name != identity.name.replace("-", "_"), not is_file(imports[name] / "version.py")


def guard_files(name: str, data: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of a guard at the top of a wheel: the module, and the one that starts it.

    :param name: the first part of the wheel's file name, which is the distribution's alone.
    :param data: see :func:`describe`.
    """
    module = f"{PREFIX}{name}"
    text = f"{read_text(_GUARD)}\n\nDATA = {dict(data)!r}\n\n\ndef begin() -> None:\n    start(DATA)\n"
    # Python 3.15 has files for entry points (PEP 829), which run after all lines of .pth files, as loaders do there.
    starter = (
        {f"{module}.start": f"{module}:begin\n"}
        if sys.version_info >= (3, 15)
        else {f"{module}.pth": f"import {module}; {module}.begin()\n"}
    )
    return {path: content.encode() for path, content in {f"{module}.py": text, **starter}.items()}


def describe(  # noqa: PLR0913 - the guard knows many things
    *,
    name: str,
    info: str,
    source: Path,
    environment: Path,
    build: Path,
    needed: Sequence[tuple[Path, str]],
    runtimes: Sequence[Mapping[str, Any]],
    guarded: Guarded,
    variables: Mapping[str, tuple[str | None, bool]],
    paths: Mapping[str, tuple[Sequence[str], Sequence[str]]],
) -> dict[str, Any]:
    """Return the data of a guard.

    :param info: the name of the dist-info.
    :param build: the build folder.
    :param needed: paths without which a rebuild fails, and what each of them is.
    :param variables: name -> value, and whether it wins over the environment of the process.
    :param paths: name of a variable with folders -> those at its start, and those at its end.
    """
    return {
        "name": name,
        "info": info,
        "source": str(source),
        "environment": str(environment),
        "build": str(build),
        "needed": [(str(path), what) for path, what in needed],
        "runtimes": [dict(runtime) for runtime in runtimes],
        "modules": list(guarded.exact),
        "top-level": list(guarded.top_level),
        "variables": {name: list(value) for name, value in variables.items()},
        "paths": {name: [list(first), list(last)] for name, (first, last) in paths.items()},
    }
