"""Facts that are in several files of the repository are the same in all of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime_backend.formats.toml import loads

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").iterdir())
FORMS = sorted(path for path in (ROOT / ".github/ISSUE_TEMPLATE").iterdir() if path.name != "config.yml")
GITHUB = [*WORKFLOWS, *FORMS, ROOT / ".github/dependabot.yml", ROOT / ".github/ISSUE_TEMPLATE/config.yml"]


def read(path: Path) -> Any:
    """Return a YAML file's content."""
    return yaml.safe_load(path.read_text("utf-8"))


def jobs() -> dict[str, dict[str, Any]]:
    """Return the jobs of all workflows."""
    return {f"{path.stem}.{name}": job for path in WORKFLOWS for name, job in read(path)["jobs"].items()}


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


def test_workflow_sessions() -> None:
    """The workflow runs every Python of nox on three systems, and sessions that exist."""
    noxfile = (ROOT / "noxfile.py").read_text("utf-8")
    (listed,) = re.findall(r"^PYTHONS = (.*)$", noxfile, re.MULTILINE)
    found = jobs()
    matrix = found["tests.tests"]["strategy"]["matrix"]
    assert re.findall(r'"(3\.\d+)"', listed) == matrix["python"]
    assert ["ubuntu-latest", "macos-latest", "windows-latest"] == matrix["os"]
    assert {*found["tests.checks"]["strategy"]["matrix"]["session"]} < {
        *re.findall(r"^def ([a-z]\w+)", noxfile, re.MULTILINE)
    }


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned(path: Path) -> None:
    """Every action is pinned to a commit, and a comment has its version: a tag can be moved to another commit."""
    uses = re.findall(r"uses: (.*)", path.read_text("utf-8"))
    pinned = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert [] == [text for text in uses if not text.startswith("./") and not pinned.fullmatch(text)]


def test_actions_are_the_same() -> None:
    """All workflows use the same version of an action."""
    texts = "".join(path.read_text("utf-8") for path in WORKFLOWS)
    uses = set(re.findall(r"uses: (\w.*)", texts))
    assert len(uses) == len({text.partition("@")[0] for text in uses})


def test_permissions() -> None:
    """No job may write, except that the one that publishes may identify itself."""
    assert [{}] * len(WORKFLOWS) == [read(path)["permissions"] for path in WORKFLOWS]
    found = {name: job["permissions"] for name, job in jobs().items()}
    assert {"id-token": "write"} == found.pop("release.publish")
    assert [{"contents": "read"}] * len(found) == [*found.values()]


def test_publishing_waits() -> None:
    """Nothing is published before the tests have passed, and a person has approved."""
    publish = jobs()["release.publish"]
    assert (["tests", "build"], "pypi") == (publish["needs"], publish["environment"])


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_forms(path: Path) -> None:
    """Every form asks for the plan as JSON, and each of its questions has its own id."""
    body = read(path)["body"]
    (plan,) = (part for part in body if part["id"] == "explain")
    assert ("json", True) == (
        plan["attributes"]["render"],
        "runtime-backend explain --json" in plan["attributes"]["description"],
    )
    assert len(body) == len({part["id"] for part in body})


def test_addresses() -> None:
    """The project has two addresses, and no file for GitHub names a package index."""
    urls = loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    ours = (f"{urls['Source']}/", f"{urls['Documentation']}/")
    texts = [*urls.values(), (ROOT / "SECURITY.md").read_text("utf-8"), *(path.read_text("utf-8") for path in GITHUB)]
    found = {url for text in texts for url in re.findall(r"https?://[^\s>]+", text)}
    assert [] == sorted(url for url in found if not f"{url}/".startswith(ours))
    assert {f"{urls['Source']}/security/advisories/new"} < found
