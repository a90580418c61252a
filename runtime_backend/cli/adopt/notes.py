"""Notes for the person when the shim is put into a package: facts to know, and open questions."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ...config.build_requires import SHIM
from ...formats.parsing import requirement_name
from ...system.printable import without_secrets
from ..package.build_scripts import BuildScripts
from ..package.setup_scripts import SetupScript
from ..package.stated_requirements import Manifests, OwnRequirements, table_of, texts_of
from ..package.torch_users import TORCH_USERS, may_use_torch
from .declaring import Change, setup_requires
from .guards import marker_of

_NINJA = "which compiles one file at a time without ninja"
_MATCH = "match-runtime in [tool.runtime-backend]"


def describe(change: Change, manifests: Manifests, scripts: BuildScripts) -> list[str]:
    """Return the notes about a change, each of one sentence or two."""
    return [
        *_about_metadata(change),
        *_about_taken(change),
        *_about_guards(change),
        *_about_users(change, scripts),
        *_about_tools(change, manifests, scripts),
        *([] if manifests.script is None else _about_script(manifests.script, change)),
    ]


def _about_metadata(change: Change) -> Iterator[str]:
    if change.has_moved_metadata:
        yield "the metadata moved from setup.py to [project]: setuptools ignores them in setup.py from now on"
    elif change.has_moved_metadata is not None:
        yield "the metadata stay in setup.py: not all of them are plain text there"


def find_ignored(manifests: Manifests) -> Iterator[str]:
    """Yield a note for each value in setup.py that differs from the one in [project]: setuptools ignores it."""
    project, script = table_of(manifests.document, "project"), manifests.script
    for key, value in (script.metadata if script else {}).items():
        if key in project and project[key] != value:
            yield (
                f"setup.py has {key} = {value!r}, and [project] in pyproject.toml has {project[key]!r}: setuptools"
                " ignores the one in setup.py; change it in [project], and remove it from setup.py"
            )


def _about_taken(change: Change) -> Iterator[str]:
    for text in change.taken:
        if Requirement(text).url is not None:
            yield (
                f"removed {without_secrets(text)!r} from build-system.requires; to build against exactly this file, set"
                " the variable RUNTIME_BACKEND_PIN to that requirement"
            )
        elif not change.own and text != requirement_name(text):
            yield f"removed {text!r} from build-system.requires; check that {_MATCH} has the same specifier"


def _about_guards(change: Change) -> Iterator[str]:
    for name, own in change.own.items():
        required = [_limits(text) for text in change.taken]
        for stated in own.certain:
            if _limits(stated.text) in required:
                continue
            yield f"match-runtime repeats {stated.text!r} from {stated.origin}: a {name} outside it stops the build"
        yield from _about_pins(change, name, own)
        yield from _about_open(own)
    for name in change.own:
        guards = [text for text in change.guards if requirement_name(text) == name]
        if any(Requirement(text).specifier.is_unsatisfiable() for text in guards):
            yield (
                f"no version of {name} fits {', '.join(map(repr, guards))}: build-system.requires and the package's own"
                f" requirement contradict each other; correct {_MATCH}"
            )


def _limits(text: str) -> tuple[str, SpecifierSet, str]:
    return requirement_name(text), Requirement(text).specifier, marker_of(text)


def _about_pins(change: Change, name: str, own: OwnRequirements) -> Iterator[str]:
    """Yield notes about pins: the build needed them before; they are limits now."""
    allowed = [Requirement(stated.text).specifier for stated in own.certain]
    for text in change.taken:
        pins = [clause for clause in Requirement(text).specifier if _is_pin(clause.operator, clause.version)]
        if requirement_name(text) == name and pins and SpecifierSet(str(pins[0])) not in allowed:
            yield (
                f"{text!r} pinned {name} for the build only; now the package builds for no other {name}: if it can,"
                f" widen {_MATCH}"
            )


def _is_pin(operator: str, version: str) -> bool:
    return operator in ("==", "===") and not version.endswith(".*")


def _about_open(own: OwnRequirements) -> Iterator[str]:
    for stated in own.uncertain:
        yield f"{stated.origin} may require {stated.text!r}: if every build needs that, add it to {_MATCH}"
    for stated in own.aside:
        yield (
            f"{stated.text!r} ({stated.origin}) is not in match-runtime, since not every installation requires it: if"
            " every build needs it, add it there"
        )


def _about_users(change: Change, scripts: BuildScripts) -> Iterator[str]:
    moved = [name for name in change.own if name != "torch"]
    for name in moved:
        what = "the build uses the one in the target environment"
        if name in scripts.users:
            yield f"{name} requires torch, so it is in match-runtime: {what}"
        else:
            yield (
                f"{name} requires torch, so as a build requirement it would bring another torch into the build. It is"
                f" in match-runtime now: {what}. No build script here imports it: if the build does not need it, remove"
                " it from match-runtime"
            )
    for name in map(requirement_name, change.requires):
        if name in TORCH_USERS or may_use_torch(name):
            is_sure = "requires torch" if name in TORCH_USERS else "may require torch"
            yield (
                f"{name} in build-system.requires {is_sure}: then it brings another torch into the build. If the build"
                " needs it, move it to match-runtime, else remove it"
            )


def _about_tools(change: Change, manifests: Manifests, scripts: BuildScripts) -> Iterator[str]:
    if change.has_added_setuptools:
        yield "added setuptools to build-system.requires: torch had brought it into the build"
    ours = texts_of(table_of(manifests.document, "tool", SHIM).get("build-requires"))
    names = [requirement_name(text) for text in (*change.requires, *setup_requires(manifests), *ours)]
    if scripts.wants_ninja is None:
        return
    if change.has_added_ninja:
        yield f"added ninja to build-system.requires: {scripts.wants_ninja} uses torch's BuildExtension, {_NINJA}"
    elif "ninja" not in names:
        yield (
            f"{scripts.wants_ninja} uses torch's BuildExtension, {_NINJA}: build-system.requires has no ninja; add it"
        )


def _about_script(script: SetupScript, change: Change) -> Iterator[str]:
    required = list(map(requirement_name, change.requires))
    for name in script.unknown:
        if requirement_name(name.replace("_", "-")) not in required:
            yield (
                f"setup.py imports {name!r}, which is neither in the standard library nor in this folder: if the build"
                " needs it, add its distribution to build-system.requires"
            )
    if script.variables:
        yield (
            f"setup.py reads these environment variables: {', '.join(script.variables)}; to set them for every build,"
            " add them to [tool.runtime-backend.env]"
        )
