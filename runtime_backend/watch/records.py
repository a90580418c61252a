"""Records of builds: a folder per build in the cache, with its output and its timeline."""

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
"""The number of builds whose records are kept."""
FRESH = 3600
"""Seconds for which a record is always kept: one command may run more builds than :data:`KEPT` at once."""

TAKEN = "taken from the wheel store"
STOPPED = "stopped before it began"
_FORMAT = 1
_FOREVER = 1e12
"""More seconds than any build takes."""
_RECORD, _OUTPUT = "build.json", "output.log"


class Build(NamedTuple):
    """One finished build, or a wheel that was taken instead."""

    source: str
    hook: str
    frontend: str | None
    began: float
    """Seconds since the epoch."""
    seconds: float
    outcome: str
    """``built`` or ``failed``; for a wheel of the store, :data:`TAKEN` and who made it; for a build without the right
    runtime, :data:`STOPPED` and the name of the stop.
    """
    runtimes: Mapping[str, str]
    """Name -> version, of the runtimes that were built against."""
    max_jobs: str | None
    """The value of ``MAX_JOBS``."""
    timeline: tuple[Step, ...]
    name: str | None = None
    """The package's normalised name (PEP 503); None if it is known only after building."""

    def describe(self) -> dict[str, Any]:
        """Return the build as a JSON object."""
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
    """Read the record in a folder; None if there is none, or it has another format."""
    try:
        data = parse_json(read_text(folder / _RECORD), is_own=True)
        return _parse(data) if data["format"] == _FORMAT else None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError):  # the last two: invalid dates
        return None


def _parse(data: Mapping[str, Any]) -> Build:
    """Return the build of a record.

    :raises ValueError: if a value has the wrong type.
    """
    steps = [(step["output"], step["start"], step["end"]) for step in data["timeline"]]
    texts = [data["source"], data["hook"], data["outcome"], *data["runtimes"].values(), *(step[0] for step in steps)]
    optional = [text for text in (data["frontend"], data["max-jobs"], data.get("name")) if text is not None]
    numbers = [data["seconds"], *(number for step in steps for number in step[1:])]
    if not all(isinstance(text, str) for text in (*texts, *optional)) or not all(map(_is_number, numbers)):
        raise ValueError("a value of another type")
    return Build(
        source=data["source"],
        hook=data["hook"],
        frontend=data["frontend"],
        began=datetime.fromisoformat(data["began"]).timestamp(),
        seconds=data["seconds"],
        outcome=data["outcome"],
        runtimes=data["runtimes"],
        max_jobs=data["max-jobs"],
        timeline=tuple(Step(*step) for step in steps),
        name=data.get("name"),
    )


def _is_number(value: object) -> bool:
    """Return whether a value is a finite number: Python's JSON allows infinity."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _FOREVER


def builds_folder(cache: Path) -> Path:
    """Return the folder of all records."""
    return cache / "builds"


def output_path(folder: Path) -> Path:
    """Return the file with a build's output."""
    return folder / _OUTPUT


@contextmanager
def made_folder(cache: Path, source: Path, began: float) -> Iterator[Path]:
    """Make the folder of a starting build, and lock it while the build runs.

    Its name consists of time, source and process id. A number is added if it exists: ids repeat in other containers.

    :raises OSError: if the cache cannot be written to.
    """
    name = re.sub(r"[^A-Za-z0-9._]+", "-", source.name).strip("-") or "package"
    folder = open_folder(builds_folder(cache)) / f"{_utc(began):%Y%m%d-%H%M%S}-{name}-{os.getpid()}"
    stem, number = folder.name, 1
    while True:
        with held_if_free(folder) as is_free:
            if is_free and not is_there(folder):
                folder.mkdir(mode=0o700)  # the output of a build is private
                yield folder
                return
        number += 1
        folder = folder.with_name(f"{stem}~{number}")


def write_build(folder: Path, build: Build) -> None:
    """Write the record of a build, in one step.

    :raises OSError: if it cannot be written.
    """
    text = json.dumps(build.describe(), indent=1, ensure_ascii=False)
    # A path that is not UTF-8 has surrogates; the JSON parser restores them from these escapes.
    write(folder / _RECORD, f"{text}\n".encode("utf-8", errors="backslashreplace"))


def forget_builds(cache: Path) -> None:
    """Remove the oldest records, but none of builds that are running or have just ended."""
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
    """Return the output files of running builds, oldest first."""
    begun = (folder for folder in _folders(cache) if is_file(output_path(folder)) and not is_file(folder / _RECORD))
    return [output_path(folder) for folder in begun if _is_running(folder)]


def _folders(cache: Path) -> list[Path]:
    """Return the folders of the builds, oldest first."""
    folder = builds_folder(cache)
    return [folder / name for name in list_names(folder) if not name.endswith(".lock") and not name.startswith(".")]


def _is_running(folder: Path) -> bool:
    """Return whether a build is running: its process holds the lock of the folder."""
    try:
        with held_if_free(folder) as is_free:
            return not is_free
    except OSError:  # another person's
        return False


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, timezone.utc)
