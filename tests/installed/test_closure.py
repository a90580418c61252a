"""The dependencies of an installed runtime."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import make_distribution, make_torch

from runtime_backend.installed.closure import find_closure
from runtime_backend.installed.distributions import DistributionIndex


def closure(site: Path, extras: set[str] | None = None) -> list[str]:
    """Return the names of torch's closure."""
    index = DistributionIndex([site])
    root = index.find("torch")
    assert root is not None
    return [distribution.name for distribution in find_closure(root, extras or set(), index)]


def test_closure(tmp_path: Path) -> None:
    """What is required is followed, by any spelling, round circles, as far as it is installed."""
    make_torch(tmp_path, "2.7.0", requires=["Typing_Extensions>=4", "sympy", "missing", "win; sys_platform == 'none'"])
    make_distribution(tmp_path, "typing-extensions", "4", {"typing_extensions.py": ""})
    make_distribution(tmp_path, "sympy", "1", requires=["mpmath<2", "torch"])
    make_distribution(tmp_path, "mpmath", "1")
    for name in ("win", "unrelated"):
        make_distribution(tmp_path, name, "1")
    assert sorted(["torch", "typing-extensions", "sympy", "mpmath"]) == sorted(closure(tmp_path))


def test_closure_of_extras(tmp_path: Path) -> None:
    """An extra's requirements count if it is requested, by any package and in any spelling."""
    requires = ["opt; extra == 'opt-einsum'", "both; extra == 'a' or python_version > '3'", "dep[Fast.Mode]", "dep"]
    make_torch(tmp_path, "2.7.0", requires=requires)
    make_distribution(tmp_path, "dep", "1", requires=["fast; extra == 'fast-mode'", "slow; extra == 'slow'"])
    for name in ("opt", "both", "fast", "slow"):
        make_distribution(tmp_path, name, "1")
    assert {"torch", "both", "dep", "fast"} == set(closure(tmp_path))
    assert {"torch", "opt", "both", "dep", "fast"} == set(closure(tmp_path, {"opt_einsum"}))


@pytest.mark.parametrize("requires", [["dep", "dep[fast]"], ["dep[fast]", "dep"], ["dep[slow]", "other"]])
def test_closure_again_with_extras(requires: list[str], tmp_path: Path) -> None:
    """A distribution that is required with several sets of extras has all of them, in any order."""
    make_torch(tmp_path, "2.7.0", requires=requires)
    make_distribution(tmp_path, "dep", "1", requires=["quick; extra == 'fast'"])
    make_distribution(tmp_path, "other", "1", requires=["dep[fast]"])
    make_distribution(tmp_path, "quick", "1")
    assert "quick" in closure(tmp_path)


@pytest.mark.parametrize("requirement", ["a (>=1,", "", "dep; python_version ~= 'x'", "dep; 'x' in dependency_groups"])
def test_closure_with_what_cannot_be_read(tmp_path: Path, requirement: str) -> None:
    """A requirement that cannot be read, or whose marker cannot be decided, is not followed."""
    make_torch(tmp_path, "2.7.0", requires=[requirement])
    make_distribution(tmp_path, "dep", "1")
    assert ["torch"] == closure(tmp_path)
