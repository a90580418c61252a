"""Parsing pip's command, with the options in its variables and its configuration files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from shutil import which

from ...system.files import is_file
from ..arguments import read_arguments
from ..caller import Caller
from ..environments import find_site
from ..folders import find_home
from ..processes import Process
from .installation import Counted, Installation, Option, first_obstacle, is_off, values_of

_VALUED = """
--abi --build --build-constraint --build-option --default-timeout --local-log --log-file --pypi-url --source
--source-dir --source-directory --cache-dir --cert --client-cert --config-settings --constraint --dest --editable
--exists-action --extra-index-url --find-links --global-option --group --implementation --index-url --keyring-provider
--log --no-binary --only-binary --only-final --output --platform --prefix --progress-bar --proxy --python
--python-version --report --requirement --requirements-from-script --resume-retries --retries --root
--root-user-action --src --target --timeout --trusted-host --upgrade-strategy --uploaded-prior-to --use-deprecated
--use-feature --wheel-dir -C -b -c -d -e -f -i -o -r -t -w
"""
PIP_VALUED = frozenset(_VALUED.split())
"""Options with a value, in pip 22.3 to 26.3."""

_HARMLESS = """
--break-system-packages --build-constraint --cache-dir --cert --check-build-dependencies --client-cert --compile
--config-settings --debug --default-timeout --disable-pip-version-check --exists-action --extra-index-url --find-links
--global-option --index-url --isolated --keyring-provider --log --no-binary --no-build-isolation --no-cache-dir
--no-clean --no-color --no-compile --no-index --no-input --no-user --no-warn-conflicts --no-warn-script-location
--only-binary --pre --prefer-binary --progress-bar --proxy --pypi-url --python --quiet --report --require-hashes
--require-virtualenv --resume-retries --retries --root-user-action --src --timeout --trusted-host --use-deprecated
--use-feature --use-pep517 --verbose --wheel-dir -C -f -i -q -v -w
"""
_REQUIREMENTS, _CONSTRAINTS, _EDITABLES = ("-r", "--requirement"), ("-c", "--constraint"), ("-e", "--editable")
_NO_DEPENDENCIES = ("--no-deps", "--no-dependencies")
_HANDLED = (*_REQUIREMENTS, *_CONSTRAINTS, *_EDITABLES, *_NO_DEPENDENCIES)
HARMLESS = frozenset((*_HARMLESS.split(), *_HANDLED))
"""Options with which pip still keeps distributions that satisfy its requirements (pip 22.3 to 26.3, its resolver)."""

_REPEATED = frozenset(
    (*_REQUIREMENTS, *_CONSTRAINTS, *_EDITABLES, "--extra-index-url", "--find-links", "--trusted-host")
)
"""Options that may be repeated: in a variable or a file, their value is a list separated by spaces."""
_OFF = "off"
"""The value of a flag that is turned off, although another source may have turned it on."""

_NOT_OPTIONS = ("PIP_BUILD_TRACKER", "PIP_CONFIG_FILE", "PIP_PYTHON_PATH", "PIP_SHIMS_BASE_MODULE")
"""Variables that look like options of pip: its own and pipenv's."""


def read_pip_command(process: Process, start: int, caller: Caller) -> Installation | None:
    """Parse pip's command line; None if it installs and collects nothing (``pip list``).

    :param start: the index of pip's first argument in argv.
    """
    arguments = read_arguments(process.argv[start:], valued=PIP_VALUED)
    name, *words = arguments.positional or ("",)
    if name not in ("install", "wheel", "download", "lock"):
        return None
    environ = process.environ or caller.environ
    is_isolated = arguments.has("--isolated")
    cwd = process.cwd or caller.cwd
    files = _configuration_files(environ, _prefix(process, caller, cwd), cwd, is_isolated=is_isolated)
    settings = list(_from_files(name, files))
    options = _switched_on(
        [
            *(option for setting in settings for option in _as_options(*setting)),
            *(() if is_isolated else _from_environ(environ)),
            *(Option(name=option, value=value, origin=option) for option, value in arguments.options),
        ]
    )
    return Installation(
        program=f"pip {name}",
        process=process,
        start=start,
        cwd=cwd,
        arguments=arguments,
        words=tuple(words),
        editables=values_of(options, *_EDITABLES),
        files=values_of(options, *_REQUIREMENTS),
        constraints=values_of(options, *_CONSTRAINTS),
        has_no_dependencies=bool(values_of(options, *_NO_DEPENDENCIES)),
        obstacle=first_obstacle(options, HARMLESS),
        upgrades=bool(values_of(options, "-U", "--upgrade")),
        counted=_counted(name, options),
        folder=_folder(options, cwd, caller),
        settings={_as_variable(setting.name): setting.value for setting in settings},
    )


def _prefix(process: Process, caller: Caller, cwd: Path) -> Path:
    """Return the prefix of pip's Python: the hook's own, or that of pip's process."""
    if caller.isolation in ("none", "hidden"):
        return caller.prefix
    found = which(process.argv[0], path=(process.environ or caller.environ).get("PATH", os.defpath))
    return (cwd / (found or process.argv[0])).parent.parent


def folder_by_variables(caller: Caller) -> Path | None:
    """Return the folder in ``PIP_TARGET`` or ``PIP_PREFIX``, used if pip's process cannot be seen."""
    return _folder(
        _switched_on(list(_from_environ(caller.environ))), next(iter(caller.working_folders), caller.cwd), caller
    )


def _counted(name: str, options: list[Option]) -> Counted:
    is_elsewhere = bool(values_of(options, "-t", "--target"))
    return "nothing" if name != "install" or is_elsewhere else "environment"


def _folder(options: list[Option], cwd: Path, caller: Caller) -> Path | None:
    """Return the folder of distributions for ``--target`` or ``--prefix``."""
    target, prefix = values_of(options, "-t", "--target")[-1:], values_of(options, "--prefix")[-1:]
    if target:
        return cwd / target[0]
    return find_site(cwd / prefix[0], caller.reader.python) if prefix else None


def _from_environ(environ: Mapping[str, str]) -> Iterator[Option]:
    for variable, value in environ.items():
        if variable.startswith("PIP_") and variable not in _NOT_OPTIONS:
            name = variable[len("PIP_") :].lower().replace("_", "-")
            yield from _as_options(f"--{name}", value, variable)


def _switched_on(options: list[Option]) -> list[Option]:
    """Return the options without the flags that a later source, or the command line, turned off."""
    last = {option.name: option for option in options}
    return [option for option in options if option.value != _OFF and last[option.name].value != _OFF]


def _as_variable(name: str) -> str:
    return "PIP_" + name.removeprefix("--").upper().replace("-", "_")


def _from_files(command: str, paths: Iterable[Path]) -> Iterator[Option]:
    """Yield the options in the configuration files for a command, the weakest file first; values are not parsed."""
    for path in filter(is_file, paths):
        import configparser  # noqa: PLC0415 - few people have such a file

        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):  # pip reports the mistake
            continue
        for section in ("global", command):
            for key, value in parser.items(section) if parser.has_section(section) else ():
                name = key.replace("_", "-").removeprefix("--")
                yield Option(name=f"--{name}", value=value, origin=f"{path}: {key}")


def _configuration_files(environ: Mapping[str, str], prefix: Path, cwd: Path, *, is_isolated: bool) -> Iterator[Path]:
    """Yield the possible configuration files of pip: global, the person's, the environment's, the named one.

    Source: pip, ``configuration.py``, ``appdirs.py``. A named file replaces the person's.

    :param is_isolated: whether the person's own file is ignored (``--isolated``).
    """
    named, name = environ.get("PIP_CONFIG_FILE", ""), "pip.ini" if os.name == "nt" else "pip.conf"
    if named == os.devnull:
        return
    shared, own = _configuration_folders(environ)
    yield from (folder / name for folder in shared)
    if not is_isolated and not (named and is_file(cwd / named)):
        yield from (folder / name for folder in own)
    yield prefix / name
    if named:
        yield cwd / named


def _configuration_folders(environ: Mapping[str, str]) -> tuple[list[Path], list[Path]]:
    """Return (global folders, the person's folders)."""
    home = find_home(environ)
    if os.name == "nt":  # pragma: no cover - Windows
        own = [
            Path(environ.get("USERPROFILE") or os.devnull) / "pip",
            Path(environ.get("APPDATA") or os.devnull) / "pip",
        ]
        return [Path(environ.get("PROGRAMDATA") or os.devnull) / "pip"], own
    shared = [Path(base) / "pip" for base in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)]
    own = [home / ".pip", Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip"]
    if sys.platform == "darwin":
        shared.append(Path("/Library/Application Support/pip"))
        own.append(home / "Library/Application Support/pip")
    return [*shared, Path("/etc")], own


def _as_options(name: str, value: str, origin: str) -> Iterator[Option]:
    """Yield the options of a variable or setting: each item of a list, a value, or a flag. pip ignores empty ones."""
    if not value:
        return
    if name in _REPEATED:
        yield from (Option(name=name, value=word, origin=origin) for word in value.split())
    elif name in PIP_VALUED:
        yield Option(name=name, value=value, origin=origin)
    else:
        yield Option(name=name, value=_OFF if is_off(value) else "", origin=origin)
