"""The settings as values: each with its origin, nothing in them looked up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from packaging.requirements import Requirement

from ..system.trust import EVERYBODY, Trust

T = TypeVar("T")

LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
"""What PEP 517 prescribes for a source tree that names no backend."""

ProvisionChoice = Literal["auto", "reuse", "require", "none"]
Match = Literal["exact", "minor", "floor"]
UnresolvedChoice = Literal["error", "newest"]
ToolkitChoice = Literal["match", "system", "wheels"]
CompilerCacheChoice = Literal["auto", "off", "ccache", "sccache"]
MetadataChoice = Literal["auto", "static", "stub", "real"]

PROVISIONS: tuple[ProvisionChoice, ...] = ("auto", "reuse", "require", "none")
MATCHES: tuple[Match, ...] = ("exact", "minor", "floor")
UNRESOLVED: tuple[UnresolvedChoice, ...] = ("error", "newest")
TOOLKITS: tuple[ToolkitChoice, ...] = ("match", "system", "wheels")
COMPILER_CACHES: tuple[CompilerCacheChoice, ...] = ("auto", "off", "ccache", "sccache")
METADATA: tuple[MetadataChoice, ...] = ("auto", "static", "stub", "real")
TEMPLATE_FIELDS = ("version", "cuda", "hip", "rocm", "xpu", "git-version", "site")
"""What ``{torch.<field>}`` may name in a variable."""

CALL_KEYS = ("target", "lock", "pin", "provision", "cache-dir", "log", "offline", "ask-timeout", "trust")
"""The keys for one call: config setting ``runtime-backend.<key>``, environment variable ``RUNTIME_BACKEND_<KEY>``."""

ASK_TIMEOUT = 300.0
"""Seconds: pip may have to download and to unpack what has no metadata of its own on the index."""

SETTING_PREFIX = "runtime-backend."
VARIABLE_PREFIX = "RUNTIME_BACKEND_"


class Chosen(Generic[T]):
    """A value, and where it comes from.

    Not a named tuple: on Python 3.10 those cannot be generic.
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
    """The distribution's name, normalised (PEP 503)."""
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
    """True: set it even where the person's environment has it."""
    origin: str


class Pin(NamedTuple):
    """A runtime set by hand."""

    name: str
    """Normalised (PEP 503)."""
    requirement: Requirement
    """``torch==2.7.0+cu126`` or ``torch @ URL``."""
    origin: str


class StatedTarget(NamedTuple):
    """What the consumer's table says of the target, for where the frontend's own ways do not tell."""

    environment: Chosen[Path] | None
    lock: Chosen[Path] | None
    extras: frozenset[str]
    groups: frozenset[str]
    origin: str


UpstreamKind = Literal["url", "sdist", "git"]
"""``url``: an archive; ``sdist``: an sdist of a package index."""


class Upstream(NamedTuple):
    """What is built instead of the folder that names it: the consumer's wrapper around a package of somebody else."""

    kind: UpstreamKind
    where: str
    """The URL, or ``name==version``."""
    sha256: str | None
    """Of the archive, in hex; None for git."""
    rev: str | None
    """The commit; None for archives."""
    subdirectory: str | None
    patches: tuple[Path, ...]
    origin: str

    def __str__(self) -> str:
        """Return ``flash-attn==2.8.3``, or a URL, with the commit."""
        return self.where if self.rev is None else f"{self.where}@{self.rev}"


class CudaSettings(NamedTuple):
    """How a package with CUDA code is compiled; None: that is left to torch and the person."""

    arch_list: Chosen[str] | None = None
    """``auto``, or architectures as torch takes them, CUDA's and ROCm's, with ``;`` between them."""
    toolkit: Chosen[ToolkitChoice] | None = None
    """``system``: the installed one; ``wheels``: compilers as a build requirement; ``match``: the first that fits."""
    jobs: Chosen[int | None] | None = None
    """How many compilers at once; a value of None: by cores and memory."""
    job_memory: Chosen[float] | None = None
    """GB for each of them."""
    compiler_cache: Chosen[CompilerCacheChoice] | None = None
    """``off``, ``ccache``, ``sccache``, or ``auto``: which of them is there."""

    def under(self, stronger: CudaSettings) -> CudaSettings:
        """Return these settings with those of somebody who goes before."""
        return self._replace(
            arch_list=stronger.arch_list or self.arch_list,
            toolkit=stronger.toolkit or self.toolkit,
            jobs=stronger.jobs or self.jobs,
            job_memory=stronger.job_memory or self.job_memory,
            compiler_cache=stronger.compiler_cache or self.compiler_cache,
        )


class Settings(NamedTuple):
    """Everything that people said about this build; nothing in here was looked up."""

    source: Path
    """The source tree, absolute; once it is opened, that of the upstream source."""
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
    """What the consumer says."""
    cache_dir: Chosen[Path] | None
    log: Chosen[Path] | None
    offline: Chosen[bool]
    """True: no index is asked."""
    ask_timeout: Chosen[float]
    """Seconds that the frontend may take to say what it is about to install."""
    scikit_build_dir: str | None
    """scikit-build-core's ``build-dir``, the one foreign key that we follow."""
    project: Mapping[str, Any]
    """The producer's ``[project]`` table (PEP 621), as it stands there."""
    cuda: CudaSettings | None = None
    upstream: Upstream | None = None
    requires: tuple[str, ...] = ()
    """The build requirements of the upstream source, once it is opened: no frontend reads them."""
    is_opened: bool = False
    """Whether the source is that of an upstream."""
    notes: tuple[str, ...] = ()
    """What the person should be told although nothing is wrong."""
    consumer: str | None = None
    """The consumer's pyproject.toml."""
    trust: Trust = EVERYBODY
    """Whose files are believed by where they lie."""
