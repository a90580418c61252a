"""A project manager at work: a consumer whose lock pins a torch, and the package that it wants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .checks import check_installed
from .index import Index
from .scene import PROBE, Scene, find_target
from .workplace import Result, Workplace

REQUIRED = {"get_requires_for_build_wheel": "require", "build_wheel": "present"}
REUSED = {"get_requires_for_build_wheel": "reuse", "build_wheel": "reuse"}
REQUIRED_EDITABLE = {"get_requires_for_build_editable": "require", "build_editable": "present"}


class Project(Scene):
    """A project that wants a probe, and pins a torch in its lock.

    :param program: the project manager.
    """

    def __init__(self, place: Workplace, index: Index, program: str, *, package: str = PROBE) -> None:
        super().__init__(place, index, package, folder=place.folder / "consumer")
        self.program = program
        self.prefix = self.folder / ".venv"

    def run(self, *words: object, cwd: Path | None = None, **how: Any) -> Result:  # noqa: ANN401 - as for run
        """Run the project manager in the project, with nothing but the index."""
        program = self.place.stock.tool(self.program) / self.program
        before = len(self.place.hooks())
        self.index.is_begun = lambda: len(self.place.hooks()) > before
        return self.place.run(program, *words, cwd=cwd or self.folder, **{**self.environ, **how})

    def check(self, torch: str, *, provision: str | None = "present", prefix: Path | None = None) -> None:
        """Check what is installed."""
        target = find_target(prefix or self.prefix)
        name = self.package.name
        check_installed(self.place, target, name, torch, provision=provision, grows=True)
        self.check_torch(torch, prefix)

    def check_torch(self, torch: str, prefix: Path | None = None) -> None:
        """Check which torch ended up beside it."""
        (found,) = find_target(prefix or self.prefix).site.glob("torch-*.dist-info")
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
