"""Drawing the timeline of a build."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from ..system.progress import minutes
from ..watch.records import Build


def draw_timeline(build: Build, names: Sequence[str], kind: str) -> bytes:
    """Return a picture with one bar per file of a build, in order of start, the first at the top.

    :param names: the labels of the files.
    :param kind: ``png``, ``svg`` or ``pdf``.
    """
    steps = build.timeline
    figure = Figure(figsize=(10, 1.5 + 0.25 * len(steps)), layout="constrained")
    axes = figure.add_subplot()
    axes.barh(range(len(steps)), [step.end - step.start for step in steps], left=[step.start for step in steps])
    # A dollar sign in a name does not start a formula.
    axes.set_yticks(range(len(steps)), labels=list(names), fontsize=8, parse_math=False)
    axes.set_ylim(len(steps) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel("seconds since the build began")
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    what = f"{Path(build.source).name}: {build.outcome} in {minutes(build.seconds)}"
    against = ", ".join(f"{name} {version}" for name, version in build.runtimes.items())
    axes.set_title(f"{what}, against {against}" if against else what, parse_math=False)
    picture = io.BytesIO()
    figure.savefig(picture, format=kind)  # pyplot would look for a display
    return picture.getvalue()
