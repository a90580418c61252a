"""``runtime-backend explain --last``: reporting what the last build did, and when."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from shlex import quote

from packaging.utils import canonicalize_name

from ..errors import RecordError
from ..formats.tables import did_you_mean
from ..system.files import is_file, read_text, real_path
from ..system.progress import minutes
from ..watch.ninja import Step
from ..watch.records import KEPT, STOPPED, TAKEN, Build, builds_folder, find_running, list_builds, output_path
from .adopt.documents import write_bytes
from .cache import own_cache
from .terminal import coloured, out, out_json, say, wants_colour

_WIDTH = 60
"""At most this many characters of a file's name are shown: the last ones, which are the most specific."""


def show_last(what: str | None, *, as_json: bool, plot: Path | None) -> int:
    """Print the newest record, and return the exit code.

    :param what: the source tree that was built, or the name of a package; None for any.
    :param plot: the file to draw a picture into.
    :raises RecordError: if there is no such build, or nothing to draw.
    """
    cache = own_cache()
    for path in find_running(cache):
        say(f"a build is running; to follow it: tail -f {quote(str(path))}")
    builds = list_builds(cache)
    fitting = builds if what is None else _find(builds, what)
    if not fitting:
        raise _none(cache, what, [_name_of(build) for _, build in builds])
    folder, build = fitting[-1]
    if plot is not None:  # first: printing the table may be cut off by a closed pipe
        _draw(build, plot)
    if as_json:
        out_json(build.describe())
    else:
        _print(folder, build)
    return 0


def _find(builds: Sequence[tuple[Path, Build]], what: str) -> list[tuple[Path, Build]]:
    """Return the builds of a source tree; if there are none, those of the package with that name."""
    tree, name = real_path(Path(what)), canonicalize_name(what)
    found = [pair for pair in builds if real_path(Path(pair[1].source)) == tree]
    return found or [pair for pair in builds if _name_of(pair[1]) == name]


def _name_of(build: Build) -> str:
    """Return the package's name; that of its folder if the record has none."""
    return canonicalize_name(build.name or Path(build.source).name)


def _none(cache: Path, what: str | None, names: Sequence[str]) -> RecordError:
    of, package = ("", "a package") if what is None else (f" of {what}{did_you_mean(what, names)}", what)
    others = f"; there are records of {', '.join(sorted({*names}))}" if names else ""
    return RecordError(
        "no-such-build",
        "found no build{of} in {folder}, expected one of the last {kept}{others}",
        hint="Build {package}, then run this again.",
        of=of,
        folder=builds_folder(cache),
        kept=KEPT,
        others=others,
        package=package,
    )


def _print(folder: Path, build: Build) -> None:
    is_coloured = wants_colour(sys.stdout, os.environ)
    for line in _facts(folder, build):
        out(line, coloured if is_coloured else None)
    out("")
    for line in _table(folder, build):
        out(line)


def _facts(folder: Path, build: Build) -> Iterator[str]:
    yield f"{build.hook} of {build.source}: {build.outcome}"
    yield f"began: {datetime.fromtimestamp(build.began, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    yield f"took: {minutes(build.seconds)}"
    yield f"frontend: {build.frontend or 'not known'}"
    if build.runtimes:
        yield f"against: {', '.join(f'{name} {version}' for name, version in build.runtimes.items())}"
    if build.max_jobs is not None:
        yield f"MAX_JOBS: {build.max_jobs}"
    if is_file(output_path(folder)):
        yield f"output: {output_path(folder)}"


def _table(folder: Path, build: Build) -> Iterator[str]:
    if build.outcome.startswith(STOPPED):
        yield from read_text(output_path(folder)).splitlines()
        return
    if build.outcome.startswith(TAKEN):
        yield "nothing was compiled"
        return
    if not build.timeline:
        yield "the build left no ninja log: the times of its files are not known"
        return
    names = [shown_name(step, build) for step in build.timeline]
    width = max(map(len, [*names, "file"]))
    yield f"{'file':{width}}  seconds  started at"
    for name, step in zip(names, build.timeline, strict=True):
        yield f"{name:{width}}  {step.end - step.start:7.1f}  {minutes(step.start):>10}"
    yield f"{'all':{width}}  {_sum(build.timeline):7.1f}  {_totals(build.timeline)}"


def _totals(steps: Sequence[Step]) -> str:
    wall = max(step.end for step in steps) - min(step.start for step in steps)
    at_once = f", {_sum(steps) / wall:.1f} at once on average" if wall else ""
    return f"in {wall:.1f}{at_once}"


def _sum(steps: Sequence[Step]) -> float:
    return sum(step.end - step.start for step in steps)


def shown_name(step: Step, build: Build) -> str:
    """Return the source file that was compiled: ``csrc/op.cpp`` for ``CMakeFiles/op.dir/csrc/op.cpp.o``.

    If the object's name has no source suffix, the result has none either: ``csrc/op`` for ``csrc/op.o``.
    """
    name = re.sub(r"(?:CMakeFiles/)?[^/]+\.(?:dir|p)/", "", step.output.replace("\\", "/"))
    for root in (f"{build.source}/", f"{build.source}/".lstrip("/")):  # a build folder repeats an absolute path inside
        name = name.removeprefix(root)
    name = re.sub(r"\.(?:o|obj)$", "", name)
    return name if len(name) <= _WIDTH else f"...{name[3 - _WIDTH :]}"


def _draw(build: Build, path: Path) -> None:
    if not build.timeline:
        raise RecordError(
            "no-ninja-log",
            "found no ninja log of the build of {source}, expected one to draw",
            hint="Add ninja to build-system.requires of the package, and build it again.",
            source=build.source,
        )
    from .plot import draw_timeline  # noqa: PLC0415 - it needs an extra

    names = [shown_name(step, build) for step in build.timeline]
    write_bytes(path, draw_timeline(build, names, path.suffix[1:].lower()))
    say(f"{path} shows what was compiled when")
