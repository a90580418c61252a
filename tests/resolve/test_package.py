"""The package that is built, by its pyproject.toml, and the text of a decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime_backend.resolve.decision import Decision, Kind
from runtime_backend.resolve.package import Package, read_package

SOURCE = Path("/source")


def package(*dependencies: str, **project: Any) -> Package:
    """Return a package with requirements."""
    return read_package(SOURCE, {"name": "ext", "dependencies": list(dependencies), **project})


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ({}, (None, None, None)),
        ({"name": "My_Ext"}, ("my-ext", (), {})),
        ({"name": "ext", "dependencies": ["torch", "numpy>=2"]}, ("ext", ("torch", "numpy>=2"), {})),
        ({"name": "ext", "dependencies": ["torch", 1]}, ("ext", ("torch", "1"), {})),
        ({"name": "ext", "optional-dependencies": {"a": ["b"]}}, ("ext", (), {"a": ["b"]})),
        ({"name": "ext", "dynamic": ["version"]}, ("ext", (), {})),
        ({"name": "ext", "dynamic": ["dependencies"]}, ("ext", None, {})),
        ({"name": "ext", "dynamic": ["optional-dependencies"]}, ("ext", (), None)),
        ({"name": "ext", "dynamic": "dependencies"}, ("ext", None, None)),
        ({"name": "ext", "dependencies": "torch"}, ("ext", None, {})),
        ({"name": "ext", "optional-dependencies": ["a"]}, ("ext", (), None)),
        ({"name": 1, "dependencies": ["torch"]}, (None, None, None)),
        ({"dependencies": ["torch"]}, (None, None, None)),
    ],
)
def test_read_package(project: dict[str, Any], expected: tuple[object, ...]) -> None:
    """Name, dependencies and extras are read from ``[project]``, unless they are dynamic or invalid."""
    found = read_package(SOURCE, project)
    assert (*expected, SOURCE) == (found.name, found.dependencies, found.extras, found.source)


@pytest.mark.parametrize(
    ("extras", "expected"),
    [
        ([], ("torch",)),
        (["cuda"], ("torch", "triton")),
        (["te-st", "cuda"], ("torch", "triton", "pytest")),
        (["unknown"], ("torch",)),
    ],
)
def test_requirements(extras: list[str], expected: tuple[str, ...]) -> None:
    """The requirements of a package are its dependencies and those of the named extras."""
    found = package("torch", **{"optional-dependencies": {"Cuda": ["triton"], "te_st": ["pytest"]}})
    assert expected == found.requirements(frozenset(extras))


@pytest.mark.parametrize(
    ("dynamic", "plain", "with_extra"),
    [
        ("dependencies", None, None),
        ("optional-dependencies", ("torch",), None),
        ("version", ("torch",), ("torch",)),
    ],
)
def test_requirements_that_are_dynamic(
    dynamic: str, plain: tuple[str, ...] | None, with_extra: tuple[str, ...] | None
) -> None:
    """Requirements that are known only after building are None."""
    found = package("torch", dynamic=[dynamic])
    assert (plain, with_extra) == (found.requirements(frozenset()), found.requirements(frozenset({"cuda"})))


@pytest.mark.parametrize("texts", [1, "torch", [1], None])
def test_extra_that_is_no_list_of_texts(texts: object) -> None:
    """Invalid extras are None; the real backend reports them."""
    found = package("torch", **{"optional-dependencies": {"cuda": texts}})
    assert None is found.requirements(frozenset({"cuda"}))


@pytest.mark.parametrize(
    ("dependency", "refused"),
    [
        ("torch", False),
        ("torch>=2.7", False),
        ("torch>=2.8", True),
        ("Torch==2.7.1", True),
        ("torch==2.7.0", False),
        ("torch==2.7.0+cu126", False),
        ("torch==2.7.0+cpu", True),
        ("torch[opt]<2.7", True),
        ("torchvision>=99", False),
        ("torch>=99; sys_platform == 'never'", False),
        ("torch>=99; python_version > '3'", True),
        ("torch>=99; extra == 'cuda'", False),
        ("torch>=99; python_version ~= 'x'", False),
        ("torch >= nine", False),
        ("torch @ https://h/torch-9.9-py3-none-any.whl", True),
    ],
)
def test_refuses(dependency: str, refused: bool) -> None:  # noqa: FBT001 - a column
    """A runtime is refused by a requirement that it does not meet, if the requirement applies here."""
    found = package("numpy>=99", "torch", dependency)
    assert (dependency if refused else None) == found.refuses("torch", "2.7.0+cu126")


def test_accepts_a_nightly() -> None:
    """A nightly is accepted, because a person chose it."""
    assert None is package("torch>=2.4").refuses("torch", "2.9.0.dev20260101+cu126")


def test_refuses_nothing_with_dynamic_dependencies() -> None:
    """Requirements that are known only after building refuse nothing."""
    assert None is read_package(SOURCE, {}).refuses("torch", "2.7.0")


@pytest.mark.parametrize(
    ("kind", "is_verified"),
    [("proved", True), ("read", True), ("asked", True), ("pinned", True), ("found", True), ("assumed", False)],
)
def test_decision(kind: Kind, is_verified: bool) -> None:  # noqa: FBT001 - a column
    """The text of a decision has its evidence; an assumption is not verified."""
    decision = Decision(kind=kind, evidence="a dry run: torch 9.1.0 stays")
    assert f"{kind}: a dry run: torch 9.1.0 stays" == str(decision)
    assert is_verified == decision.is_verified
