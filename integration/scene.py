"""One test's scene: a person's machine, an index that is slow with torch, and a package to build."""

from __future__ import annotations

import shutil
from pathlib import Path

from .index import Index
from .workplace import Target, Workplace

PROBE = "probe_setuptools"

DELAY = 2.5
"""Seconds before a torch comes: longer than a build takes. If it came at once, a build in the wrong order would look
right.
"""

_OFFLINE = ("PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_OFFLINE", "UV_FIND_LINKS")


class Scene:
    """What every test with an index begins with.

    :param package: the name of a folder of ``packages``.
    :param called: another name for the package.
    :param folder: where the person works; the place's own if None.
    """

    def __init__(
        self,
        place: Workplace,
        index: Index,
        package: str = PROBE,
        *,
        called: str | None = None,
        folder: Path | None = None,
    ) -> None:
        self.place = place
        self.index = index
        self.package = place.package(package, called=called)
        self.name = self.package.name.replace("_", "-")
        self.folder = folder or place.folder
        self.folder.mkdir(exist_ok=True)
        self.environ: dict[str, str | Path | None] = dict.fromkeys(_OFFLINE)
        """What the person has exported; None takes a variable away."""
        index.delay = DELAY

    def write(self, name: str, text: str) -> Path:
        """Write a file where the person works, and return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def edit(self, old: str, new: str) -> None:
        """Change the package's pyproject.toml."""
        settings = self.package / "pyproject.toml"
        text = settings.read_text("utf-8")
        assert old in text
        settings.write_text(text.replace(old, new), "utf-8")
        self.place.settle(self.package)

    def append(self, text: str) -> None:
        """Add to the package's pyproject.toml."""
        with (self.package / "pyproject.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"\n{text}")
        self.place.settle(self.package)

    def depend_on_torch(self, requirement: str = "torch>=2.4") -> None:
        """Let the package say that it needs torch."""
        line = 'requires-python = ">=3.10"\n'
        self.edit(line, f'{line}dependencies = ["{requirement}"]\n')

    def sdist(self) -> Path:
        """Return the package as an sdist."""
        return self.place.sdist(self.package)

    def repository(self) -> Path:
        """Return the package as a git repository with one commit, which the index serves, too."""
        folder = self.place.folder / "repository"
        if folder.is_dir():
            return folder
        shutil.copytree(self.package, folder)
        self.place.commit(folder, ("update-server-info",))
        self.index.repository = folder / ".git"
        return folder


def find_target(prefix: Path) -> Target:
    """Return an environment that a frontend has made."""
    version = next((prefix / "lib").glob("python3*")).name.removeprefix("python")
    return Target(prefix=prefix, version=version)
