"""Facts that are in several files of the repository are the same in all of them."""

from __future__ import annotations

import re
from pathlib import Path

from runtime_backend.formats.toml import loads

ROOT = Path(__file__).parents[1]


def test_pythons() -> None:
    """The classifiers, the sessions of nox, and requires-python agree."""
    project = loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    classified = [name.rpartition(" ")[2] for name in project["classifiers"] if re.search(r"Python :: 3\.\d+$", name)]
    (listed,) = re.findall(r"^PYTHONS = (.*)$", (ROOT / "noxfile.py").read_text("utf-8"), re.MULTILINE)
    sessions = re.findall(r'"(3\.\d+)"', listed)
    assert sessions == classified
    assert f">={sessions[0]}" == project["requires-python"]


def test_hooks() -> None:
    """The tools of pre-commit have the versions of the group "lint"."""
    pinned = {
        text
        for text in loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["lint"]
        if "==" in text
    }
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    found = set(re.findall(r'"([a-z]+==[\d.]+)"', hooks))
    assert found < pinned
    assert {"codespell", "ruff"} == {text.partition("==")[0] for text in found}
