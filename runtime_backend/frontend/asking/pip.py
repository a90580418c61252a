"""Asking pip: ``pip install --dry-run --report``, by the same pip with the same arguments."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from ...errors import DecisionError
from ...errors.reasons import reason
from ...formats.jsontext import parse_json
from ...installed.distributions import archive_sha256
from ...system.files import read_bytes
from ..arguments import Arguments, find_positional, read_arguments
from ..caller import Caller
from ..installations.installation import Installation
from ..installations.pip import PIP_VALUED
from .answer import Change
from .dry_run import DryRun

_DROPPED_VALUED = (
    *("--report", "--log", "--log-file", "--local-log", "--wheel-dir", "-w", "--build-option"),
    *("--dest", "-d", "--output", "-o"),
)
_DROPPED_FLAGS = ("--no-verify",)
"""Options that write files, and those that only ``pip wheel``, ``download`` and ``lock`` have."""
_DROPPED_VARIABLES = ("PIP_BUILD_TRACKER", "PIP_REPORT", "PIP_LOG", "PIP_WHEEL_DIR")


def dry_runs_of_pip(
    installation: Installation, environ: Mapping[str, str], work: Path, _caller: Caller, *, is_offline: bool
) -> Iterator[DryRun]:
    """Yield the dry run of a command of pip.

    ``pip wheel`` has no dry run: it collects the distributions that ``pip install`` chooses if nothing is installed.
    """
    report = work / "report.json"
    argv, start = installation.process.argv, installation.start
    place = start + next(find_positional(argv[start:], valued=PIP_VALUED))
    more = ["--dry-run", "--quiet", "--report", str(report)]
    more += [] if installation.is_installing else ["--ignore-installed"]
    before: Sequence[str] = argv[start:place]
    after: Sequence[str] = argv[place + 1 :]
    if not installation.is_installing:  # pip wheel has options that pip install lacks
        after = _respelt(read_arguments(after, valued=PIP_VALUED))
    words = [*argv[:start], *_kept(before), "install", *more, *_kept(after)]
    kept = {name: value for name, value in environ.items() if name not in _DROPPED_VARIABLES}
    if not installation.is_installing:  # the files have sections for each command
        configured = {name: value for name, value in installation.settings.items() if name not in _DROPPED_VARIABLES}
        kept = {**configured, **kept, "PIP_CONFIG_FILE": os.devnull}
    offline = {"PIP_NO_INDEX": "1"} if is_offline else {}
    yield DryRun(
        label="pip install --dry-run",
        argv=words,
        environ={**kept, **offline, "PIP_NO_INPUT": "1"},
        cwd=installation.cwd,
        read=lambda _output, _errors: _read_report(report),
    )


def _kept(words: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from (word, *rest)
        elif word in _DROPPED_FLAGS:
            continue
        elif word in _DROPPED_VALUED:
            next(rest, None)
        elif not word.startswith(tuple(f"{name}=" for name in _DROPPED_VALUED if name.startswith("--"))):
            yield word


def _respelt(arguments: Arguments) -> list[str]:
    """Return a command line with an argument for each option and each value: ``-qwDIR`` is ``-q -w DIR``."""
    words = [word for name, value in arguments.options for word in ((name, value) if name in PIP_VALUED else (name,))]
    is_odd = any(word.startswith("-") for word in arguments.positional)
    return [*words, *(["--"] if is_odd else []), *arguments.positional]


def _read_report(path: Path) -> Mapping[str, Change]:
    """Return the changes in an installation report. Source: pip's documentation, "Installation report", version 1."""
    try:
        return dict(_read_item(item) for item in parse_json(read_bytes(path))["install"])
    except OSError as error:
        why = reason(error, path)
    except (ValueError, LookupError, TypeError, AttributeError):
        why = "expected the format in pip's documentation (installation report, version 1)"
    raise DecisionError(
        "dry-run-not-understood", "pip's report cannot be read: {why}", hint="Use pip 22.2 or later.", why=why
    )


def _read_item(item: Mapping[str, Any]) -> tuple[str, Change]:
    metadata, info = item["metadata"], item["download_info"]
    Version(metadata["version"])
    sha256 = archive_sha256(info.get("archive_info", {}))
    url = str(info["url"]).partition("#")[0]
    is_wheel = url.partition("?")[0].endswith(".whl")
    change = Change(
        version=metadata["version"],
        url=url if is_wheel else None,
        sha256=sha256 if is_wheel else None,
        is_direct=bool(item.get("is_direct", True)),
        is_source=not is_wheel,
    )
    return canonicalize_name(metadata["name"]), change
