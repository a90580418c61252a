"""Which Pythons are supported is said in three places, and all say the same."""

from __future__ import annotations

import re
from pathlib import Path

from runtime_backend.formats.toml import loads

ROOT = Path(__file__).parents[1]


def test_pythons() -> None:
    """The classifiers, the sessions of nox, and requires-python."""
    project = loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    classified = [name.rpartition(" ")[2] for name in project["classifiers"] if re.search(r"Python :: 3\.\d+$", name)]
    sessions = re.findall(r'"(3\.\d+)"', (ROOT / "noxfile.py").read_text("utf-8"))
    assert sessions == classified
    assert f">={sessions[0]}" == project["requires-python"]
