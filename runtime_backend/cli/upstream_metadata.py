"""What a wrapper says of the package: read from its source where that is certain, else asked of its real backend."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement

from ..config import Upstream
from ..config.names import find_name
from ..files import read_text
from ..tables import Table
from ..toml import loads
from .adoption import name_of
from .shim import REQUIRES, SHIM, copy_shim

_OPEN = ("version", "dependencies", "optional-dependencies", "requires-python")
_EXTRA = re.compile(r"""(?:^|\s+and\s+)extra == (["'])(?P<name>[^"']+)\1$""")
_SINCE_DYNAMIC = (2, 2)
"""The metadata version that tells which fields of an sdist are certain (PEP 643)."""


class Package(NamedTuple):
    """An upstream package, as far as it is known."""

    name: str | None
    version: str | None = None
    requires_python: str | None = None
    dependencies: Sequence[str] = ()
    optional_dependencies: Mapping[str, Sequence[str]] = MappingProxyType({})
    dynamic: Sequence[str] = ()
    """What only its real backend can tell."""
    build_requires: Sequence[str] = ()
    """Without the runtimes, and this shim."""
    match_runtime: Sequence[str] = ()
    """The runtimes with the specifiers that it has for them, if it has any."""
    notes: Sequence[str] = ()

    @property
    def is_open(self) -> bool:
        """Whether there is something that its real backend has to be asked for."""
        return bool(self.dynamic)


def read_package(tree: Path, name: str | None) -> Package:
    """Return what a source says of itself without being run.

    :param tree: the source.
    :param name: as the person wrote it; None: the source has to tell.
    """
    path = tree / "pyproject.toml"
    document = loads(read_text(path))  # it was read before, when the source was opened
    build_system, project = (_table(document, key) for key in ("build-system", "project"))
    others, guards = _split_requires(build_system)
    found = name or find_name(tree, Table(document, file=str(path)))
    package = Package(name=found, build_requires=others, match_runtime=guards)
    told = HeaderParser().parsestr(read_text(tree / "PKG-INFO"))
    version = _text(project.get("version")) or told.get("Version")
    if project and not {"dependencies", "optional-dependencies", "requires-python"} & {*project.get("dynamic", ())}:
        return package._replace(
            version=version,
            dynamic=() if version else ("version",),
            requires_python=_text(project.get("requires-python")),
            dependencies=tuple(project.get("dependencies", ())),
            optional_dependencies=dict(project.get("optional-dependencies", {})),
        )
    if _is_certain(told):
        return _with_metadata(package, told)
    return package._replace(version=version, dynamic=_OPEN)


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _split_requires(build_system: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the build requirements without torch, and torch where it has a specifier."""
    others, guards = list[str](), list[str]()
    for text in build_system.get("requires", ["setuptools"]):
        name = name_of(text)
        if name == "torch":
            guards += [text] if Requirement(text).specifier else []
        elif name != "runtime-backend":
            others.append(text)
    return others, guards


def _is_certain(told: Message) -> bool:
    """Return whether an sdist's PKG-INFO says that its wheels will have the same requirements (PEP 643)."""
    numbers = re.findall(r"\d+", told.get("Metadata-Version", ""))
    dynamic = {name.lower() for name in told.get_all("Dynamic", [])}
    asked = {"requires-dist", "provides-extra", "requires-python"}
    return tuple(map(int, numbers)) >= _SINCE_DYNAMIC and not asked & dynamic


def _with_metadata(package: Package, told: Message) -> Package:
    """Return the package with what METADATA or PKG-INFO says; open where it says it in a way that no table can."""
    dependencies: list[str] = []
    extras: dict[str, list[str]] = {name: [] for name in told.get_all("Provides-Extra", [])}
    for text in told.get_all("Requires-Dist", []):
        requirement = Requirement(text)
        marker = str(requirement.marker or "")
        found = _EXTRA.search(marker)
        rest = _EXTRA.sub("", marker)
        if "extra" in rest:
            note = f"the requirement {text!r} is for several extras at once: it is left to the real backend"
            return package._replace(version=told.get("Version"), dynamic=_OPEN[1:], notes=(*package.notes, note))
        requirement.marker = Marker(rest) if rest else None
        (dependencies if found is None else extras.setdefault(found.group("name"), [])).append(str(requirement))
    return package._replace(
        name=package.name or told.get("Name"),
        version=told.get("Version"),
        requires_python=told.get("Requires-Python"),
        dependencies=tuple(dependencies),
        optional_dependencies=extras,
        dynamic=(),
    )


def ask_metadata(package: Package, upstream: Upstream, say: Callable[[str], None]) -> Package:
    """Return the package with what its real backend says, if that is the same whatever torch there is.

    It is asked as a frontend would ask it: by ``build``, in an environment of its own, through this shim, with the
    stand-in torch.
    """
    say("asking its build backend for the metadata, with a stand-in torch")
    with tempfile.TemporaryDirectory(prefix="runtime-backend-wrap-") as work:
        try:
            text = _ask(package, upstream, Path(work))
        except _Unanswered as failure:
            open_keys = tuple(key for key in package.dynamic if key != "version" or package.version is None)
            note = f"left to its build backend: {', '.join(open_keys)}; it does not tell them beforehand: {failure}"
            return package._replace(dynamic=open_keys, notes=(*package.notes, note))
    return _with_metadata(package, HeaderParser().parsestr(text))


class _Unanswered(Exception):  # noqa: N818 - no refusal: the wrapper leaves it open then
    """The real backend tells nothing that is certain; why."""


def _ask(package: Package, upstream: Upstream, work: Path) -> str:
    import build  # noqa: PLC0415 - the command line's extra
    import pyproject_hooks  # noqa: PLC0415 - build's own
    from build.env import DefaultIsolatedEnv  # noqa: PLC0415

    folder = _make_asking_wrapper(package, upstream, work / "wrapper")
    try:
        with DefaultIsolatedEnv(installer="uv" if shutil.which("uv") else "pip") as environment:
            environment.install([*REQUIRES, *package.build_requires])
            runner = pyproject_hooks.quiet_subprocess_runner
            builder = build.ProjectBuilder.from_isolated_env(environment, folder, runner)
            environment.install(builder.get_requires_for_build("wheel"))
            made = builder.prepare("wheel", work / "told")
    except (build.BuildException, build.BuildBackendException, subprocess.CalledProcessError) as error:
        raise _Unanswered(_last_words(error)) from None
    if made is None:
        raise _Unanswered("it has no prepare_metadata_for_build_wheel")
    return read_text(Path(made) / "METADATA")


def _last_words(error: Exception) -> str:
    """Return the line of a failed hook that says why."""
    inner = getattr(error, "exception", error)
    output = getattr(inner, "output", None) or f"it says nothing: exit code {getattr(inner, 'returncode', 1)}"
    text = output.decode("utf-8", errors="replace") if isinstance(output, bytes) else str(output)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    ours = [line for line in lines if line.startswith("runtime-backend: error:")]
    return (ours or lines)[-1]


def _make_asking_wrapper(package: Package, upstream: Upstream, folder: Path) -> Path:
    """Make a wrapper that leaves everything open, with this very shim in it."""
    copy_shim(folder / "_vendor" / SHIM.name)
    where = {upstream.kind: upstream.where, "sha256": upstream.sha256, "rev": upstream.rev}
    where["subdirectory"] = upstream.subdirectory
    source = ", ".join(f'{key} = "{value}"' for key, value in where.items() if value)
    (folder / "pyproject.toml").write_text(
        f"""[build-system]
requires = []
build-backend = "runtime_backend.build"
backend-path = ["_vendor"]

[project]
name = "{package.name or "upstream"}"
dynamic = ["version", "dependencies", "optional-dependencies", "requires-python"]

[tool.runtime-backend]
metadata = "stub"
provision = "none"
source = {{ {source} }}
""",
        "utf-8",
    )
    return folder
