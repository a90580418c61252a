"""The inputs of a build: everything that its wheel depends on, from which the wheel store makes a key.

What is forgotten here gives somebody a wrong wheel, so in doubt something is an input. Left out are job counts,
compiler caches and the paths of this build, which change no code.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from ..archives.stamp_file import source_revision
from ..config.build_requires import SHIM
from ..config.settings import Upstream
from ..cuda.system import USUAL
from ..errors import NoAnswer
from ..frontend.caller import Caller
from ..frontend.visible import find_visible
from ..installed.distributions import Distribution
from ..store.names import digest
from ..system.files import is_there, read_bytes
from ..wheel_store.key import FORMAT, Inputs
from ..wheel_store.machine import (
    describe_compilers,
    describe_libc,
    describe_processor,
    describe_python,
    describe_rocm,
    describe_toolkit,
)
from ..wheel_store.places import describe_place
from ..wheel_store.scripts import Scripts
from ..wheel_store.source import Source, read_source
from . import Plan
from .runtimes import RuntimePlan
from .store_values import clean, describe_places, find_variables

_TIMEOUT = 20
"""Seconds for git."""
_NO_PART = frozenset(("pip", SHIM, "obstore", "typing-extensions", "pyelftools"))
"""What is installed next to build requirements, and changes no build."""


class BuildInputs(NamedTuple):
    """The inputs of one build, and the source tree that was read for them."""

    inputs: Inputs
    source: Source | None
    """None for the upstream source of a wrapper, which nobody changes."""


def find_inputs(
    plan: Plan, caller: Caller, theirs: Mapping[str, Any], find_scripts: Callable[[Upstream], Scripts]
) -> BuildInputs:
    """Return the inputs of a build.

    :param theirs: the config settings for the real backend.
    :param find_scripts: returns what the build scripts of an upstream source mention.
    :raises NoAnswer: if not all of them can be known; then no wheel of the store may be used.
    """
    upstream, source = plan.settings.upstream, None
    if upstream is None:
        source = read_source(plan.settings.source, _build_folders(plan), plan.settings.backend_path)
    scripts = source.scripts if source is not None else find_scripts(_known(upstream))
    variables = dict(find_variables(plan, caller, scripts))
    values = {
        "format": FORMAT,
        "source": _of_upstream(upstream) if upstream is not None else _of_tree(source, caller),
        "python": describe_python(),
        "runtimes": [_of_runtime(runtime) for runtime in plan.runtimes if runtime.identity is not None],
        "libc": describe_libc(),
        **_of_compilers(plan, caller, scripts, variables),
        "build-requirements": _of_requirements(plan, caller),
        "variables": variables,
        "places": describe_places(scripts.places, plan, caller),
        "config-settings": clean(theirs),
        "pins": list(plan.pins),
        "prebuilt": clean(plan.settings.prebuilt.value),
    }
    return BuildInputs(inputs=Inputs(values), source=source)


def _known(upstream: Upstream | None) -> Upstream:
    if upstream is None:  # pragma: no cover - without an upstream source, the tree is read; for mypy
        raise NoAnswer("there is no source")
    return upstream


def _build_folders(plan: Plan) -> list[Path]:
    """Return scikit-build-core's build folder, cut before a placeholder."""
    stem = (plan.settings.scikit_build_dir or "").partition("{")[0].rstrip("/")
    return [plan.settings.source / stem] if stem else []


def _of_tree(source: Source | None, caller: Caller) -> dict[str, Any]:
    if source is None:  # pragma: no cover - for mypy
        return {}
    described: dict[str, Any] = {"files": source.digest}
    if source.scripts.reads_version_control:
        described["revision"] = _revision(source.tree, caller)
    return described


def _revision(tree: Path, caller: Caller) -> str | None:
    """Return the commit of the repository that a tree is in, and its nearest tag; None if it is in none.

    Build scripts read them for versions.
    """
    root = next((folder for folder in (tree, *tree.parents) if is_there(folder / ".git")), None)
    if root is None:
        return None
    command = ["git", "-C", str(tree), "describe", "--tags", "--long", "--always", "--dirty"]
    try:
        done = subprocess.run(  # noqa: S603 - what build scripts run, too
            command, env=dict(caller.environ), capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except OSError:  # git is not installed, so the build cannot ask it either
        return source_revision(root)
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"git has not described {tree} within {_TIMEOUT} seconds") from None
    return f"{source_revision(root)} {done.stdout.strip()}"


def _of_upstream(upstream: Upstream) -> dict[str, Any]:
    return {
        "kind": upstream.kind,
        "sha256": upstream.sha256,
        "revision": upstream.rev,
        "subdirectory": upstream.subdirectory,
        "patches": [digest([read_bytes(path).decode("latin-1")], 64) for path in upstream.patches],
    }


def _of_runtime(runtime: RuntimePlan) -> dict[str, Any]:
    """Return the part of a runtime that the wheel depends on: all of it, unless its rule allows others."""
    identity, rule = runtime.identity, runtime.outcome.rule
    if identity is None:  # pragma: no cover - left out by the caller; for mypy
        return {}
    described = {"name": rule.name, "match": rule.match}
    if rule.match == "exact":
        facts = {"version": identity.version, "reported": identity.reported, **identity.facts}
        return {**described, **facts, "content": _content(runtime)}
    built_for = {"accelerator": identity.accelerator, "accelerator-major": identity.accelerator_major}
    if rule.match == "minor":
        built_for["release"] = ".".join((identity.reported or identity.version).split(".")[:2])
    return {**described, **built_for}


def _content(runtime: RuntimePlan) -> str | None:
    """Return a digest of a runtime's files; for an editable one, of what is in its folder now.

    :raises NoAnswer: if the files are not known.
    """
    distribution = runtime.seen_distribution
    if distribution is None:
        raise NoAnswer(f"the files of {runtime.outcome.rule.name} are not known")
    return digest(distribution.content) if distribution.has_hashes else describe_place(distribution.site)


def _of_compilers(plan: Plan, caller: Caller, scripts: Scripts, variables: Mapping[str, Any]) -> dict[str, Any]:
    planned = {variable.name: variable.value for variable in plan.variables if variable.value is not None}
    environ = {**caller.environ, **planned}
    if plan.cuda_home is not None:
        environ["CUDA_HOME"] = str(plan.cuda_home.toolkit)
    is_native = scripts.reads_processor or "native" in str(variables)
    return {
        "compilers": describe_compilers(environ),
        "toolkit": describe_toolkit(environ, USUAL),
        "rocm": describe_rocm(environ),
        "processor": describe_processor() if is_native else None,
        "gpus": _gpus(plan, environ, is_native=is_native),
    }


def _gpus(plan: Plan, environ: Mapping[str, str], *, is_native: bool) -> list[str] | None:
    """Return the architectures of the GPUs here, if the build compiles for those; torch does without a list."""
    is_for_cuda = any(identity.accelerator == "cuda" for identity in plan.identities)
    if not is_for_cuda or (environ.get("TORCH_CUDA_ARCH_LIST") and not is_native):
        return None
    from ..cuda.architectures import list_capabilities  # noqa: PLC0415 - most builds name their architectures

    return sorted(set(list_capabilities(environ)))


def _of_requirements(plan: Plan, caller: Caller) -> dict[str, str]:
    """Return the build requirements as they are installed, and what the runtime brings with it."""
    infos = [] if plan.overlay is None else [path for path in plan.overlay.links.targets.values() if _is_info(path)]
    shown = (Distribution(name=canonicalize_name(info.name.partition("-")[0]), info=info) for info in infos)
    left_out = {*_NO_PART, *(runtime.outcome.rule.name for runtime in plan.runtimes)}
    found = {distribution.name: distribution for distribution in (*shown, *find_visible(caller))}
    return {name: _of_distribution(found[name], plan) for name in sorted(found) if name not in left_out}


def _is_info(path: Path) -> bool:
    return path.suffix in (".dist-info", ".egg-info")


def _of_distribution(distribution: Distribution, plan: Plan) -> str:
    """Return a version, and a digest of the files; two builds of one version may differ.

    :raises NoAnswer: if it is a build requirement that is edited.
    """
    if '"editable"' in distribution.direct_url:
        if distribution.name in _needed(plan):
            raise NoAnswer(f"the build requirement {distribution.name} is an editable, which may change at any time")
        return f"{distribution.version} editable"
    return f"{distribution.version} {digest(distribution.content)}"


def _needed(plan: Plan) -> set[str]:
    from ..formats.parsing import requirement_name  # noqa: PLC0415 - few environments have an editable

    return {requirement_name(text) for text in plan.settings.build.all_requires}
