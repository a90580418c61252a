"""The settings as values, each with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from packaging.requirements import Requirement

from ..system.trust import EVERYBODY, Trust

if TYPE_CHECKING:
    from .cuda import CudaSettings
    from .store import Prebuilt, StoreSettings

T = TypeVar("T")

LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
"""The backend that PEP 517 prescribes for a source tree that names none."""

ProvisionChoice = Literal["auto", "reuse", "require", "none"]
Match = Literal["exact", "minor", "floor"]
UnresolvedChoice = Literal["error", "newest"]
ToolkitChoice = Literal["match", "system", "wheels"]
CompilerCacheChoice = Literal["auto", "off", "ccache", "sccache"]
MetadataChoice = Literal["auto", "static", "stub", "real"]
Switch = Literal["on", "off"]
EditableChoice = Literal["auto", "off"]

PROVISIONS: tuple[ProvisionChoice, ...] = ("auto", "reuse", "require", "none")
MATCHES: tuple[Match, ...] = ("exact", "minor", "floor")
UNRESOLVED: tuple[UnresolvedChoice, ...] = ("error", "newest")
TOOLKITS: tuple[ToolkitChoice, ...] = ("match", "system", "wheels")
COMPILER_CACHES: tuple[CompilerCacheChoice, ...] = ("auto", "off", "ccache", "sccache")
METADATA: tuple[MetadataChoice, ...] = ("auto", "static", "stub", "real")
SWITCH: tuple[Switch, ...] = ("on", "off")
EDITABLE_ENVS: tuple[EditableChoice, ...] = ("auto", "off")
TEMPLATE_FIELDS = (
    *("version", "release", "minor", "cuda", "cuda-major", "hip", "rocm", "xpu", "git-version", "cxx11-abi", "site"),
    *("release-digits", "minor-digits", "cuda-digits"),
)
"""The fields of the placeholders ``{torch.<field>}``."""

CALL_KEYS = (
    "target",
    "lock",
    "pin",
    "provision",
    "metadata",
    "build-lock",
    "store",
    "store-write",
    "store-trust",
    "store-size",
    "prebuilt",
    "cache-dir",
    "log",
    "offline",
    "ask-timeout",
    "trust",
)
"""The keys for one call: config setting ``runtime-backend.<key>``, environment variable ``RUNTIME_BACKEND_<KEY>``."""

ASK_TIMEOUT = 300.0
"""Seconds; long, because pip downloads whole distributions if the index has no separate metadata."""

SETTING_PREFIX = "runtime-backend."
VARIABLE_PREFIX = "RUNTIME_BACKEND_"


class Chosen(Generic[T]):
    """A value and its origin.

    Not a named tuple, because on Python 3.10 named tuples cannot be generic.
    """

    __slots__ = ("origin", "value")

    def __init__(self, *, value: T, origin: str) -> None:
        self.value = value
        self.origin = origin

    def __eq__(self, other: object) -> bool:
        """Compare value and origin."""
        return isinstance(other, Chosen) and (self.value, self.origin) == (other.value, other.origin)

    def __hash__(self) -> int:
        """Hash value and origin."""
        return hash((self.value, self.origin))

    def __repr__(self) -> str:
        """Return ``Chosen(value='auto', origin='default')``."""
        return f"Chosen(value={self.value!r}, origin={self.origin!r})"


class RuntimeRule(NamedTuple):
    """One entry of ``match-runtime``."""

    name: str
    """The normalised name of the distribution (PEP 503)."""
    requirement: Requirement
    """The entry as written; its specifier is a guard."""
    match: Match
    origin: str
    match_origin: str = "default"


class Variable(NamedTuple):
    """One entry of the ``env`` table."""

    name: str
    template: str
    force: bool
    """Whether it is set even if the person's environment has it."""
    origin: str


class Pin(NamedTuple):
    """A runtime that was set by hand."""

    name: str
    """Normalised (PEP 503)."""
    requirement: Requirement
    """``torch==2.7.0+cu126`` or ``torch @ URL``."""
    origin: str


class BuildSettings(NamedTuple):
    """Which build requirements are installed: what the real backend needs, besides the runtime."""

    declared: tuple[str, ...] = ()
    """build-system.requires without the shim. The frontend installs them before it calls a hook."""
    requires: Chosen[tuple[str, ...]] | None = None
    """``build-requires``: the build requirements that hooks ask for."""
    lock: Chosen[Path] | None = None
    """The build lock."""
    is_lock_off: bool = False
    """Whether the lock is not used in this call."""
    constraints: tuple[BuildConstraint, ...] = ()

    @property
    def used_lock(self) -> Path | None:
        """The build lock, if there is one and it is not switched off."""
        return None if self.lock is None or self.is_lock_off else self.lock.value

    @property
    def all_requires(self) -> tuple[str, ...]:
        """What a build lock is made from."""
        return (*self.declared, *(() if self.requires is None else self.requires.value))


class BuildConstraint(NamedTuple):
    """A restriction of one build requirement's version."""

    name: str
    """Normalised (PEP 503)."""
    requirement: Requirement
    origin: str


class StatedTarget(NamedTuple):
    """The consumer's ``target`` table, used if the frontend does not name the target."""

    environment: Chosen[Path] | None
    lock: Chosen[Path] | None
    extras: frozenset[str]
    groups: frozenset[str]
    origin: str


UpstreamKind = Literal["url", "sdist", "git"]
"""``url``: an archive; ``sdist``: an sdist of a package index."""


class Upstream(NamedTuple):
    """The upstream source of a wrapper, built instead of the wrapper's folder."""

    kind: UpstreamKind
    where: str
    """The URL, or ``name==version``."""
    sha256: str | None
    """The archive's hash, in hex; None for git."""
    rev: str | None
    """The commit; None for archives."""
    subdirectory: str | None
    patches: tuple[Path, ...]
    origin: str
    folder: Path | None = None
    """The wrapper's folder; None if there is no wrapper yet."""

    def __str__(self) -> str:
        """Return ``flash-attn==2.8.3``, a URL, or ``URL@COMMIT``."""
        return self.where if self.rev is None else f"{self.where}@{self.rev}"


class Settings(NamedTuple):
    """All settings for one call, as people wrote them; nothing is derived from the machine."""

    source: Path
    """The absolute path of the source tree; that of the upstream source once it is unpacked."""
    real_backend: Chosen[str]
    backend_path: tuple[str, ...]
    runtimes: tuple[RuntimeRule, ...]
    provision: Chosen[ProvisionChoice]
    unresolved: Chosen[UnresolvedChoice]
    metadata: Chosen[MetadataChoice]
    variables: tuple[Variable, ...]
    target: Chosen[Path] | None
    lock: Chosen[Path] | None
    pins: tuple[Pin, ...]
    stated: StatedTarget | None
    """The consumer's ``target`` table."""
    cache_dir: Chosen[Path] | None
    log: Chosen[Path] | None
    offline: Chosen[bool]
    """Whether network access is off."""
    ask_timeout: Chosen[float]
    """The time limit for the frontend's dry run, in seconds."""
    scikit_build_dir: str | None
    """scikit-build-core's ``build-dir``."""
    project: Mapping[str, Any]
    """The producer's ``[project]`` table (PEP 621), unchecked."""
    store: StoreSettings
    prebuilt: Chosen[Prebuilt | None]
    """The authors' wheels; None if they are not used."""
    editable_env: Chosen[EditableChoice] = Chosen(value="auto", origin="default")
    """Whether the build environment of an editable that rebuilds itself is kept."""
    scikit_build_rebuilds: bool = False
    """scikit-build-core's ``editable.rebuild``, which makes its editables rebuild themselves."""
    cuda: CudaSettings | None = None
    build: BuildSettings = BuildSettings()
    upstream: Upstream | None = None
    requires: tuple[str, ...] = ()
    """The build requirements of the unpacked upstream source, which no frontend reads."""
    is_opened: bool = False
    """Whether ``source`` is the unpacked upstream source."""
    notes: tuple[str, ...] = ()
    """Lines for the person that are no errors."""
    consumer: str | None = None
    """The path of the consumer's pyproject.toml."""
    trust: Trust = EVERYBODY
    """The users whose files are read."""
