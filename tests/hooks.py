"""Making source trees, and calling the hooks in this process."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from callers import Scene
from standins import write

from runtime_backend.frontend import caller as frontend_caller
from runtime_backend.frontend.caller import Caller
from runtime_backend.hook.call import HookCall


def make_source(folder: Path, backend: str, table: str = "") -> Path:
    """Write a producer's pyproject.toml."""
    text = f'[build-system]\nrequires = ["runtime-backend"]\nbuild-backend = "runtime_backend.build"\n\n[tool.runtime-backend]\nbuild-backend = "{backend}"\n{table}'
    write(folder / "pyproject.toml", text)
    return folder


@dataclass
class Said:
    """The lines for the person; the line that a build begins is kept separately, because every build prints it."""

    lines: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    """The file with the output of each build."""

    def __call__(self, line: str) -> None:
        """Keep a line."""
        begun = re.fullmatch(r"building; `tail -f (.+)` shows the progress", line)
        if begun is None:
            self.lines.append(line)
        else:
            self.outputs.append(begun[1])


def cached(scene: Scene, caller: Caller) -> Caller:
    """Return a caller whose cache is in the scene."""
    return caller._replace(environ={**caller.environ, "RUNTIME_BACKEND_CACHE_DIR": str(scene.root / "our-cache")})


def call_of(hook: str, scene: Scene, caller: Caller, said: Said | None = None) -> HookCall:
    """Return a call of a hook in a scene."""
    return HookCall(hook, cached(scene, caller), said or Said())


def be(monkeypatch: pytest.MonkeyPatch, scene: Scene, caller: Caller) -> None:
    """Make this process the caller: its working directory, environment and arguments."""
    monkeypatch.chdir(caller.cwd)
    monkeypatch.setattr(frontend_caller, "read_caller", lambda: cached(scene, caller))


Config = dict[str, Any]
