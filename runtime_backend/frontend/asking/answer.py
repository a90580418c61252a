"""The answer of a frontend: the distributions that its command is about to change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ...formats.jsontext import parse_json
from ...system.printable import without_secrets


class Change(NamedTuple):
    """The change of one distribution."""

    version: str | None
    """None if it is removed."""
    url: str | None = None
    """The URL of its wheel without fragment, if the frontend shows it."""
    sha256: str | None = None
    is_direct: bool = True
    """Whether a URL was named for it; False if it comes from an index, so that its version is enough."""
    is_source: bool = False
    """Whether the command builds it, so that there is no wheel."""


class Answer(NamedTuple):
    """The changes that a command is about to make."""

    command: str
    """The dry run, for people: ``pip install --dry-run``."""
    changes: Mapping[str, Change]
    """Normalised name -> change; other distributions stay."""

    @property
    def has_secrets(self) -> bool:
        """Whether a URL contains a secret, so that the answer must not be kept."""
        return any(change.url != without_secrets(change.url) for change in self.changes.values() if change.url)

    def as_json(self) -> str:
        """Return the text of the kept file."""
        return json.dumps({"command": self.command, "changes": {n: c._asdict() for n, c in self.changes.items()}})


def read_answer(path: Path) -> Answer | None:
    """Return a kept answer; None if there is none or it cannot be read."""
    try:
        data = parse_json(path.read_text("utf-8"), is_own=True)
        changes = {str(name): Change(**change) for name, change in data["changes"].items()}
        return Answer(command=str(data["command"]), changes=changes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
