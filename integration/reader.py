"""A person who reads the documentation, and runs the commands as they are written there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .checks import check_installed
from .index import Index
from .real_torch import without_nvcc
from .scene import PROBE, Scene, find_target
from .workplace import Target, Workplace


class Reader(Scene):
    """A person with an environment activated, an index, and the package of the page in their folder.

    :param target: the environment; it gets the program pip.
    :param package: the name of a folder of ``packages``.
    :param called: the name that the package has on the page.
    :param programs: folders with the programs of other frontends.
    """

    def __init__(
        self,
        place: Workplace,
        index: Index,
        target: Target,
        *,
        package: str = PROBE,
        called: str | None = None,
        programs: Iterable[Path] = (),
    ) -> None:
        super().__init__(place, index, package, called=called)
        self.target = target
        give_program(target.prefix / "bin" / "pip", target.python, "-m", "pip")
        self.environ.update(dict.fromkeys(("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), index.url("main")))
        index.delay = 0.0
        self.environ["PATH"] = os.pathsep.join([*map(str, (target.prefix / "bin", *programs)), without_nvcc(place)])

    def run(self, *commands: str, fails: bool = False, **how: Any) -> list[str]:  # noqa: ANN401 - as for Workplace.run
        """Run commands in a shell, one by one, and return what each prints."""
        words = {"activated": self.target, **self.environ, **how}
        return [self.place.run("sh", "-c", command, fails=fails, **words).output for command in commands]

    def check(self, torch: str, *, provision: str | None = None, prefix: Path | None = None) -> None:
        """Check that the package is built against a torch, and which torch is next to it.

        :param prefix: the environment; the activated one if None.
        """
        target = self.target if prefix is None else find_target(prefix)
        check_installed(self.place, target, self.package.name, torch, provision=provision, grows=True)
        assert [f"torch-{torch}.dist-info"] == [path.name for path in target.site.glob("torch-*.dist-info")]


def give_program(path: Path, *words: object) -> None:
    """Write a program that calls another one.

    An environment of the stock has pip as a module only, and a copy of an environment has the program of the original.
    """
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(f'#!/bin/sh\nexec {" ".join(map(str, words))} "$@"\n', "utf-8")
    path.chmod(0o755)
