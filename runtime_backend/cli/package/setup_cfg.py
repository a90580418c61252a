"""The requirements in setup.cfg, read as setuptools reads them."""

from __future__ import annotations

from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ...system.files import read_text


class SetupCfg(NamedTuple):
    """The requirements in setup.cfg."""

    install_requires: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """The files that ``install_requires = file: ...`` names."""
    setup_requires: tuple[str, ...] = ()
    extras_require: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def read_setup_cfg(source: Path) -> SetupCfg:
    """Return the requirements in a source tree's setup.cfg; empty if the file is missing or invalid."""
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(source / "setup.cfg").removeprefix("\ufeff"))
    except ConfigParserError:
        return SetupCfg()
    options = {key.replace("-", "_"): value for key, value in _section(parser, "options").items()}
    own = options.get("install_requires", "")
    is_file = own.lstrip().startswith("file:")
    extras = _section(parser, "options.extras_require")
    return SetupCfg(
        install_requires=() if is_file else _as_list(own, ";"),
        files=_as_list(own.partition(":")[2], ",") if is_file else (),
        setup_requires=_as_list(options.get("setup_requires", ""), ";"),
        extras_require={name: _as_list(value, ";") for name, value in extras.items()},
    )


def _section(parser: ConfigParser, name: str) -> Mapping[str, str]:
    return dict(parser.items(name)) if parser.has_section(name) else {}


def _as_list(value: str, separator: str) -> tuple[str, ...]:
    """Split a value into lines; a value of one line is split at the separator."""
    items = value.splitlines() if "\n" in value else value.split(separator)
    return tuple(item.strip() for item in items if item.strip() and not item.strip().startswith("#"))
