"""The settings of one hook call, from producer, consumer, environment and config settings, each with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import SETTINGS_REFERENCE, ConfigError
from ..formats.tables import Table
from ..formats.toml import read_document
from ..system.trust import EVERYBODY, Trust
from .build_requires import BuildSystem, read_build_settings
from .consumer import CONSUMER_KEYS, ConsumerSearch
from .cuda import CudaSettings, read_cuda
from .one_call import CallSettings, is_exact, split_config_settings
from .precedence import apply_consumer
from .producer import (
    choice,
    read_backend,
    read_backend_path,
    read_runtimes,
    read_variables,
    refuse_look_alikes,
    refuse_required_runtimes,
)
from .settings import (
    ASK_TIMEOUT,
    CALL_KEYS,
    EDITABLE_ENVS,
    LEGACY_BACKEND,
    MATCHES,
    METADATA,
    PROVISIONS,
    SWITCH,
    TEMPLATE_FIELDS,
    UNRESOLVED,
    BuildSettings,
    Chosen,
    Pin,
    RuntimeRule,
    Settings,
    StatedTarget,
    Upstream,
    Variable,
)
from .store import Prebuilt, StoreSettings, apply_call, read_prebuilt, read_producers_store
from .templates import fill_template, placeholders

__all__ = [
    "CALL_KEYS",
    "EDITABLE_ENVS",
    "LEGACY_BACKEND",
    "MATCHES",
    "METADATA",
    "PROVISIONS",
    "TEMPLATE_FIELDS",
    "UNRESOLVED",
    "BuildSettings",
    "Chosen",
    "CudaSettings",
    "Pin",
    "RuntimeRule",
    "Settings",
    "StatedTarget",
    "Upstream",
    "Variable",
    "fill_template",
    "is_exact",
    "load_settings",
    "load_store_settings",
    "placeholders",
    "split_config_settings",
]


def load_settings(
    source: Path,
    *,
    start: Path | None = None,
    config_settings: Mapping[str, Any] | None = None,
    environ: Mapping[str, str],
    trust: Trust = EVERYBODY,
) -> Settings:
    """Read the settings of one hook call.

    Precedence (design, 3.3): config setting, environment variable, consumer, producer, default.

    :param source: the source tree; PEP 517 makes it the working directory of every hook.
    :param start: the folder from which the consumer's pyproject.toml is searched for upward.
    :param trust: the users whose files are read; those of the source, and of folders in the setting ``trust``, are
        always read.
    :param config_settings: ours, without their prefix (see :func:`split_config_settings`).
    :raises ConfigError: with all mistakes in all sources.
    :raises FileError: if one of the files cannot be read.
    """
    document = Table(read_document(source / "pyproject.toml"), file="pyproject.toml")
    tool = document.table("tool") or Table({}, file=document.file)
    table = tool.table("runtime-backend") or Table({}, file=document.file, key="tool.runtime-backend")
    refuse_look_alikes(tool)
    call = CallSettings(config_settings or {}, environ, document.problems)
    settings = _build(source, table, call, _Foreign(tool.value("scikit-build"), document.value("project")))
    system, runtimes = BuildSystem.read(document), [rule.name for rule in settings.runtimes]
    settings = settings._replace(
        build=read_build_settings(system, table, source, runtimes),
        trust=trust.including(source, *call.folders("trust")),
    )
    search = ConsumerSearch(source=source, trust=settings.trust, problems=document.problems)
    settings = apply_consumer(settings, search.upward(start), document)
    settings = _apply_call(settings._replace(notes=(*search.notes, *settings.notes)), call)
    refuse_required_runtimes(system, settings)
    table.close()
    if document.problems:
        raise ConfigError(document.problems, way_out=SETTINGS_REFERENCE)
    return settings


def load_store_settings(folder: Path, environ: Mapping[str, str], trust: Trust = EVERYBODY) -> StoreSettings:
    """Read where finished wheels are kept: the setting of the consumer in a folder or above it, and of the person.

    :raises ConfigError: with all mistakes.
    :raises FileError: if a file cannot be read.
    """
    problems: list[str] = []
    consumer = ConsumerSearch(source=None, trust=trust.including(folder), problems=problems).upward(folder)
    settings = StoreSettings() if consumer is None else consumer.store()
    settings = apply_call(settings, CallSettings({}, environ, problems))
    if problems:
        raise ConfigError(problems, way_out=SETTINGS_REFERENCE)
    return settings


class _Foreign(NamedTuple):
    """Tables of other tools, which are not checked."""

    scikit_build: object
    project: object


def _build(source: Path, table: Table, call: CallSettings, foreign: _Foreign) -> Settings:
    """Return the producer's settings, and the settings that only the call has."""
    scikit_build = foreign.scikit_build if isinstance(foreign.scikit_build, dict) else {}
    build_dir = scikit_build.get("build-dir")
    runtimes, upstream = read_runtimes(table), _upstream_in(table, source)
    for name in CONSUMER_KEYS:  # the file may be a consumer's too; those keys are read elsewhere
        table.value(name)
    return Settings(
        source=source,
        upstream=upstream,
        real_backend=read_backend(table) if upstream is None else _unopened(upstream),
        backend_path=tuple(read_backend_path(table, source)),
        runtimes=runtimes,
        provision=choice(table, "provision", PROVISIONS),
        unresolved=choice(table, "unresolved", UNRESOLVED),
        metadata=choice(table, "metadata", METADATA),
        variables=tuple(read_variables(table, [rule.name for rule in runtimes])),
        editable_env=choice(table, "editable-env", EDITABLE_ENVS),
        scikit_build_rebuilds=_rebuilds(scikit_build),
        cuda=read_cuda(table),
        target=call.path("target"),
        lock=call.path("lock"),
        pins=call.pins("pin"),
        stated=None,
        cache_dir=call.path("cache-dir"),
        log=call.path("log"),
        offline=call.boolean("offline") or call.foreign_boolean("UV_OFFLINE"),
        ask_timeout=call.seconds("ask-timeout", ASK_TIMEOUT),
        scikit_build_dir=build_dir if isinstance(build_dir, str) and build_dir else None,
        project=foreign.project if isinstance(foreign.project, dict) else {},
        store=StoreSettings(switch=read_producers_store(table) or Chosen(value="on", origin="default")),
        prebuilt=read_prebuilt(table, [rule.name for rule in runtimes]) or Chosen(value=None, origin="default"),
    )


def _rebuilds(scikit_build: Mapping[str, Any]) -> bool:
    """Return whether scikit-build-core's table, or one of its overrides, has ``editable.rebuild``.

    Not if ``editable.mode`` is ``inplace``: it compiles in the source tree, where two targets cannot be kept apart.
    """
    overrides = scikit_build.get("overrides")
    tables = [scikit_build, *(overrides if isinstance(overrides, list) else [])]
    editables = [table.get("editable") for table in tables if isinstance(table, dict)]
    found = [editable for editable in editables if isinstance(editable, dict)]
    is_inplace = any(editable.get("mode") == "inplace" for editable in found)
    return not is_inplace and any(editable.get("rebuild", editable.get("rebuild-dir")) for editable in found)


def _upstream_in(table: Table, source: Path) -> Upstream | None:
    if table.value("source") is None:
        return None
    from .upstream import read_upstream  # noqa: PLC0415 - few packages are wrappers

    return read_upstream(table, source)


def _unopened(upstream: Upstream) -> Chosen[str]:
    """Return a text in place of the real backend, which is unknown until the source is unpacked."""
    return Chosen(value="the one in the source's pyproject.toml", origin=upstream.origin)


def _apply_call(settings: Settings, call: CallSettings) -> Settings:
    switch, prebuilt = call.choice("build-lock", SWITCH), call.choice("prebuilt", SWITCH)
    off: Chosen[Prebuilt | None] = Chosen(value=None, origin="" if prebuilt is None else prebuilt.origin)
    return settings._replace(
        provision=call.choice("provision", PROVISIONS) or settings.provision,
        metadata=call.choice("metadata", METADATA) or settings.metadata,
        build=settings.build._replace(is_lock_off=switch is not None and switch.value == "off"),
        store=apply_call(settings.store, call),
        prebuilt=settings.prebuilt if prebuilt is None or prebuilt.value == "on" else off,
    )
