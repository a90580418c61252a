"""Putting the shim into a pyproject.toml: nothing is invented, and what is not known is asked for in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..config import LEGACY_BACKEND
from ..errors import ConfigError
from ..files import is_file
from .documents import parse, read_pyproject
from .setup_scripts import SetupScript, read_setup_script

SHIM = "runtime-backend"
BACKEND = "runtime_backend.build"


class Adoption(NamedTuple):
    """A pyproject.toml before and after."""

    before: str
    """Nothing, where there is none yet."""
    after: str
    notes: tuple[str, ...]
    """What the person has to decide."""


def adopt(source: Path) -> Adoption:
    """Return what declares the shim in a source tree; nothing is written.

    :raises ConfigError: when it is no source tree of a package, or its pyproject.toml or setup.py cannot be read.
    """
    before = read_pyproject(source)
    script = read_setup_script(source) if is_file(source / "setup.py") else None
    if not before and script is None:
        raise ConfigError([f"{source}: found neither pyproject.toml nor setup.py, expected a package"])
    newline = "\r\n" if "\r\n" in before else "\n"
    text = before.replace("\r\n", "\n")
    after, notes = _made(script) if not text and script is not None else _changed(text, source, script)
    if script is not None:
        notes += _words_about(script, is_new=after != text)
    return Adoption(before=before, after=after.replace("\n", newline), notes=tuple(notes))


def _made(script: SetupScript) -> tuple[str, list[str]]:
    """Return a pyproject.toml for a package that has none."""
    import tomlkit  # noqa: PLC0415 - the command line's extra

    document = tomlkit.document()
    torch = [text for text in script.requires if name_of(text) == "torch"]
    requires = [SHIM, *(text for text in script.requires if text not in torch)]
    document["build-system"] = {"requires": requires, "build-backend": BACKEND}
    if script.project is None:
        return tomlkit.dumps(document), ["the metadata stay in setup.py: not all of them are plain text there"]
    document["project"] = script.project
    return tomlkit.dumps(document), ["the metadata of setup.py are in [project] now, and count there"]


def _changed(text: str, source: Path, script: SetupScript | None) -> tuple[str, list[str]]:
    """Return a pyproject.toml with the shim in it."""
    import tomlkit  # noqa: PLC0415 - as above

    document, notes = parse(text, source), list[str]()
    if "build-system" not in document:
        # PEP 518's own default; what setup.py imports was not asked for by anybody before.
        document["build-system"] = tomlkit.item({"requires": list(script.requires if script else ["setuptools"])})
    build_system: Any = document["build-system"]
    requires = build_system.get("requires") if isinstance(build_system, dict) else None
    if not isinstance(requires, list):
        raise ConfigError([f"{source / 'pyproject.toml'}: build-system.requires: found none, expected an array"])
    ours, wanted = dict(_tool_table(document)), [str(entry) for entry in requires]
    if build_system.get("build-backend") != BACKEND:
        ours = {**_moved_backend(build_system), **ours}
        build_system["build-backend"] = BACKEND
    guards = list(_take_out_torch(requires, ours, notes))
    if guards and "match-runtime" not in ours:
        ours["match-runtime"] = guards
    if not any(name_of(str(entry)) == SHIM for entry in requires) and "backend-path" not in build_system:
        requires.insert(0, SHIM)
    tidy(build_system, wanted)
    if ours != dict(_tool_table(document)):
        _set_tool_table(document, ours)
    return tomlkit.dumps(document), notes


def tidy(build_system: Any, before: list[str]) -> None:  # noqa: ANN401 - tomlkit's tables
    """Space the build requirements as people do, if they are others than before.

    In an array of several lines there may be comments: it stays as it is.
    """
    import tomlkit  # noqa: PLC0415 - as above

    now = [str(entry) for entry in build_system["requires"]]
    if now != before and "\n" not in build_system["requires"].as_string():
        build_system["requires"] = tomlkit.item(now)


def _tool_table(document: Any) -> Any:  # noqa: ANN401 - tomlkit's tables
    tool = document.get("tool", {})
    return tool.get(SHIM, {}) if isinstance(tool, dict) else {}


def _moved_backend(build_system: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Take the real backend out of build-system, and return what our own table says of it."""
    backend, path = build_system.get("build-backend"), build_system.pop("backend-path", None)
    is_ours = canonicalize_name(str(backend).partition(".")[0]) == SHIM  # misspelt
    is_real = backend not in (None, LEGACY_BACKEND) and not is_ours
    moved = {"build-backend": str(backend)} if is_real else {}
    return moved if path is None else {**moved, "backend-path": [str(folder) for folder in path]}


def _take_out_torch(requires: Any, ours: dict[str, Any], notes: list[str]) -> Iterator[str]:  # noqa: ANN401 - as above
    """Take the runtimes out of the build requirements, and yield what they demand of them."""
    known = {name_of(_requirement_of(entry)) for entry in ours.get("match-runtime", ["torch"])}
    for index in reversed(range(len(requires))):
        text = str(requires[index])
        if name_of(text) not in known:
            continue
        del requires[index]
        if "@" in text:
            notes.append(f"{text!r} is gone from build-system.requires: name it as RUNTIME_BACKEND_PIN where you build")
        elif text.strip() != name_of(text) or name_of(text) != "torch":
            if "match-runtime" in ours:
                notes.append(f"{text!r} is gone from build-system.requires: see that match-runtime says the same")
            yield text


def _requirement_of(entry: Any) -> str:  # noqa: ANN401 - any TOML
    return str(entry.get("requirement", "")) if isinstance(entry, dict) else str(entry)


def _set_tool_table(document: Any, ours: dict[str, Any]) -> None:  # noqa: ANN401 - as above
    import tomlkit  # noqa: PLC0415 - as above

    if "tool" not in document:
        document["tool"] = tomlkit.table(is_super_table=True)
    table = document["tool"].get(SHIM)
    if table is None:
        document["tool"][SHIM] = tomlkit.item(ours)
        if not tomlkit.dumps(document).partition(f"[tool.{SHIM}]")[0].endswith("\n\n"):
            document["tool"][SHIM].trivia.indent = "\n"
        return
    for key, value in ours.items():
        if key not in table:
            table[key] = value


def name_of(text: str) -> str:
    """Return a requirement's normalised name; nothing for what is none."""
    try:
        return canonicalize_name(Requirement(text).name)
    except InvalidRequirement:  # the frontend will say what is wrong with it
        return ""


def _words_about(script: SetupScript, *, is_new: bool) -> list[str]:
    if not is_new:
        return []
    notes = [
        f"setup.py imports {name!r}, which is neither Python's nor in this folder: if the build needs it, add its"
        " distribution to build-system.requires"
        for name in script.unknown
    ]
    if script.variables:
        names = ", ".join(script.variables)
        notes.append(
            f"setup.py reads these variables; values for everybody go into [tool.runtime-backend.env]: {names}"
        )
    return notes
