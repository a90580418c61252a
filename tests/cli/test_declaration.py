"""``runtime-backend explain`` refuses a package that a frontend would not build through the shim."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.cli.declaration import refuse_misspelt, refuse_undeclared
from runtime_backend.config import load_settings
from runtime_backend.errors import BackendError, CommandError, ConfigError

HINT = (
    "To declare it in your own package: runtime-backend init --write. To build the package of somebody else in your"
    " project: runtime-backend wrap NAME==VERSION."
)


def declaring(folder: Path, backend: str, *, real: str = "", more: str = "") -> Path:
    """Make a package with a backend, and return its folder."""
    declared = f"build-backend = {backend}\n" if backend else ""
    ours = f'build-backend = "{real}"\n' if real else ""
    text = f'[build-system]\nrequires = ["runtime-backend", "near-setuptool"]\n{declared}\n[tool.runtime-backend]\n{ours}{more}'
    write(folder / "pyproject.toml", text)
    return folder


def mistakes(folder: Path, *, real: str, more: str = "") -> list[str]:
    """Return the mistakes in the name of a package's real backend."""
    declaring(folder, '"runtime_backend.build"', real=real, more=more)
    refuse_undeclared(folder)
    try:
        refuse_misspelt(folder, load_settings(folder, environ={}))
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
    """A package with another backend, none, or ours misspelt is refused, before its settings are read."""
    with pytest.raises(BackendError) as caught:
        refuse_undeclared(declaring(tmp_path, backend, more="misspelt = 1\n"))
    assert (
        f"{tmp_path}/pyproject.toml: build-system.build-backend: found {found}, expected 'runtime_backend.build':"
        f" frontends build this package without runtime-backend\n{HINT}"
    ) == str(caught.value)


def test_no_pyproject(tmp_path: Path) -> None:
    """A bare setup.py declares nothing, and a folder without one is no package."""
    with pytest.raises(CommandError) as missing:
        refuse_undeclared(tmp_path)
    assert f"{tmp_path}: found neither pyproject.toml nor setup.py, expected a package" == str(missing.value)
    write(tmp_path / "setup.py", "")
    with pytest.raises(BackendError) as caught:
        refuse_undeclared(tmp_path)
    assert (
        f"{tmp_path}/setup.py: found a setup.py without a pyproject.toml: frontends build this package without"
        f" runtime-backend\n{HINT}"
    ) == str(caught.value)


def test_backend_that_is_no_string(tmp_path: Path) -> None:
    """A mistake is reported once."""
    with pytest.raises(ConfigError) as caught:
        refuse_undeclared(declaring(tmp_path, "3"))
    (problem,) = caught.value.problems
    assert problem.endswith("build-system.build-backend: found int 3, expected a non-empty string")


def test_no_build_system(tmp_path: Path) -> None:
    """A pyproject.toml without build-system declares nothing."""
    write(tmp_path / "pyproject.toml", "[project]\n")
    with pytest.raises(BackendError) as caught:
        refuse_undeclared(tmp_path)
    assert "not-declared" == caught.value.stop


def test_misspelt_without_build_system(tmp_path: Path) -> None:
    """The name of the real backend is checked without build requirements, too."""
    write(tmp_path / "pyproject.toml", '[tool.runtime-backend]\nbuild-backend = "hatching"\n')
    with pytest.raises(ConfigError) as caught:
        refuse_misspelt(tmp_path, load_settings(tmp_path, environ={}))
    assert "expected one of hatchling.build" in str(caught.value)


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
    assert told.startswith(f"{tmp_path}/pyproject.toml: tool.runtime-backend.build-backend: found the string {real!r}")
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
