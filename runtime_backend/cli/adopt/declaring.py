"""Declaring the shim in a pyproject.toml: which keys are added, and which are removed in return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ...config import LEGACY_BACKEND
from ...config.build_requires import SHIM
from ...errors import ConfigError
from ...formats.parsing import requirement_name
from ...formats.tables import Table
from ..package.build_scripts import BuildScripts
from ..package.stated_requirements import Manifests, OwnRequirements, read_own
from ..package.torch_users import TORCH_USERS
from .guards import compose_guards
from .tables import array, set_tool_table, tidy, tool_table

BACKEND = "runtime_backend.build"


class Change(NamedTuple):
    """The change that was made to a pyproject.toml."""

    requires: tuple[str, ...]
    """The build requirements now."""
    taken: tuple[str, ...]
    """The build requirements that were removed."""
    guards: tuple[str, ...]
    """The entries of match-runtime."""
    own: Mapping[str, OwnRequirements]
    """Runtime -> the package's own requirements that its match-runtime entry comes from; empty if the key existed."""
    has_moved_metadata: bool | None
    """Whether the metadata of setup.py were moved; None if there was a pyproject.toml."""
    has_added_setuptools: bool
    has_added_ninja: bool


def declare(document: Any, manifests: Manifests, scripts: BuildScripts) -> Change:  # noqa: ANN401 - tomlkit's
    """Declare the shim in a document.

    :raises ConfigError: if it has no array of build requirements, or no table where our table belongs.
    """
    _refuse_other_types(manifests)
    is_made = "build-system" not in document
    build_system = _find_build_system(document, manifests)
    before, ours = [str(entry) for entry in build_system["requires"]], dict(tool_table(document))
    is_new = build_system.get("build-backend") != BACKEND
    if is_new:
        ours = {**_moved_backend(build_system), **ours}
        build_system["build-backend"] = BACKEND
    asked = setup_requires(manifests)
    names = _runtimes(ours, [*before, *asked], scripts)
    taken = _take_out(build_system["requires"], names)
    own = {name: read_own(manifests, name) for name in names} if is_new or taken else {}
    own = {} if "match-runtime" in ours else own
    guards = _compose([*taken, *asked], own)
    if own and guards != ["torch"]:
        ours["match-runtime"] = array(guards)
    missing = _missing(build_system, ours, has_lost=bool(taken))
    for entry in reversed(missing):
        build_system["requires"].insert(0, entry)
    if is_made and scripts.wants_ninja is not None and "ninja" not in map(requirement_name, build_system["requires"]):
        build_system["requires"].append("ninja")
        missing.append("ninja")
    tidy(build_system, before)
    moved = _move_metadata(document, manifests)
    if ours != dict(tool_table(document)):
        set_tool_table(document, ours)
    return Change(
        requires=tuple(map(str, build_system["requires"])),
        taken=tuple(taken),
        guards=tuple(guards),
        own=own,
        has_moved_metadata=moved,
        has_added_setuptools="setuptools" in missing,
        has_added_ninja="ninja" in missing,
    )


def setup_requires(manifests: Manifests) -> Sequence[str]:
    """Return the build requirements that setuptools adds to those of build-system.requires."""
    script = () if manifests.script is None else manifests.script.required.setup_requires
    return (*script, *manifests.cfg.setup_requires)


def _find_build_system(document: Any, manifests: Manifests) -> Any:  # noqa: ANN401 - tomlkit's tables
    import tomlkit  # noqa: PLC0415 - the command line's extra

    if "build-system" not in document:
        # PEP 518's default; nothing declared what setup.py imports before.
        script = manifests.script
        document["build-system"] = tomlkit.item({"requires": list(script.requires if script else ["setuptools"])})
    build_system = document["build-system"]
    if "requires" not in build_system:
        path = manifests.source / "pyproject.toml"
        raise ConfigError([f"{path}: build-system.requires: found none, expected an array"])
    return build_system


def _refuse_other_types(manifests: Manifests) -> None:
    document = Table(manifests.document, file=str(manifests.source / "pyproject.toml"))
    build_system, tool = document.table("build-system"), document.table("tool")
    ours = None if tool is None else tool.table(SHIM)
    for table in (build_system, ours):
        if table is not None:
            table.string("build-backend")
            table.strings("backend-path")
    if build_system is not None:
        build_system.strings("requires")
    if ours is not None:
        ours.array("match-runtime")
        ours.strings("build-requires")
    if document.problems:
        raise ConfigError(document.problems)


def _moved_backend(build_system: Any) -> dict[str, Any]:  # noqa: ANN401 - tomlkit's tables
    """Remove the real backend from build-system, and return the keys for our own table that name it."""
    backend, path = build_system.get("build-backend"), build_system.pop("backend-path", None)
    is_ours = canonicalize_name(str(backend).partition(".")[0]) == SHIM  # misspelt
    is_real = backend not in (None, LEGACY_BACKEND) and not is_ours
    moved = {"build-backend": str(backend)} if is_real else {}
    return moved if path is None else {**moved, "backend-path": [str(folder) for folder in path]}


def _runtimes(ours: Mapping[str, Any], asked: Iterable[str], scripts: BuildScripts) -> list[str]:
    """Return the names that the build binds to: those of match-runtime, else torch and packages that require torch."""
    if "match-runtime" in ours:
        return [requirement_name(_requirement_of(entry)) for entry in ours["match-runtime"]]
    users = [name for name in map(requirement_name, asked) if name in TORCH_USERS]
    return ["torch", *dict.fromkeys([*users, *scripts.users])]


def _requirement_of(entry: Any) -> str:  # noqa: ANN401 - any TOML
    return str(entry.get("requirement", "")) if isinstance(entry, dict) else str(entry)


def _take_out(requires: Any, names: Sequence[str]) -> list[str]:  # noqa: ANN401 - tomlkit's tables
    """Remove the runtimes from the build requirements, and return what was removed."""
    places = [place for place, entry in enumerate(requires) if requirement_name(str(entry)) in names]
    taken = [str(requires[place]) for place in places]
    for place in reversed(places):
        del requires[place]
    return taken


def _compose(built: Sequence[str], own: Mapping[str, OwnRequirements]) -> list[str]:
    """Return match-runtime, from the build requirements and the package's own requirements."""
    return [
        guard
        for name in own
        for guard in compose_guards(
            name,
            [_without_url(text) for text in built if requirement_name(text) == name],
            [stated.text for stated in own[name].certain],
        )
    ]


def _without_url(text: str) -> str:
    requirement = Requirement(text)
    requirement.url = None
    return str(requirement) if "@" in text else text


def _missing(build_system: Any, ours: Mapping[str, Any], *, has_lost: bool) -> list[str]:  # noqa: ANN401 - tomlkit's tables
    """Return the build requirements to add: the shim, and setuptools if it came with torch."""
    names = [requirement_name(str(entry)) for entry in (*build_system["requires"], *ours.get("build-requires", ()))]
    is_real = str(ours.get("build-backend", LEGACY_BACKEND)).partition(".")[0] == "setuptools"
    return [
        *([SHIM] if SHIM not in names and "backend-path" not in build_system else []),
        *(["setuptools"] if has_lost and is_real and "setuptools" not in names else []),
    ]


def _move_metadata(document: Any, manifests: Manifests) -> bool | None:  # noqa: ANN401 - tomlkit's tables
    """Copy the metadata of a bare setup.py into ``[project]`` if all are plain text; return whether they are."""
    script = manifests.script
    if manifests.document or script is None:
        return None
    if script.project is not None:
        document["project"] = script.project
    return script.project is not None
