"""``runtime-backend explain`` refuses a package that a frontend would not build through the shim."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.cli.declaration import refuse_undeclared
from runtime_backend.config import load_settings
from runtime_backend.errors import ConfigError

NOT_OURS = "expected 'runtime_backend.build': no frontend would ask the shim"


def mistakes(folder: Path, *, backend: str = '"runtime_backend.build"', real: str = "", more: str = "") -> list[str]:
    """Return the mistakes in a package's declaration."""
    declared = f"build-backend = {backend}\n" if backend else ""
    ours = f'build-backend = "{real}"\n' if real else ""
    text = f'[build-system]\nrequires = ["runtime-backend", "near-setuptool"]\n{declared}\n[tool.runtime-backend]\n{ours}{more}'
    write(folder / "pyproject.toml", text)
    try:
        refuse_undeclared(folder, load_settings(folder, environ={}))
    except ConfigError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(
    ("backend", "found"),
    [
        ("", "none"),
        ('"setuptools.build_meta"', "the string 'setuptools.build_meta'"),
        ('"runtime_backend.biuld"', "the string 'runtime_backend.biuld' (did you mean 'runtime_backend.build'?)"),
        ('"runtime-backend.build"', "the string 'runtime-backend.build' (did you mean 'runtime_backend.build'?)"),
    ],
)
def test_another_backend(backend: str, found: str, tmp_path: Path) -> None:
    """A package with another backend, none, or ours misspelt is refused."""
    expected = [f"{tmp_path}/pyproject.toml: build-system.build-backend: found {found}, {NOT_OURS}"]
    assert expected == mistakes(tmp_path, backend=backend)


@pytest.mark.parametrize(
    ("backend", "hint"),
    [("setuptools.build_meta", "To declare it: runtime-backend init --write"), ("runtime_backend.build", None)],
)
def test_hint(backend: str, hint: str | None, tmp_path: Path) -> None:
    """The hint is ``init``, except for a misspelt real backend, which ``init`` cannot correct."""
    text = f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n[tool.runtime-backend]\nbuild-backend = "hatching"\n'
    write(tmp_path / "pyproject.toml", text)
    with pytest.raises(ConfigError) as caught:
        refuse_undeclared(tmp_path, load_settings(tmp_path, environ={}))
    assert hint == caught.value.hint


def test_backend_that_is_no_string(tmp_path: Path) -> None:
    """A mistake is reported once."""
    (told,) = mistakes(tmp_path, backend="3")
    assert told.endswith("build-system.build-backend: found int 3, expected a non-empty string")


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        ("setuptools.build_mta", "(did you mean 'setuptools.build_meta'?), expected one of setuptools.build_meta, "),
        ("setuptol.build_meta", "(did you mean 'setuptools.build_meta'?), expected one of setuptools.build_meta, "),
        ("hatching.build", "(did you mean 'hatchling.build'?), expected one of hatchling.build"),
        ("meson_python", ", expected one of mesonpy"),
        ("scikit_build.build", "(did you mean 'scikit_build_core.build'?), expected one of scikit_build_core.build, "),
        ("poetry.core.masonry", "(did you mean 'poetry.core.masonry.api'?), expected one of poetry.core.masonry.api"),
    ],
)
def test_misspelt_real_backend(real: str, expected: str, tmp_path: Path) -> None:
    """A misspelt well-known real backend is refused, with a suggestion."""
    (told,) = mistakes(tmp_path, real=real)
    assert f"tool.runtime-backend.build-backend: found the string {real!r}" in told
    assert expected in told


@pytest.mark.parametrize(
    "real", ["", "setuptools.build_meta", "setuptools.build_meta:__legacy__", "mesonpy", "mine.build", "near_setuptool"]
)
def test_real_backend(real: str, tmp_path: Path) -> None:
    """A well-known real backend, an unknown one, and one that the package requires are accepted."""
    assert [] == mistakes(tmp_path, real=real)


def test_in_tree(tmp_path: Path) -> None:
    """A backend in the source tree may have any name."""
    assert [] == mistakes(tmp_path, real="setuptools.mine", more='backend-path = ["."]\n')


@pytest.mark.parametrize("name", ["runtime_backend", "runtimebackend", "Runtime-Backend", '"runtime.backend"'])
def test_look_alike(name: str, tmp_path: Path) -> None:
    """A misspelt name of our table is refused in every hook, for producer and consumer."""
    write(tmp_path / "pyproject.toml", f"[tool.{name}.packages.ext]\nprovision = 'none'\n")
    write(tmp_path / "ext/pyproject.toml", f"[tool.{name}]\nmatch-runtime = ['torch']\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "ext", start=tmp_path / "ext", environ={})
    bare = name.strip('"')
    assert [
        f"{file}: tool.{bare}: found a table that is not read, expected tool.runtime-backend"
        for file in ("pyproject.toml", tmp_path / "pyproject.toml")
    ] == list(caught.value.problems)


def test_no_table_at_all(tmp_path: Path) -> None:
    """A pyproject.toml that only mentions the shim, or has another value instead of a table, is not checked."""
    write(tmp_path / "pyproject.toml", "tool = 'tool.runtime-backend'\n")
    write(tmp_path / "ext/pyproject.toml", "")
    assert load_settings(tmp_path / "ext", start=tmp_path / "ext", environ={}).stated is None
