"""The settings of one hook call: the producer's table, the environment, the config settings; each with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..tables import Table
from ..toml import loads
from .one_call import CallSettings, is_exact, split_config_settings
from .producer import (
    choice,
    read_backend,
    read_backend_path,
    read_runtimes,
    read_variables,
    refuse_required_runtimes,
)
from .settings import (
    CALL_KEYS,
    LEGACY_BACKEND,
    MATCHES,
    PROVISIONS,
    TEMPLATE_FIELDS,
    UNRESOLVED,
    Chosen,
    Pin,
    RuntimeRule,
    Settings,
    Variable,
)
from .templates import fill_template, placeholders

__all__ = [
    "CALL_KEYS",
    "LEGACY_BACKEND",
    "MATCHES",
    "PROVISIONS",
    "TEMPLATE_FIELDS",
    "UNRESOLVED",
    "Chosen",
    "Pin",
    "RuntimeRule",
    "Settings",
    "Variable",
    "fill_template",
    "is_exact",
    "load_settings",
    "placeholders",
    "split_config_settings",
]


def load_settings(
    source: Path, *, config_settings: Mapping[str, Any] | None = None, environ: Mapping[str, str]
) -> Settings:
    """Read all the settings of one hook call.

    Precedence (design, 3.3): config setting, environment variable, producer, default.

    :param source: the source tree; PEP 517 makes it the working directory of every hook.
    :param config_settings: our own ones, without their prefix (see :func:`split_config_settings`).
    :raises ConfigError: with every mistake in any of them.
    """
    document = _read_pyproject(source)
    tool = document.table("tool") or Table({}, file=document.file)
    table = tool.table("runtime-backend") or Table({}, file=document.file, key="tool.runtime-backend")
    call = CallSettings(config_settings or {}, environ, document.problems)
    settings = _build(source, table, call, tool.value("scikit-build"))
    refuse_required_runtimes(document, settings)
    table.close()
    if document.problems:
        raise ConfigError(document.problems, hint="The keys and their values are listed in the README, 'Settings'.")
    return settings


def _read_pyproject(source: Path) -> Table:
    path = source / "pyproject.toml"
    try:
        return Table(loads(path.read_text("utf-8")), file="pyproject.toml")
    except FileNotFoundError:
        raise ConfigError([f"{path}: not found, expected the producer's pyproject.toml"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from None
    except (ValueError, RecursionError) as error:  # no UTF-8, no TOML, a number or a nesting beyond Python's limits
        raise ConfigError([f"{path}: not TOML: {error}"]) from None


def _build(source: Path, table: Table, call: CallSettings, scikit_build: object) -> Settings:
    build_dir = scikit_build.get("build-dir") if isinstance(scikit_build, dict) else None
    runtimes = read_runtimes(table)
    provision = choice(table, "provision", PROVISIONS)  # read in any case: it is known, and a mistake in it is told
    return Settings(
        source=source,
        real_backend=read_backend(table),
        backend_path=tuple(read_backend_path(table, source)),
        runtimes=runtimes,
        provision=call.choice("provision", PROVISIONS) or provision,
        unresolved=choice(table, "unresolved", UNRESOLVED),
        variables=tuple(read_variables(table, [rule.name for rule in runtimes])),
        target=call.path("target"),
        lock=call.path("lock"),
        pins=call.pins("pin"),
        cache_dir=call.path("cache-dir"),
        log=call.path("log"),
        scikit_build_dir=build_dir if isinstance(build_dir, str) and build_dir else None,
    )
