"""What every frontend is tried with: scenarios, what each leads to, and how that is checked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ..checks import check_installed, check_wheel
from ..index import Index
from ..scene import DELAY, PROBE, Scene, find_target
from ..workplace import Result, Target, Workplace

OLD, TORCH, NEW = "2.6.0", "2.7.0", "2.8.0"
"""What an upgrade starts from, what the other scenarios want, what an upgrade ends with."""

REBUILDING = "rebuild_meson_python"

NAMED_OTHERWISE = ("editable", "sdist", "git")
KINDS = ("fresh", *NAMED_OTHERWISE)
"""The scenarios that differ only in how the package is named."""


class StoppedError(Exception):
    """The shim has stopped the build with an error of its own."""


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a scenario has led to: something installed in an environment, or a wheel."""

    torch: str
    prefix: Path | None = None
    wheel: Path | None = None
    isolated: bool = True
    kept: str | None = None
    """The torch of the build that the frontend may go on using instead of asking for a new one."""


class Trial(Scene):
    """One scenario under one frontend.

    :param version: the frontend's.
    :param rebuilds: whether the package is one whose editable rebuilds itself, under the name of the usual one.
    """

    def __init__(self, place: Workplace, index: Index, version: str, *, rebuilds: bool = False) -> None:
        super().__init__(place, index)
        self.version = version
        self.rebuilds = rebuilds
        if rebuilds:
            shutil.rmtree(self.package)
            place.package(REBUILDING, called=PROBE)
        self.environ.update(dict.fromkeys(("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), index.url("main")))

    def run(self, *words: object, **how: Any) -> Result:  # noqa: ANN401 - as for Workplace.run
        """Run a command to its end.

        :raises StoppedError: when the shim has ended it.
        """
        result = self.place.start(*words, **{**self.environ, **how}).wait()
        print(result)
        if result.code and ("runtime-backend: error[" in result.output or self._has_refused()):
            raise StoppedError(str(result))
        if result.code:
            pytest.fail(f"expected the command to work\n{result}", pytrace=False)
        return result

    def _has_refused(self) -> bool:
        """Whether the last hook knew no torch: pipenv does not show what a hook says."""
        last = self.place.hooks()[-1:]
        return any(runtime["provision"]["value"] == "missing" for hook in last for runtime in hook["runtimes"])

    def hurry(self, work: Callable[[], object]) -> None:
        """Do what comes before the command that is measured: torch comes at once, and the log begins anew."""
        self.index.delay = 0.0
        work()
        self.index.delay = DELAY
        self.place.forget()

    def hurried(self, *words: object, **how: Any) -> None:  # noqa: ANN401 - as for Workplace.run
        """Run a command likewise."""
        self.hurry(lambda: self.run(*words, **how))

    def activate(self, torch: str | None = None) -> Target:
        """Make an environment with that torch, activate it, and return it."""
        target = self.place.target(torch, name=f"target-{torch}")
        self.environ["VIRTUAL_ENV"] = target.prefix
        return target

    def git(self) -> str:
        """Return the address of a git repository that holds the package."""
        return f"git+{self.repository().as_uri()}"

    def requirement(self, kind: str = "fresh") -> str:
        """Return how a requirements file names the package in a scenario."""
        if kind == "git":
            return self.git()
        return str(self.sdist()) if kind == "sdist" else f"{'-e ' if kind == 'editable' else ''}{self.package}"

    def address(self, kind: str = "fresh") -> str:
        """Return the package as a requirement with its name and where it is."""
        if kind == "editable":
            return f"-e {self.package.as_uri()}#egg=probe-setuptools"
        return f"probe-setuptools @ {self.url(kind)}"

    def url(self, kind: str = "fresh") -> str:
        """Return where the package is."""
        if kind == "git":
            return self.git()
        return (self.sdist() if kind == "sdist" else self.package).as_uri()


Scenario = Callable[[Trial], Built]


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """What helps where a scenario stops, or where the frontend keeps an old build."""

    note: str
    """For the table, in Markdown: full sentences."""
    run: Scenario | None
    """None: it is the way out of another scenario too, and run there."""


@dataclass(frozen=True, kw_only=True)
class Frontend:
    """A row of the table."""

    name: str
    """The command, as the table shows it."""
    versions: tuple[str, ...]
    scenarios: Mapping[str, Scenario]
    """What it is not offered in is left out."""
    ways_out: Mapping[str, WayOut] = field(default_factory=dict)


def measure(scenario: Scenario, scene: Trial) -> str:
    """Run a scenario, and return ``right``, ``stop`` or ``kept``; all else, a wrong build above all, fails the test."""
    try:
        built = scenario(scene)
    except StoppedError:
        return "stop"
    if built.kept is not None and not [hook for hook in scene.place.hooks() if hook["hook"].startswith("build_")]:
        _check(scene, built, built.kept)
        return "kept"
    _check(scene, built, built.torch)
    return "right"


def _check(scene: Trial, built: Built, torch: str) -> None:
    """Check what the package was built against, and that the target has what the person wanted."""
    if built.wheel is not None:
        check_wheel(built.wheel, torch, provision=None, isolated=built.isolated)
        return
    assert built.prefix is not None
    target = find_target(built.prefix)
    assert [path.name for path in target.site.glob("torch-*.dist-info")] == [f"torch-{built.torch}.dist-info"]
    check_installed(scene.place, target, PROBE, torch, provision=None, isolated=built.isolated, grows=True)
    if scene.rebuilds:
        source = scene.package / "src" / "answer.cpp"
        source.write_text(source.read_text("utf-8").replace("return 1", "return 2"), "utf-8")
        ask = f"import {PROBE} as package; print(package.from_cpp())"
        answer = scene.place.run(target.python, "-B", "-c", ask, cwd=scene.place.folder / "home")
        assert answer.output == "2\n"
