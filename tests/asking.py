"""A stand-in for asking a frontend, which runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from runtime_backend.frontend.asking.answer import Answer, Change
from runtime_backend.frontend.asking.asker import Asker
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.installations import Installation


def make_asker(folder: Path, caller: Caller) -> Callable[[], Asker]:
    """Return a function that makes an asker with its answers in a folder; see :func:`answer` for their content."""
    return partial(Asker, folder=folder, caller=caller, limit=10.0, is_offline=True, say=lambda _: None)


def answer(changes: Mapping[str, Change] | None = None) -> Answer:
    """Return a frontend's answer; by default, nothing changes."""
    return Answer(command="a dry run", changes=changes or {})


class Frontend:
    """The answers of all frontends in a test."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}
        self.asked: list[Installation] = []

    def __call__(self, _asker: Asker, installation: Installation, _work: Path) -> Answer:
        """Return the answer for a command."""
        self.asked.append(installation)
        return answer(self.changes)
