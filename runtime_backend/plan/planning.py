"""Making the plan of one hook call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import Settings
from ..config.store import needed_tools
from ..formats.parsing import requirement_name
from ..frontend.asking.guard import is_asking
from ..frontend.caller import Caller
from ..frontend.hashes import checks_hashes
from ..frontend.postponement import find_postponement
from ..frontend.start import find_start, find_uv_options
from ..frontend.uv import find_uv_command
from ..frontend.visible import find_visible
from ..provision import Provider
from ..real.hooks import hook_kind
from ..resolve.resolver import Resolver
from ..store.cache import check_owner, find_cache
from . import Plan
from .own_variables import plan_own_variables
from .runtimes import Provided, RuntimePlan, show_runtimes
from .variables import plan_environ

if TYPE_CHECKING:
    from ..build_lock import BuildNeeds
    from ..cuda.inputs import Workbench
    from ..editable.keeping import Keeping
    from ..frontend.asking.asker import Asker
    from ..index.wanted import IndexFile, Wanted
    from ..provision.fetch import Fetching, Source


_BEFORE_A_WHEEL = ("get_requires_for_build_wheel", "get_requires_for_build_editable")


def make_plan(hook: str, settings: Settings, caller: Caller, say: Callable[[str], None]) -> Plan:
    """Make the plan of one hook call: a function of files, environment and the frontend's process.

    :param say: prints a line for the person.
    :raises RuntimeBackendError: only if no hook can go on; for other refusals, see :attr:`Plan.refusal`.
    """
    cache = _find_cache(settings, caller)
    postponed = _postponed(hook, settings, caller)
    runtimes = tuple(_plan_runtimes(hook, settings, caller, postponed, partial(_make_asker, settings, caller, say)))
    provided = show_runtimes(runtimes, cache, caller)
    identities = [runtime.identity for runtime in runtimes if runtime.identity is not None]
    bench = None if settings.cuda is None else _make_bench(hook, caller, cache, provided, is_postponed=bool(postponed))
    variables, cuda = plan_environ(settings, identities, provided.sites, caller.environ, bench)
    plan = Plan(
        hook=hook,
        settings=settings,
        frontend=caller.frontend[0],
        isolation=caller.isolation,
        runtimes=runtimes,
        overlay=provided.overlay,
        view=provided.view,
        variables=variables,
        cuda=cuda,
        cache=cache,
        is_offline=_is_offline(settings, caller),
        needs=_plan_build_needs(hook, settings, caller, cache),
        tools=() if postponed else tuple(_missing_tools(hook, settings, caller)),
    )
    plan = plan._replace(own=plan_own_variables(plan, caller))
    return plan if caller.is_hook else plan._replace(keeping=_foresee_keeping(plan, caller))


def _foresee_keeping(plan: Plan, caller: Caller) -> Keeping | None:
    from ..editable.keeping import find_keeping  # noqa: PLC0415 - not in hooks: only a build of an editable needs it

    return find_keeping(plan.settings, plan.cache, caller.environ, {}, caller.isolation)


def _plan_build_needs(hook: str, settings: Settings, caller: Caller, cache: Path) -> BuildNeeds | None:
    build = settings.build
    if build.requires is None and build.lock is None and not build.constraints:
        return None
    from ..build_lock.planning import plan_build_needs  # noqa: PLC0415 - few packages name build requirements

    return plan_build_needs(hook, settings, caller, cache / "verified", wants_versions=_wants_versions(caller))


def _missing_tools(hook: str, settings: Settings, caller: Caller) -> Iterator[str]:
    """Yield what the wheel store needs, if the frontend can install it; without it, a part of the store is not used."""
    if hook not in _BEFORE_A_WHEEL or caller.isolation == "none" or _is_offline(settings, caller):
        return
    needed = [] if _wants_versions(caller) else needed_tools(settings.store, settings.prebuilt.value)
    yield from (text for text in needed if find_visible(caller).find(requirement_name(text)) is None)


def _find_cache(settings: Settings, caller: Caller) -> Path:
    cache = find_cache(None if settings.cache_dir is None else settings.cache_dir.value, caller.environ)
    check_owner(cache, settings.trust)
    return cache


def _make_asker(settings: Settings, caller: Caller, say: Callable[[str], None]) -> Asker:
    from ..frontend.asking.asker import Asker  # noqa: PLC0415 - most decisions are proved

    return Asker(
        folder=_find_cache(settings, caller) / "asked",
        caller=caller,
        limit=settings.ask_timeout.value,
        # uv reads that variable itself, and it does not apply to pip.
        is_offline=settings.offline.value and settings.offline.origin != "UV_OFFLINE",
        say=say,
    )


def find_source(caller: Caller, *, is_offline: bool) -> Source:
    """Return the settings by which the frontend downloads."""
    from ..provision.fetch import Source  # noqa: PLC0415 - few builds fetch

    start = find_start(caller) or caller.cwd
    return Source(environ=caller.environ, cwd=start, options=find_uv_options(caller), is_offline=is_offline)


def _is_offline(settings: Settings, caller: Caller) -> bool:
    return settings.offline.value or "--offline" in find_uv_options(caller)


def _postponed(hook: str, settings: Settings, caller: Caller) -> str | None:
    """Return why the runtime need not be installed for this hook, although a build would need it; else None."""
    if is_asking(caller.environ):
        return find_postponement(caller, settings.project)
    wants_real = settings.metadata.value == "real" or settings.unresolved.value == "newest"
    return None if wants_real or hook_kind(hook) != "requirements" else find_postponement(caller, settings.project)


def _wants_versions(caller: Caller) -> bool:
    command = find_uv_command(caller)
    return command is not None and command.requires_build_hashes


def _needs_decision(hook: str, settings: Settings, caller: Caller, postponed: str | None) -> bool:
    """Return whether a hook must know which runtime the target will have."""
    if is_asking(caller.environ):
        return False
    kind = hook_kind(hook)
    is_real = kind == "metadata" and settings.metadata.value == "real"
    return kind == "wheel" or is_real or (kind == "requirements" and postponed is None)


def _find_file(settings: Settings, caller: Caller, cache: Path, wanted: Wanted) -> IndexFile:
    from ..index.find import Indexes  # noqa: PLC0415 - most locks name the wheel by its URL
    from ..system.platforms import Platform  # noqa: PLC0415

    is_offline = _is_offline(settings, caller)
    indexes = Indexes(folder=cache / "index", platform=Platform(), environ=caller.environ, is_offline=is_offline)
    return indexes.find(wanted)


def _plan_runtimes(
    hook: str, settings: Settings, caller: Caller, postponed: str | None, make_asker: Callable[[], Asker]
) -> Iterator[RuntimePlan]:
    if settings.provision.value == "none" or not settings.runtimes:
        return
    cache, kind = _find_cache(settings, caller), hook_kind(hook)
    resolver = Resolver(settings, caller, make_asker, may_ask=_needs_decision(hook, settings, caller, postponed))
    provider = Provider(
        wanted=settings.provision.value,
        frontend=caller.frontend[0],
        isolation=caller.isolation,
        kind=kind,
        is_newest_wanted=settings.unresolved.value == "newest",
        postponed=postponed,
        plan_fetching=_fetching_into(cache / "fetched", caller),
        verified=cache / "verified",
        checks_hashes=checks_hashes(caller),
        wants_versions=_wants_versions(caller),
        find_file=partial(_find_file, settings, caller, cache) if kind in ("requirements", "wheel") else None,
    )
    for rule in settings.runtimes:
        outcome = resolver.resolve(rule)
        yield RuntimePlan(outcome=outcome, provision=provider.decide(outcome))


def _fetching_into(folder: Path, caller: Caller) -> Callable[[str], Fetching] | None:
    return None if caller.isolation in ("none", "kept") else partial(_plan_fetching, folder, caller.reader.python)


def _plan_fetching(folder: Path, python: str, requirement: str) -> Fetching:
    from ..provision.fetch import plan_fetching  # noqa: PLC0415 - few builds fetch

    return plan_fetching(folder, python, requirement)


def _make_bench(hook: str, caller: Caller, cache: Path, provided: Provided, *, is_postponed: bool) -> Workbench:
    from ..cuda.inputs import Workbench  # noqa: PLC0415 - most packages have no cuda table

    return Workbench(
        environ=caller.environ,
        cache=cache,
        visible=find_visible(caller),
        isolation=caller.isolation,
        kind=hook_kind(hook),
        is_postponed=is_postponed,
        plan_fetching=_fetching_into(cache / "toolkits", caller),
        site=provided.sites.get("torch"),
        nvidia=provided.nvidia,
    )
