"""Runs what a seed has decided, and judges it: the extension is built for the torch that is there, or refused."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .index import Index, serve_indexes
from .random_commands import INDEX, Scene
from .random_extension import make_extension
from .random_packages import make_wheels
from .stock import NEWEST_PIP, NEWEST_UV
from .workplace import Result, Target, Workplace

KINDS: Mapping[str, str] = {
    "right": "built for the torch that is there",
    "stopped": "stopped, although a torch would be there",
    "torchless": "stopped, and no torch would be there",
    "impossible": "failed, as without the shim",
    "wrong": "wrong",
}
"""What can come of a command."""

ALLOWED_STOPS = 0.15
"""The part of the commands that may stop although a torch would be there."""

_ERROR = "runtime-backend: error["
_ELSEWHERE = ("PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_OFFLINE", "UV_FIND_LINKS")
"""Where wheels are found otherwise; here only the index has them."""
_WAIT = 180


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What came of a command."""

    kind: str
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What a command is run in."""

    cwd: Path
    target: Target

    def torch(self) -> str | None:
        """Return what the torch reports that the extension would import."""
        return self._first("torch/version.py", "__version__")

    def built(self) -> str | None:
        """Return what the torch reported that the extension was built for."""
        return self._first("ext/built_against.py", "TORCH_VERSION")

    def _first(self, file: str, name: str) -> str | None:
        for site in self._sites():
            if (site / file).is_file():
                return _assigned(site / file, name)
        return None

    def _sites(self) -> list[Path]:
        """Return where modules are found: in the folder, in the environment, and last where an editable is."""
        folder = self.cwd / "folder"
        of_prefix = sorted(folder.glob("lib/python3*/site-packages"))
        return [folder, *of_prefix, self.target.site, self.cwd / "ext"]


def _assigned(file: Path, name: str) -> str:
    """Return the string that a module assigns to a name, without running the module."""
    lines = [line.partition(" = ") for line in file.read_text("utf-8").splitlines()]
    return str(ast.literal_eval(next(value for key, _, value in lines if key == name)))


def run_scene(scene: Scene, place: Workplace) -> Verdict:
    """Run a command, and once more without the shim where it fails; what happens is printed."""
    print(scene)
    wheels = place.folder / "wheels"
    wheels.mkdir()
    with _serve(place, wheels, scene) as index:
        setting = _set(scene, place, "real", index, plain=False)
        result = _run(scene, place, setting, index)
        print(result)
        if result.code == 0:
            return _judge_success(setting)
        if result.code < 0:
            return Verdict(kind="wrong", why=f"it did not end within {_WAIT} s")
        plain = _set(scene, place, "plain", index, plain=True)
        without = _run(scene, place, plain, index)
        print(f"The same without the shim:\n{without}")
        return _judge_failure(result, without, plain.torch())


def _judge_success(setting: Setting) -> Verdict:
    built, torch = setting.built(), setting.torch()
    if torch is not None and built == torch:
        return Verdict(kind="right")
    return Verdict(kind="wrong", why=f"built for torch {built}, and torch {torch} is there")


def _judge_failure(result: Result, without: Result, torch: str | None) -> Verdict:
    """Tell stops from failures that are the frontend's or our own.

    :param torch: what is there after the command without the shim.
    """
    if without.code > 0:
        return Verdict(kind="impossible")
    if _ERROR not in result.output:
        return Verdict(kind="wrong", why="it failed, without an error of the shim, and works without the shim")
    return Verdict(kind="torchless" if torch is None else "stopped")


@contextmanager
def _serve(place: Workplace, folder: Path, scene: Scene) -> Iterator[Index]:
    wheels = make_wheels(folder, scene.releases)
    others = [wheel for stock in (place.stock.wheelhouse, place.stock.shim) for wheel in sorted(stock.glob("*.whl"))]
    with serve_indexes({"main": [*wheels, *others]}) as index:
        index.delay = 0.3
        yield index


def _set(scene: Scene, place: Workplace, name: str, index: Index, *, plain: bool) -> Setting:
    """Make a folder with an environment, the extension and the files of the command."""
    command, cwd = scene.command, place.folder / name
    cwd.mkdir()
    target = place.target(None, name=f"{name}/env", pip=NEWEST_PIP if command.frontend == "pip" else None)
    exactly = ["--no-deps", "--prerelease=allow", f"--find-links={place.folder / 'wheels'}"]
    if scene.installed:
        place.install(target.python, *exactly, *map("===".join, scene.installed.items()))
    if not command.is_isolated:
        place.install(target.python, "setuptools", "runtime-backend")
    if scene.in_folder:
        folder = cwd / "folder"
        site = folder if command.folder == "target" else folder / "lib" / f"python{target.version}" / "site-packages"
        place.install(target.python, *exactly, f"torch==={scene.in_folder}", "torchdep===1.0", folder=site)
    make_extension(cwd / "ext", scene.extension, plain=plain)
    for file, text in command.files.items():
        (cwd / file).parent.mkdir(exist_ok=True)
        (cwd / file).write_text(text.replace(INDEX, index.url("")[:-1]), "utf-8")
    return Setting(cwd=cwd, target=target)


def _run(scene: Scene, place: Workplace, setting: Setting, index: Index) -> Result:
    command = scene.command
    words = [word.replace(INDEX, index.url("")[:-1]) for word in command.words]
    variables: dict[str, str | Path | None] = dict.fromkeys(_ELSEWHERE)
    variables |= {name: value.replace(INDEX, index.url("")[:-1]) for name, value in command.variables.items()}
    if command.frontend == "pip":
        start: list[object] = [setting.target.python, "-m", "pip", "install"]
    else:
        start = [place.stock.uv(NEWEST_UV), "pip", "install", "-p", setting.target.prefix]
    return place.start(*start, *words, cwd=setting.cwd, activated=None, **variables).wait(_WAIT)


class Tally:
    """Counts what came of the commands of a session, and fails the session if too many stop."""

    def __init__(self) -> None:
        self.seeds: dict[str, list[int]] = {kind: [] for kind in KINDS}
        """kind -> the seeds whose commands came to that."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what came of a command."""
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "random command":
                kind, _, seed = str(value).partition(" ")
                self.seeds[kind].append(int(seed))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the session if more than the allowed part stopped; two are always allowed."""
        if len(self.seeds["stopped"]) > max(2, ALLOWED_STOPS * sum(map(len, self.seeds.values()))):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the counts, and the seeds that a person may want to repeat."""
        if any(self.seeds.values()):
            terminalreporter.section("random commands")
            for kind, meaning in KINDS.items():
                seeds = sorted(self.seeds[kind]) if kind in ("stopped", "wrong") else []
                named = f"; seeds {', '.join(map(str, seeds))}" if seeds else ""
                terminalreporter.line(f"{len(self.seeds[kind]):5} {meaning}{named}")
            terminalreporter.line(f"At most {ALLOWED_STOPS:.0%} may stop although a torch would be there.")
