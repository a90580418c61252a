"""The plan: everything decided for one hook call, each value with its origin. Hooks obey it, explain prints it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .cache import find_cache
from .config import Settings
from .cuda import CudaPlan
from .environ import build_label, plan_environ
from .errors import RuntimeBackendError
from .index import Indexes
from .metadata import plan_ways
from .platforms import current_platform
from .provision import Provider, Provision
from .provision.fetch import Fetcher, Fetching, Source
from .provision.links import Borrowed, occupants, plan_links
from .provision.overlay import Overlay, plan_overlay
from .resolution import Resolution
from .resolve import Outcome, Resolver
from .runtime import Identity
from .target import Caller, find_postponement, find_start, find_uv_options
from .variables import PlannedVariable

REQUIREMENT_HOOKS = ("get_requires_for_build_wheel", "get_requires_for_build_editable")
"""The hooks whose answer can still put a runtime into the build environment."""

METADATA_HOOKS = ("prepare_metadata_for_build_wheel", "prepare_metadata_for_build_editable")
"""The hooks whose answer a frontend resolves by."""

BUILD_HOOKS = ("build_wheel", "build_editable")
"""The hooks that need the runtimes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimePlan:
    """What is known of one runtime, and how it is provided."""

    outcome: Outcome
    provision: Provision

    @property
    def is_lacking(self) -> bool:
        """Whether the real backend would not see it, if it were called now."""
        return self.provision.kind in ("require", "fetch", "missing")

    @property
    def resolution(self) -> Resolution | None:
        """What the wheel is built against; where it was fetched, with the place."""
        return self.provision.fetched or self.outcome.resolution

    @property
    def identity(self) -> Identity | None:
        """The runtime that the real backend sees; where it is not there yet, as far as it is known."""
        if self.provision.kind == "present":
            return self.outcome.visible
        if self.provision.kind in ("missing", "none") or self.resolution is None:
            return None
        return self.resolution.identity


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything decided for one hook call."""

    hook: str
    settings: Settings
    frontend: str | None
    isolation: str
    runtimes: tuple[RuntimePlan, ...]
    overlay: Overlay | None
    variables: tuple[PlannedVariable, ...]
    cuda: CudaPlan | None
    """What the ``cuda`` table comes to."""
    cache: Path
    is_offline: bool
    """True: no index is asked, nothing is downloaded."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """What ``get_requires_*`` adds to the real backend's answer."""
        return tuple(r.provision.requirement for r in self.runtimes if r.provision.requirement is not None)

    @property
    def refusal(self) -> RuntimeBackendError | None:
        """Why a hook that needs the runtimes stops: the first reason."""
        stop = None if self.cuda is None else self.cuda.stop
        return next((r.provision.refusal for r in self.runtimes if r.provision.refusal is not None), stop)

    @property
    def fetchings(self) -> tuple[Fetching, ...]:
        """What a hook that needs the runtimes fetches before it goes on."""
        return tuple(r.provision.fetching for r in self.runtimes if r.provision.fetching is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should be told although nothing is wrong."""
        more = () if self.cuda is None else self.cuda.notes
        return (*self.settings.notes, *(note for runtime in self.runtimes for note in runtime.outcome.notes), *more)

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The runtimes that the real backend sees."""
        return tuple(runtime.identity for runtime in self.runtimes if runtime.identity is not None)

    @property
    def torch(self) -> RuntimePlan | None:
        """The runtime that there is a stand-in for."""
        return next((runtime for runtime in self.runtimes if runtime.outcome.rule.name == "torch"), None)

    @property
    def lacks_runtime(self) -> bool:
        """Whether the real backend would not see a runtime, if it were called now."""
        return any(runtime.is_lacking for runtime in self.runtimes)

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways in which this hook answers, one after the other."""
        return self._ways(self.hook)

    @property
    def metadata_ways(self) -> tuple[str, ...]:
        """The ways in which the metadata of a wheel are told, if the frontend asks for them."""
        return self._ways(METADATA_HOOKS[0])

    def _ways(self, hook: str) -> tuple[str, ...]:
        return plan_ways(hook, self.settings, is_lacking=self.torch is not None and self.torch.is_lacking)

    @property
    def pins(self) -> tuple[str, ...]:
        """The exact runtimes that the metadata name, where nothing but this build has decided which they are."""
        if self.settings.unresolved.value != "newest" or self.isolation == "none":
            return ()
        chosen = (r.outcome.visible for r in self.runtimes if r.resolution and r.resolution.how == "importable")
        return tuple(f"{identity.name}=={identity.version}" for identity in chosen if identity is not None)

    @property
    def real_hook(self) -> str:
        """The hook of the real backend that is called.

        An upstream source lies in the cache: there is nothing to edit, and its editable is a plain wheel.
        """
        return self.hook if self.settings.upstream is None else self.hook.replace("editable", "wheel")

    @property
    def build_label(self) -> str | None:
        """The name of the build folder for these runtimes; None where none is provided."""
        return build_label(self.identities) if self.identities else None


def make_plan(hook: str, settings: Settings, caller: Caller) -> Plan:
    """Decide everything for one hook call: a function of files, environment and the frontend's process.

    :raises RuntimeBackendError: only for what no hook can go on with; see :attr:`Plan.refusal` for the rest.
    """
    cache = find_cache(None if settings.cache_dir is None else settings.cache_dir.value, caller.environ)
    runtimes = tuple(_plan_runtimes(hook, settings, caller, cache))
    overlay = _plan_overlay(runtimes, cache, caller)
    identities = [runtime.identity for runtime in runtimes if runtime.identity is not None]
    variables, cuda = plan_environ(settings, identities, dict(_sites(runtimes, overlay)), caller.environ)
    return Plan(
        hook=hook,
        settings=settings,
        frontend=caller.frontend[0],
        isolation=caller.isolation,
        runtimes=runtimes,
        overlay=overlay,
        variables=variables,
        cuda=cuda,
        cache=cache,
        is_offline=_is_offline(settings, caller),
    )


def _sites(runtimes: tuple[RuntimePlan, ...], overlay: Overlay | None) -> Iterator[tuple[str, Path]]:
    """Yield the folder of every runtime that the real backend sees now."""
    for runtime in runtimes:
        distribution = runtime.outcome.visible_distribution
        if runtime.provision.kind == "present" and distribution is not None:
            yield runtime.outcome.rule.name, distribution.site
        elif runtime.provision.kind == "reuse" and overlay is not None:
            yield runtime.outcome.rule.name, overlay.path


def find_source(caller: Caller, *, is_offline: bool) -> Source:
    """Return where the frontend gets things from."""
    start = find_start(caller) or caller.cwd
    return Source(environ=caller.environ, cwd=start, options=find_uv_options(caller), is_offline=is_offline)


def _is_offline(settings: Settings, caller: Caller) -> bool:
    return settings.offline.value or "--offline" in find_uv_options(caller)


def _plan_runtimes(hook: str, settings: Settings, caller: Caller, cache: Path) -> Iterator[RuntimePlan]:
    if settings.provision.value == "none" or not settings.runtimes:
        return
    resolver = Resolver(settings, caller)
    provider = Provider(
        wanted=settings.provision.value,
        frontend=caller.frontend[0],
        is_kept=caller.isolation == "kept",
        is_asked=hook in REQUIREMENT_HOOKS,
        is_newest_wanted=settings.unresolved.value == "newest",
        postponed=_postponed(hook, settings, caller),
        fetcher=None if caller.isolation in ("none", "kept") else Fetcher(cache / "fetched", caller.reader.python),
        indexes=_indexes(settings, caller, cache) if hook in (*REQUIREMENT_HOOKS, *BUILD_HOOKS) else None,
    )
    for rule in settings.runtimes:
        outcome = resolver.resolve(rule)
        yield RuntimePlan(outcome=outcome, provision=provider.decide(outcome))


def _postponed(hook: str, settings: Settings, caller: Caller) -> str | None:
    """Return why nothing has to be installed for this hook, although a build would need it."""
    wants_real = settings.metadata.value == "real" or settings.unresolved.value == "newest"
    return None if wants_real or hook not in REQUIREMENT_HOOKS else find_postponement(caller, settings.project)


def _indexes(settings: Settings, caller: Caller, cache: Path) -> Indexes:
    return Indexes(
        folder=cache / "index",
        platform=current_platform(),
        environ=caller.environ,
        is_offline=_is_offline(settings, caller),
    )


def _plan_overlay(runtimes: tuple[RuntimePlan, ...], cache: Path, caller: Caller) -> Overlay | None:
    borrowed = [pair for runtime in runtimes for pair in _borrowed(runtime)]
    if not borrowed:
        return None
    links = plan_links([item for item, _ in borrowed], occupants(caller.sys_path))
    return plan_overlay(cache, borrowed, links)


def _borrowed(runtime: RuntimePlan) -> list[tuple[Borrowed, Identity]]:
    resolution = runtime.resolution
    if runtime.provision.kind != "reuse" or resolution is None:
        return []
    if resolution.distribution is None or resolution.environment is None:  # pragma: no cover - reuse has both; for mypy
        return []
    extras = frozenset(runtime.outcome.rule.requirement.extras)
    index = resolution.environment.distributions
    return [(Borrowed(distribution=resolution.distribution, extras=extras, index=index), resolution.identity)]
