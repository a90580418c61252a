"""Runs a situation, and looks at what came of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..index import Index
from ..stock import NEWEST_UV
from ..workplace import Result, Target, Workplace
from .model import ITSELF, Outcome, Situation, Stop, Words
from .system import make_system
from .world import write_extension

_SHOWN = re.compile(r"built against (\S+), there is (\S+)\.(?:\s|$)")
_THERE = (
    "from importlib.util import find_spec; import pathlib, re; found = find_spec('torch');"
    "text = found and (pathlib.Path(found.origin).parent / 'version.py').read_text();"
    "print(re.search(\"^__version__ = '(.*)'$\", text, re.M)[1] if found else 'none')"
)
_HASH = re.compile("<sha256 of (.*?)>")
_WAIT = 150


def run_situation(place: Workplace, index: Index, situation: Situation) -> Outcome:
    """Run the command; after an acceptable stop, run what its hint leads to, too."""
    arranged = Arranged(place, index, situation)
    outcome = arranged.act()
    if outcome.kind == "stopped" and situation.stop is not None:
        return replace(outcome, followed=arranged.follow(situation.stop))
    return outcome


class Arranged:
    """A situation in a workplace: the environment is made, and the files are written.

    :param is_reference: whether the package is built without the shim, to see what the frontend does.
    """

    def __init__(self, place: Workplace, index: Index, situation: Situation, *, is_reference: bool = False) -> None:
        wheels = index.files["torch-9.1.0-py3-none-any.whl"].parent
        self._place = place
        self._situation = situation
        index.delay = situation.delay
        index.repository = place.folder
        place.links.append(wheels)
        target = self._make_target()
        self._files = index.files
        self._names = {
            "<place>": str(place.folder),
            "<python>": str(target.python) if target else sys.executable,
            "<target>": str(target.prefix) if target else "",
            "<site>": str(target.site) if target else "",
            "<pip>": str(place.stock.pip(situation.pip)) if situation.pip else "",
            "<uv>": str(place.stock.uv(situation.uv or NEWEST_UV)),
            "<index>": index.url(situation.index),
            "<files>": index.url("files"),
            "<served>": index.url("repository"),
            "<base>": getattr(sys, "_base_executable", sys.executable),
            "<wheels>": str(wheels),
            "<X.Y>": f"{sys.version_info[0]}.{sys.version_info[1]}",
        }
        write_extension(place.folder / "ext", situation.ext, is_reference=is_reference)
        for name, text in situation.files.items():
            path = place.folder / self._fill(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._fill(text), "utf-8")
        for command in situation.prepare:
            result = self._run(command, {})
            assert result.code == 0, f"while preparing:\n{result}"

    def _make_target(self) -> Target | None:
        situation, place = self._situation, self._place
        if situation.prefix is None:
            return None
        if situation.has_system:
            system = make_system(place.folder / "system")
            place.install(system, *situation.before)
            subprocess.run(
                [system, "-m", "venv", "--system-site-packages", "--without-pip", place.folder / situation.prefix],
                check=True,
                env=place.environ(),
            )
            version = f"{sys.version_info[0]}.{sys.version_info[1]}"
            target = Target(prefix=place.folder / situation.prefix, version=version)
            if situation.pip:
                shutil.copytree(place.stock.pip(situation.pip), target.site, dirs_exist_ok=True)
            return target
        target = place.target(None, *situation.before, name=situation.prefix, pip=situation.pip)
        for name in situation.removed:
            for folder in target.site.glob(f"{name}*"):
                shutil.rmtree(folder)
        return target

    def act(self) -> Outcome:
        """Run the command, and judge it."""
        return self._judge(self._run(self._situation.command, {}), {})

    def follow(self, stop: Stop) -> Outcome:
        """Run what a stop's hint leads to, and judge the last command."""
        *first, last = stop.then
        for command in first:
            result = self._run(command, stop.variables)
            if result.code:
                return Outcome(kind="failed", result=result)
        return self._judge(self._run(last, stop.variables), stop.variables)

    def _judge(self, result: Result, variables: Mapping[str, str | None]) -> Outcome:
        if result.code:
            is_ours = "runtime-backend: error[" in result.output
            return Outcome(kind="stopped" if is_ours else "failed", result=result)
        if self._situation.wheels:
            return _judge_wheels(self._place.folder / self._situation.wheels, self._there, result)
        shown = result
        if self._situation.python != ITSELF:
            shown = self._ask("-m", "probe_setuptools.show", variables=variables)
        found = _SHOWN.search(shown.output)
        if found is None:
            return Outcome(kind="failed", result=shown)
        outcome = _compare(found.group(1), found.group(2), result)
        if not self._situation.is_unseen:
            return outcome
        return replace(outcome, is_verified=self._ask("-c", _VERIFIED, variables={}).output.strip() == "True")

    def _there(self) -> str:
        return self._ask("-c", _THERE, variables={}).output.strip()

    def _ask(self, *words: str, variables: Mapping[str, str | None]) -> Result:
        path = {"PYTHONPATH": self._fill(self._situation.path) or None}
        command = (self._situation.python, "-B", *words)
        return self._run(command, {**variables, **path}, cwd=self._place.folder / "home")

    def _run(self, command: Words, variables: Mapping[str, str | None], *, cwd: Path | None = None) -> Result:
        url = self._names["<index>"]
        ours: dict[str, Any] = dict.fromkeys(("PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_OFFLINE", "UV_FIND_LINKS"))
        given = {**self._situation.variables, **variables}
        filled = {name: None if value is None else self._fill(value) for name, value in given.items()}
        folder = cwd or (self._place.folder / self._situation.cwd)
        running = self._place.start(
            *(self._fill(word) for word in command),
            cwd=folder,
            **{**ours, "PIP_INDEX_URL": url, "UV_DEFAULT_INDEX": url, **filled},
        )
        result = running.wait(_WAIT)
        print(result)
        return result

    def _fill(self, text: str) -> str:
        for name, value in self._names.items():
            text = text.replace(name, value)
        return _HASH.sub(lambda found: sha256(self._files[found.group(1)].read_bytes()).hexdigest(), text)


_VERIFIED = """
from importlib.metadata import distribution; import json
text = distribution("probe-setuptools").read_text("runtime-backend.json")
print(all(runtime["verified"] for runtime in json.loads(text or '{"runtimes": []}')["runtimes"]))
"""


def _judge_wheels(folder: Path, there: Callable[[], str], result: Result) -> Outcome:
    """Judge a collection of wheels: the torch in it is what will be installed from it, if there is one."""
    built = _read(next(folder.glob("probe_setuptools-*.whl")), "probe_setuptools/built_against.py", "TORCH_VERSION")
    torches = list(folder.glob("torch-*.whl"))
    has = _read(torches[0], "torch/version.py", "__version__") if torches else there()
    return _compare(built, has, result)


def _read(wheel: Path, member: str, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(member).decode()
    found = re.search(f"^{name} = '(.*)'$", text, re.MULTILINE)
    assert found is not None
    return found.group(1)


def _compare(built: str, has: str, result: Result) -> Outcome:
    return Outcome(kind="right" if built == has else "wrong", built=built, has=has, result=result)
