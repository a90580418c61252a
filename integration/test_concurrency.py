"""Builds at once, and builds that are killed."""

from __future__ import annotations

import time

from .checks import check_installed, check_nothing_left, check_source, check_untouched, check_wheel
from .combinations import some
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Running, Target, Workplace

KILLED_AFTER = (0.1, 0.35, 0.5, 0.65, 0.8, 1.0, 1.25, 1.6)
"""Seconds: while requirements are installed, in each of the hooks, while the overlay is made, while C is compiled."""


def test_eight_builds_at_once(place: Workplace) -> None:
    """One cold cache, two targets with different torches, two frontends: every wheel is right."""
    targets = {torch: place.target(torch, name=torch, pip=NEWEST_PIP) for torch in ("2.6.0", "2.7.0+cpu")}
    started = [
        (torch, place.folder / f"out-{number}", _start(place, targets[torch], number))
        for number, torch in enumerate([*targets] * 4)
    ]
    results = [running.wait() for _, _, running in started]
    for result in results:
        print(result)
    assert [result.code for result in results] == [0] * 8
    for torch, out, _ in started:
        (wheel,) = out.glob("probe_setuptools-*.whl")
        check_wheel(wheel, torch)
    for target in targets.values():
        check_untouched(target)
    check_nothing_left(place)
    assert len([path for path in (place.cache / "overlays").iterdir() if path.is_symlink()]) == 2


def _start(place: Workplace, target: Target, number: int) -> Running:
    """Start a build of a copy of its own, every other pair by pip."""
    out, package = place.folder / f"out-{number}", place.package("probe_setuptools", into=f"copy-{number}")
    if number % 4 < 2:
        return place.start(target.python, "-m", "pip", "wheel", "-w", out, package)
    return place.start(place.stock.uv(NEWEST_UV), "build", "--wheel", "-o", out, package, activated=target)


@some("frontend", ["pip", "uv"], "uv")
def test_works_after_builds_that_were_killed(place: Workplace, frontend: str) -> None:
    """kill -9 at any moment, always with the same source tree and the same caches: the next build works."""
    target, package = place.target("2.7.0+cu126", pip=NEWEST_PIP), place.package("probe_setuptools")
    if frontend == "pip":
        command: list[object] = [target.python, "-m", "pip", "install", package]
    else:
        command = [place.stock.uv(NEWEST_UV), "pip", "install", "-p", target.prefix, package]
    for seconds in KILLED_AFTER:
        running = place.start(*command)
        time.sleep(seconds)
        running.kill()
    place.forget()
    place.run(*command)
    check_installed(place, target, "probe_setuptools", "2.7.0+cu126", grows=True)
    check_source(place, package)
