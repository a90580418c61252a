"""An isolated environment by ``build``, in which the command line asks a package's real backend through this shim."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..formats.parsing import requirement_name
from ..system.progress import ticking

if TYPE_CHECKING:
    from build.env import DefaultIsolatedEnv

_OURS, _BY_STUB = re.compile(r"runtime-backend: error\[[\w-]+\]: "), "'stub' gave no answer: "
"""Starts of our own refusals, removed since the person did not call that hook or choose that way."""


@contextmanager
def isolated() -> Iterator[DefaultIsolatedEnv]:
    """Yield an empty environment, which is removed after the block."""
    from build.env import DefaultIsolatedEnv  # noqa: PLC0415 - the command line's extra

    with DefaultIsolatedEnv(installer="uv" if shutil.which("uv") else "pip") as environment:
        yield environment


def install(
    requirements: Sequence[str], environment: DefaultIsolatedEnv, purpose: str, say: Callable[[str], None]
) -> None:
    """Install requirements in the environment.

    :param purpose: what they are installed for: ``to ask for the metadata``.
    :raises subprocess.CalledProcessError: if they cannot be installed.
    """
    if requirements:
        names = ", ".join(dict.fromkeys(requirement_name(text) or text for text in requirements))
        with step(f"installing in a temporary environment, {purpose}: {names}", say):
            environment.install(requirements)


@contextmanager
def step(what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Announce a step, and report at intervals that it is still running."""
    say(what)
    with ticking(lambda passed: say(f"{what.partition(',')[0]}: {passed}")):
        yield


def last_words(error: Exception) -> str:
    """Return the line of a failed hook's output that has the reason."""
    inner = getattr(error, "exception", error)
    output = getattr(inner, "output", None) or f"it printed nothing: exit code {getattr(inner, 'returncode', 1)}"
    text = output.decode("utf-8", errors="replace") if isinstance(output, bytes) else str(output)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    ours = [line[found.end() :].rpartition(_BY_STUB)[2] for line in lines if (found := _OURS.match(line))]
    return (ours or lines)[-1]
