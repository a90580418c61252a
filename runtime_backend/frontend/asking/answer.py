"""What a frontend answers: the distributions that its command is about to change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ...formats.jsontext import parse_json
from ...system.printable import without_secrets


class Change(NamedTuple):
    """What becomes of one distribution."""

    version: str | None
    """None: it is removed."""
    url: str | None = None
    """Where its wheel lies, if the frontend says so; without a fragment."""
    sha256: str | None = None
    is_direct: bool = True
    """Whether a URL was named for it; else it comes from an index, as whatever else installs that version."""
    is_source: bool = False
    """Whether the command builds it, so that no wheel of it can be had."""


class Answer(NamedTuple):
    """The changes that a command is about to make."""

    command: str
    """What was run, for people: ``pip install --dry-run``."""
    changes: Mapping[str, Change]
    """By normalised name; what is not in here stays as it is."""

    @property
    def has_secrets(self) -> bool:
        """Whether a URL in it holds a secret, which must not be kept."""
        return any(change.url != without_secrets(change.url) for change in self.changes.values() if change.url)

    def as_json(self) -> str:
        """Return the text that is kept."""
        return json.dumps({"command": self.command, "changes": {n: c._asdict() for n, c in self.changes.items()}})


def read_answer(path: Path) -> Answer | None:
    """Return an answer that was kept; None if there is none that can be read."""
    try:
        data = parse_json(path.read_text("utf-8"), is_own=True)
        changes = {str(name): Change(**change) for name, change in data["changes"].items()}
        return Answer(command=str(data["command"]), changes=changes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
