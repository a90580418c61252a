"""A frontend that is asked, and what it answers: nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from runtime_backend.frontend.asking.answer import Answer, Change
from runtime_backend.frontend.asking.asker import Asker
from runtime_backend.frontend.caller import Caller
from runtime_backend.frontend.installations import Installation


def make_asker(folder: Path, caller: Caller) -> Callable[[], Asker]:
    """Return what makes an asker whose answers lie in a folder; see :func:`answer` for what it is answered."""
    return partial(Asker, folder=folder, caller=caller, limit=10.0, is_offline=True, say=lambda _: None)


def answer(changes: Mapping[str, Change] | None = None) -> Answer:
    """Return what a frontend answers; by default that nothing changes."""
    return Answer(command="a dry run", changes=changes or {})


class Frontend:
    """What every frontend answers in a test."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}
        self.asked: list[Installation] = []

    def __call__(self, _asker: Asker, installation: Installation, _work: Path) -> Answer:
        """Answer."""
        self.asked.append(installation)
        return answer(self.changes)
