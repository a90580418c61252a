"""Makes the rows of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...stock import NEWEST_PIP, NEWEST_UV
from ..model import ITSELF, Extension, Situation

E = "./ext"
"""The package under test, as a word of a command."""
DIRECT = "probe-setuptools @ file://<place>/ext"
"""The package under test, as a requirement."""
TORCH_92 = "torch @ <files>/torch-9.2.0-py3-none-any.whl"
PROJECT_PYTHON = "<place>/consumer/.venv/bin/python"

ANY = Extension(requires=("torch",))
AT_LEAST_93 = Extension(requires=("torch>=9.3",))
DYNAMIC_93 = Extension(requires=("torch>=9.3",), is_dynamic=True)


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Makes situations of a kind."""

    kind: str

    def pip(self, name: str, *words: str, version: str = NEWEST_PIP, **more: Any) -> Situation:  # noqa: ANN401
        """Return ``pip install`` with these words."""
        return self.plain_pip(name, "install", *words, version=version, **more)

    def plain_pip(self, name: str, *words: str, version: str = NEWEST_PIP, **more: Any) -> Situation:  # noqa: ANN401
        """Return ``pip`` with these words."""
        command = ("<python>", "-m", "pip", *words)
        return Situation(id=f"pip-{name}", kind=self.kind, command=command, pip=version, **more)

    def uv_pip(self, name: str, *words: str, version: str = NEWEST_UV, **more: Any) -> Situation:  # noqa: ANN401
        """Return ``uv pip install`` with these words."""
        command = ("<uv>", "pip", "install", "-p", "<target>", *words)
        return Situation(id=f"uv-pip-{name}", kind=self.kind, command=command, uv=version, **more)

    def both(self, name: str, *words: str, **more: Any) -> tuple[Situation, Situation]:  # noqa: ANN401
        """Return the same words under pip and under uv."""
        return self.pip(name, *words, **more), self.uv_pip(name, *words, **more)

    def uv(self, name: str, *words: str, version: str = NEWEST_UV, **more: Any) -> Situation:  # noqa: ANN401
        """Return ``uv`` with these words."""
        return Situation(id=f"uv-{name}", kind=self.kind, command=("<uv>", *words), uv=version, **more)

    def uv_prints(self, name: str, *words: str, **more: Any) -> Situation:  # noqa: ANN401
        """Return ``uv`` with these words, which print what was built; there is no environment unless it is named."""
        return self.uv(name, *words, **{"prefix": None, "python": ITSELF, **more})

    def shell(self, name: str, script: str, **more: Any) -> Situation:  # noqa: ANN401
        """Return a line of a shell."""
        return Situation(id=name, kind=self.kind, command=("/bin/bash", "-c", script), **more)
