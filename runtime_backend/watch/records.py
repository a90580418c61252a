"""The record of builds: a folder each in the cache, with what was printed and what was done when."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from ..formats.jsontext import parse_json
from ..store.atomic import write
from ..store.cache import open_folder
from ..store.holding import held_if_free, remove_if_free
from ..system.files import is_file, is_there, list_names, read_text
from .ninja import Step

KEPT = 20
"""How many builds are remembered."""
FRESH = 3600
"""Seconds for which a build is remembered in any case: one command may run more builds than that at once."""

_FORMAT = 1
_FOREVER = 1e12
"""Seconds that nothing takes."""
_RECORD, _OUTPUT = "build.json", "output.log"


class Build(NamedTuple):
    """One build, when it is over."""

    source: str
    hook: str
    frontend: str | None
    began: float
    """Seconds since the epoch."""
    seconds: float
    outcome: str
    """``built`` or ``failed``."""
    runtimes: Mapping[str, str]
    """Name -> version, of those that were built against."""
    max_jobs: str | None
    """``MAX_JOBS``, as it was in force."""
    timeline: tuple[Step, ...]
    name: str | None = None
    """Of the package, normalised (PEP 503); None where only the build told it."""

    def describe(self) -> dict[str, Any]:
        """Return the build as JSON takes it."""
        return {
            "format": _FORMAT,
            "source": self.source,
            "name": self.name,
            "hook": self.hook,
            "frontend": self.frontend,
            "began": _utc(self.began).isoformat(timespec="milliseconds"),
            "seconds": round(self.seconds, 3),
            "outcome": self.outcome,
            "runtimes": dict(self.runtimes),
            "max-jobs": self.max_jobs,
            "timeline": [{"output": step.output, "start": step.start, "end": step.end} for step in self.timeline],
        }


def read_build(folder: Path) -> Build | None:
    """Return the build that a folder records; None where there is none, or one of another version of this."""
    try:
        told = parse_json(read_text(folder / _RECORD), is_own=True)
        return _parse(told) if told["format"] == _FORMAT else None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError):  # the last two: odd moments
        return None


def _parse(told: Mapping[str, Any]) -> Build:
    """Return what a record says.

    :raises ValueError: for a value of another type than is written.
    """
    steps = [(step["output"], step["start"], step["end"]) for step in told["timeline"]]
    texts = [told["source"], told["hook"], told["outcome"], *told["runtimes"].values(), *(step[0] for step in steps)]
    optional = [text for text in (told["frontend"], told["max-jobs"], told.get("name")) if text is not None]
    numbers = [told["seconds"], *(number for step in steps for number in step[1:])]
    if not all(isinstance(text, str) for text in (*texts, *optional)) or not all(map(_is_number, numbers)):
        raise ValueError("a value of another type")
    return Build(
        source=told["source"],
        hook=told["hook"],
        frontend=told["frontend"],
        began=datetime.fromisoformat(told["began"]).timestamp(),
        seconds=told["seconds"],
        outcome=told["outcome"],
        runtimes=told["runtimes"],
        max_jobs=told["max-jobs"],
        timeline=tuple(Step(*step) for step in steps),
        name=told.get("name"),
    )


def _is_number(value: object) -> bool:
    """Return whether a value is a number of seconds, and no infinity: JSON of Python's own has those."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _FOREVER


def builds_folder(cache: Path) -> Path:
    """Return the folder of the records."""
    return cache / "builds"


def output_path(folder: Path) -> Path:
    """Return what takes the output of a build."""
    return folder / _OUTPUT


@contextmanager
def made_folder(cache: Path, source: Path, began: float) -> Iterator[Path]:
    """Make the folder of a build that begins, and hold it while the build runs.

    Its name is made of when, of what and in which process; another container may have a process with the same number.

    :raises OSError: when the cache cannot be written to.
    """
    name = re.sub(r"[^A-Za-z0-9._]+", "-", source.name).strip("-") or "package"
    folder = open_folder(builds_folder(cache)) / f"{_utc(began):%Y%m%d-%H%M%S}-{name}-{os.getpid()}"
    stem, number = folder.name, 1
    while True:
        with held_if_free(folder) as is_free:
            if is_free and not is_there(folder):
                folder.mkdir(mode=0o700)  # what a build prints is its person's
                yield folder
                return
        number += 1
        folder = folder.with_name(f"{stem}~{number}")


def write_build(folder: Path, build: Build) -> None:
    """Write the record of a build, in one step.

    :raises OSError: when it cannot be written.
    """
    text = json.dumps(build.describe(), indent=1, ensure_ascii=False)
    # A path that is not UTF-8 has surrogates; so written, JSON reads them back.
    write(folder / _RECORD, f"{text}\n".encode("utf-8", errors="backslashreplace"))


def forget_builds(cache: Path) -> None:
    """Remove the oldest builds, but none that still runs, or has ended a short while ago."""
    over = [folder for folder in _folders(cache) if not _is_running(folder)]
    for folder in over[:-KEPT]:
        with suppress(OSError):  # another person's, or another build has just removed it
            if time.time() - folder.stat().st_mtime > FRESH:
                remove_if_free(folder)


def list_builds(cache: Path) -> list[tuple[Path, Build]]:
    """Return the records, each with its folder, oldest first."""
    found = [(folder, build) for folder in _folders(cache) if (build := read_build(folder)) is not None]
    return sorted(found, key=lambda pair: pair[1].began)


def find_running(cache: Path) -> list[Path]:
    """Return the output of the builds that are not over yet, oldest first."""
    begun = (folder for folder in _folders(cache) if is_file(output_path(folder)) and not is_file(folder / _RECORD))
    return [output_path(folder) for folder in begun if _is_running(folder)]


def _folders(cache: Path) -> list[Path]:
    """Return the folders of the builds, oldest first."""
    folder = builds_folder(cache)
    return [folder / name for name in list_names(folder) if not name.endswith(".lock") and not name.startswith(".")]


def _is_running(folder: Path) -> bool:
    """Return whether the process of a build is there: it holds the folder."""
    try:
        with held_if_free(folder) as is_free:
            return not is_free
    except OSError:  # another person's
        return False


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, timezone.utc)
