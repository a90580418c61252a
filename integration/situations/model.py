"""A situation: one command, what is there before, and where its result is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..workplace import Result

Words = tuple[str, ...]
Kind = Literal["right", "stopped", "wrong", "failed"]

TORCH = ("torch===9.1.0",)
"""What is installed before most commands."""
PYTHON = "<python>"
"""The interpreter of the environment that is made before the command."""
ITSELF = ""
"""In place of an interpreter: the command prints what it has built, in an environment that uv drops afterwards."""


@dataclass(frozen=True, kw_only=True)
class Extension:
    """What the package under test declares; it is copied to ``ext``."""

    requires: Words = ()
    is_dynamic: bool = False
    """Whether setup.py declares the requirements; otherwise pyproject.toml does."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A stop that is acceptable, and the way out of it."""

    hint: str
    """What the message has to contain."""
    then: tuple[Words, ...]
    """The commands that the hint leads to; the last one is judged."""
    variables: Mapping[str, str | None] = field(default_factory=dict)
    """What changes in the environment for them."""
    is_required: bool = False
    """Whether no build can be right, so that the command has to stop."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One command.

    ``<place>``, ``<python>``, ``<index>`` and the other names of ``runner`` are filled in, in every text.
    """

    id: str
    kind: str
    """The row of the report that it belongs to."""
    command: Words
    pip: str | None = None
    """The version of pip that is in the environment."""
    uv: str | None = None
    """The version of ``<uv>``."""
    ext: Extension = Extension()
    before: Words = TORCH
    """What is installed before, besides a distribution that torch does not need."""
    removed: Words = ()
    """What is deleted from the environment after that."""
    prefix: str | None = "target"
    """The environment made before; None: the command makes one."""
    has_system: bool = False
    """Whether ``before`` is installed in a system's Python, whose packages the environment sees."""
    files: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    cwd: str = "."
    prepare: tuple[Words, ...] = ()
    """Commands that are run first, and must succeed."""
    index: str = "plain"
    delay: float = 0.0
    """Seconds before a torch arrives."""
    python: str = PYTHON
    """The interpreter that is asked afterwards."""
    path: str = ""
    """The PYTHONPATH with which it is asked."""
    wheels: str = ""
    """The folder of wheels that is looked at; the interpreter is asked only for a torch that is not in it."""
    stop: Stop | None = None
    is_unseen: bool = False
    """Whether nothing shows the command to the shim: then the wheel has to say that it is not verified."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a command led to."""

    kind: Kind
    built: str = ""
    """The torch that the package was built against."""
    has: str = ""
    """The torch that the environment has; ``none`` if there is none."""
    result: Result
    is_verified: bool = True
    """What the stamp says."""
    followed: Outcome | None = None
    """What the way out of an acceptable stop led to."""

    @property
    def message(self) -> str:
        """The shim's message, as one line."""
        return " ".join(self.result.output.partition("runtime-backend: error[")[2].split())

    def __str__(self) -> str:
        """Return it as a failing test shows it."""
        tail = f"\nthe way out {self.followed}" if self.followed else ""
        return f"{self.kind}: built against {self.built or '-'}, there is {self.has or '-'}\n{self.result}{tail}"
