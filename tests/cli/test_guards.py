"""``match-runtime`` as ``init`` composes it: the settings read it with the meaning of the package's requirements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import default_environment
from packaging.requirements import Requirement
from standins import write

from runtime_backend.cli.adopt.guards import compose_guards
from runtime_backend.config import RuntimeRule, load_settings

LINUX, MAC = "sys_platform == 'linux'", "sys_platform == 'darwin'"
OLD, NEW = "python_version < '3.13'", "python_version >= '3.13'"


@pytest.mark.parametrize(
    ("built", "own", "expected"),
    [
        ([], [], ["torch"]),
        (["torch"], [], ["torch"]),
        (["Torch >=2.4, <3"], [], ["Torch >=2.4, <3"]),
        (["torch[opt]"], [], ["torch[opt]"]),
        ([], ["torch>=2.4,<3"], ["torch>=2.4,<3"]),
        (["torch"], ["torch>=2.4"], ["torch>=2.4"]),
        (["torch>=2"], ["torch>=2.4,<3"], ["torch>=2.4,<3"]),
        (["torch>=2.6"], ["torch>=2.4,<3"], ["torch<3,>=2.6"]),
        (["torch<2.9"], ["torch>=2.4,<3", "torch!=2.5.0"], ["torch!=2.5.0,<2.9,>=2.4"]),
        (["torch==2.6.0"], ["torch>=2.4"], ["torch==2.6.0"]),
        (["torch==2.6.0"], ["torch>=2.7"], ["torch==2.6.0,>=2.7"]),
        (["torch==2.6.*"], ["torch>=2.6.1"], ["torch==2.6.*,>=2.6.1"]),
        (["torch[opt]>=2"], ["torch>=2.4"], ["torch[opt]>=2.4"]),
        ([], ["torch"], ["torch"]),
        # the build needs torch everywhere: where the marker does not hold, it gets one all the same
        ([], [f"torch>=2.4; {LINUX}"], ["torch", f"torch>=2.4; {LINUX}"]),
        (["torch"], [f"torch>=2.4; {LINUX}"], ["torch", f"torch>=2.4; {LINUX}"]),
        (["torch>=2"], ["torch<3", f"torch>=2.4; {LINUX}"], ["torch<3,>=2", f"torch>=2.4; {LINUX}"]),
        # the build needs torch only where its marker holds
        ([f"torch>=2; {LINUX}"], [], [f"torch>=2; {LINUX}"]),
        ([f"torch>=2; {LINUX}"], [f"torch<3; {LINUX}"], [f"torch<3,>=2; {LINUX}"]),
        ([f"torch; {LINUX}"], ["torch<3"], [f"torch<3; {LINUX}"]),
        ([f"torch>=2; {LINUX}"], [f"torch<3; {NEW}"], [f"torch>=2; {LINUX}", f"torch<3; {LINUX} and {NEW}"]),
        (
            [f"torch>=2; {LINUX}", f"torch>=2.5; {MAC}"],
            ["torch<3"],
            [f"torch>=2; {LINUX}", f"torch>=2.5; {MAC}", f"torch<3; {LINUX} or {MAC}"],
        ),
        # two markers of which one always holds
        (
            [f"torch>=2.1; {OLD}", f"torch>=2.5; {NEW}"],
            ["torch<3"],
            [f"torch>=2.1; {OLD}", f"torch>=2.5; {NEW}", "torch<3"],
        ),
        ([f"torch>=2; {LINUX}", f"torch>=2.5; {LINUX}"], [], [f"torch>=2.5; {LINUX}"]),
    ],
)
def test_composed(built: list[str], own: list[str], expected: list[str]) -> None:
    """A single requirement keeps its spelling; bounds are combined; markers are kept."""
    assert expected == compose_guards("torch", built, own)


MARKERS = st.sampled_from(
    ["", LINUX, MAC, "sys_platform != 'linux'", OLD, NEW, f"{LINUX} and {NEW}", f"{MAC} or {OLD}"]
)
CLAUSES = st.sampled_from(["", ">=2.1", ">=2.4", "<2.6", "<3", "==2.5.0", "==2.5.*", "!=2.4.0", "~=2.4", "===2.5.0"])


ONE = st.tuples(CLAUSES, CLAUSES, MARKERS).map(
    lambda parts: f"torch{','.join(filter(None, parts[:2]))}" + (f"; {parts[2]}" if parts[2] else "")
)
REQUIREMENTS = st.lists(ONE, max_size=3)
VERSIONS = ("2.0.0", "2.5.0+cu124", "2.1.0", "2.4.0", "2.4.1", "2.5.0", "2.5.1", "2.6.0", "2.9.0", "3.0.0")


@pytest.mark.once
@given(
    built=REQUIREMENTS,
    own=REQUIREMENTS,
    platform=st.sampled_from(["linux", "darwin", "win32"]),
    python=st.sampled_from(["3.12", "3.13"]),
)
@settings(deadline=None, max_examples=300, derandomize=True)
def test_read_back(
    built: list[str], own: list[str], platform: str, python: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In every environment, the settings accept the composed entries, which accept the same versions.

    The build needs torch where a build requirement applies, or everywhere if there is none.
    """
    folder = tmp_path_factory.mktemp("read", numbered=True)
    environment: dict[str, Any] = {**default_environment(), "sys_platform": platform, "python_version": python}
    rule = read_back(folder, compose_guards("torch", built, own), environment)
    needs = [Requirement(text) for text in built]
    is_needed = not built or any(holds(need, environment) for need in needs)
    assert is_needed == (rule is not None)
    if rule is not None:
        counting = [need for need in (*needs, *map(Requirement, own)) if holds(need, environment)]
        expected = [v for v in VERSIONS if all(need.specifier.contains(v) for need in counting)]
        assert expected == [version for version in VERSIONS if rule.requirement.specifier.contains(version)]


def holds(requirement: Requirement, environment: dict[str, str]) -> bool:
    """Return whether a requirement applies in an environment."""
    return requirement.marker is None or requirement.marker.evaluate(environment)


def read_back(folder: Path, guards: list[str], environment: dict[str, str]) -> RuntimeRule | None:
    """Return the guard that the settings read from the entries in an environment."""
    write(folder / "pyproject.toml", f"[tool.runtime-backend]\nmatch-runtime = {json.dumps(guards)}\n")
    with patch("packaging.markers.default_environment", return_value=environment):
        rules = load_settings(folder, environ={}).runtimes
    return rules[0] if rules else None
