"""What the tests of project managers share: a consumer, and its producer as a folder, an sdist, a git repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from .checks import check_installed
from .index import Index
from .workplace import Result, Target, Workplace

REQUIRED = {"get_requires_for_build_wheel": "require", "build_wheel": "present"}
REUSED = {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse"}
REQUIRED_EDITABLE = {"get_requires_for_build_editable": "require", "build_editable": "present"}

DELAY = 2.5
"""Seconds before a torch comes: longer than a build takes."""


class Project:
    """A project that wants a probe, and pins a torch in its lock.

    :param program: the project manager.
    """

    def __init__(self, place: Workplace, index: Index, program: str, *, package: str = "probe_setuptools") -> None:
        self.place = place
        self.index = index
        self.package = place.package(package)
        self.name = package.replace("_", "-")
        self.program = program
        self.folder = place.folder / "consumer"
        self.folder.mkdir()
        offline = ("PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_OFFLINE", "UV_FIND_LINKS")
        self.surroundings: dict[str, str | Path | None] = dict.fromkeys(offline)
        self.prefix = self.folder / ".venv"
        index.delay = DELAY

    def depend_on_torch(self, requirement: str = "torch>=2.4") -> None:
        """Let the package say that it needs torch."""
        settings = self.package / "pyproject.toml"
        text = settings.read_text("utf-8")
        line = 'requires-python = ">=3.10"\n'
        settings.write_text(text.replace(line, f'{line}dependencies = ["{requirement}"]\n'), "utf-8")
        self.place.settle(self.package)

    def sdist(self) -> Path:
        """Return the package as an sdist."""
        return self.place.sdist(self.package)

    def repository(self) -> Path:
        """Return the package as a git repository with one commit."""
        folder = self.place.folder / "repository"
        shutil.copytree(self.package, folder)
        who = ("-c", "user.name=Jo", "-c", "user.email=jo@example.org")
        commands = (
            ("init", "-q", "-b", "main"),
            ("add", "."),
            (*who, "commit", "-qm", "First"),
            ("update-server-info",),
        )
        for words in commands:
            subprocess.run(["git", *words], cwd=folder, check=True, env=self.place.environ())
        self.index.repository = folder / ".git"
        return folder

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        (self.folder / name).write_text(text, "utf-8")

    def run(self, *words: object, cwd: Path | None = None, **how: Any) -> Result:  # noqa: ANN401 - as for run
        """Run the project manager in the project, with nothing but the index."""
        program = self.place.stock.tool(self.program) / self.program
        before = len(self.place.hooks())
        self.index.is_begun = lambda: len(self.place.hooks()) > before
        return self.place.run(program, *words, cwd=cwd or self.folder, **{**self.surroundings, **how})

    def check(self, torch: str, *, provision: str | None = "present", prefix: Path | None = None) -> None:
        """Check what is installed."""
        target = target_of(prefix or self.prefix)
        name = self.package.name
        check_installed(self.place, target, name, torch, provision=provision, grows=True)
        self.check_torch(torch, prefix)

    def check_torch(self, torch: str, prefix: Path | None = None) -> None:
        """Check which torch ended up beside it."""
        (found,) = target_of(prefix or self.prefix).site.glob("torch-*.dist-info")
        assert found.name == f"torch-{torch}.dist-info"

    def requested(self) -> list[str]:
        """Return what the hooks asked for, in the form that they used."""
        plans = [hook["runtimes"][0]["provision"] for hook in self.place.hooks()]
        return sorted({plan["requirement"] for plan in plans if plan.get("requirement")})

    def direct(self, torch: str) -> str:
        """Return the beginning of a request by URL."""
        return f"torch @ {self.index.url('files')}/{self._quoted(torch)}#sha256="

    def verified(self, torch: str) -> str:
        """Return a pattern for a request of a wheel that the shim has checked: the frontend does not."""
        return f"torch @ {(self.place.cache / 'verified').as_uri()}/*/{self._quoted(torch)}#sha256=*"

    def _quoted(self, torch: str) -> str:
        return f"torch-{torch.replace('+', '%2B')}-py3-none-any.whl"


def target_of(prefix: Path) -> Target:
    """Return an environment that the frontend made."""
    version = next((prefix / "lib").glob("python3*")).name.removeprefix("python")
    return Target(prefix=prefix, version=version)
