"""Building a wheel: fetch what the build environment lacks, call the real backend in a child, finish the wheel."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RuntimeBackendError
from ..frontend.caller import Caller
from ..metadata.prepared import Prepared, read_prepared
from ..plan import Plan
from ..plan.planning import find_source
from ..provision.fetch import Fetching
from ..real.calling import call_in_child
from ..store.cache import prune_bytecode
from ..store.sweeping import sweep
from ..system.files import list_names
from .backend_call import request_of
from .failures import story
from .stage import Stage, set_stage
from .watching import record_stopped, watch

if TYPE_CHECKING:
    from .storing import Storing


def complete(plan: Plan, caller: Caller, say: Callable[[str], None], replan: Callable[[], Plan]) -> Plan:
    """Fetch what the plan lists, and plan again: only a fetched torch shows which compilers it needs.

    :raises RuntimeBackendError: if the runtime is not the right one, or cannot be fetched; that is recorded.
    """
    began = time.time()
    sweep(plan.cache)
    try:
        return _complete(plan, caller, say, replan)
    except RuntimeBackendError as refusal:
        record_stopped(plan, caller, refusal, began)
        raise


def _complete(plan: Plan, caller: Caller, say: Callable[[str], None], replan: Callable[[], Plan]) -> Plan:
    done: list[Fetching] = []
    while plan.fetchings and plan.refusal is None:
        source = find_source(caller, is_offline=plan.is_offline)
        for fetching in plan.fetchings:
            if fetching in done:
                raise fetching.damaged()
            fetching.fetch(source, say)
            done.append(fetching)
        plan = replan()
    if plan.refusal is not None:
        raise plan.refusal
    return plan


class BuildArguments(NamedTuple):
    """The arguments of a hook that builds a wheel (PEP 517)."""

    folder: Path
    """The folder for the wheel."""
    config_settings: Mapping[str, Any] | None
    """Those for the real backend."""
    metadata_directory: str | None
    """The folder of metadata that an earlier hook prepared."""


def build(plan: Plan, arguments: BuildArguments, caller: Caller, say: Callable[[str], None]) -> str:
    """Call the real backend's hook that builds a wheel, finish the wheel, and return its name."""
    folder, config_settings, metadata_directory = arguments
    if plan.real_hook == "build_editable":
        from .keeping import plan_keeping  # noqa: PLC0415 - most builds are of wheels

        plan = plan_keeping(plan, caller, config_settings, say)
        config_settings = config_settings if plan.keeping is None else plan.keeping.config_settings(config_settings)
    prepared = read_prepared(metadata_directory)
    if prepared is not None and not prepared.serves(plan.identities):
        metadata_directory = None  # the real backend would copy it, including the answers of others
    if plan.real_hook != plan.hook:
        say("note: a wrapper cannot be edited, because its source is in the cache; this is a plain wheel")
    given = None if metadata_directory is None else str(Path(metadata_directory).absolute())
    with _opened_store(plan, caller, config_settings, say) as store:
        taken = None if store is None else store.take(prepared, folder)
        if taken is not None:
            return taken
        name, is_fresh = _compile(plan, BuildArguments(folder, config_settings, given), prepared, caller, say)
        if store is not None:
            store.keep(folder / name, is_fresh=is_fresh)
        return name


def _opened_store(
    plan: Plan, caller: Caller, config_settings: Mapping[str, Any] | None, say: Callable[[str], None]
) -> AbstractContextManager[Storing | None]:
    if plan.settings.store.switch.value == "off" or plan.real_hook != "build_wheel":
        return nullcontext()
    from .storing import opened_store  # noqa: PLC0415 - it takes time to load, and editables do not use it

    return opened_store(plan, caller, config_settings, say)


def _compile(
    plan: Plan, arguments: BuildArguments, prepared: Prepared | None, caller: Caller, say: Callable[[str], None]
) -> tuple[str, bool]:
    """Call the real backend, and finish the wheel.

    :return: its name, and whether the build folder had no objects of an earlier build.
    """
    folder, config_settings, given = arguments
    with set_stage(plan, caller, say, config_settings) as stage, watch(stage.plan, caller, say) as watched:
        is_fresh = not any(list_names(path) for path in stage.plan.build_folders)
        with story(stage.plan, caller.environ, say, lambda: watched.output, Exception):
            request = request_of(stage.plan, folder, config_settings, given)
            answer = call_in_child(request, stage.around.of_child(), watched.run)
        from .finishing import finish_wheel  # noqa: PLC0415 - imported while it compiled, see watching

        top = _guard(stage, folder / answer.value, say)
        finish_wheel(stage.plan, folder / answer.value, prepared if given is None else None, answer.version, say, top)
        if stage.plan.overlay is not None:
            prune_bytecode(stage.plan.cache, _temporary_folders(caller), stage.plan.overlay.path.parent)
    return str(answer.value), is_fresh


def _guard(stage: Stage, wheel: Path, say: Callable[[str], None]) -> Mapping[str, bytes]:
    if stage.kept is None:
        return {}
    from .keeping import make_guard  # noqa: PLC0415 - most builds are of wheels

    return make_guard(stage, stage.kept, wheel, say)


def _temporary_folders(caller: Caller) -> list[Path]:
    """Return the folders whose content is removed after this build, or when the machine restarts."""
    is_throwaway = caller.isolation == "throwaway"
    return [Path(tempfile.gettempdir()), *([caller.prefix] if is_throwaway else [])]
