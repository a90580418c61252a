"""The settings ``build-requires``, ``build-lock`` and ``build-constraints``."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.config import Settings, load_settings
from runtime_backend.config.build_requires import holds
from runtime_backend.errors import ConfigError
from runtime_backend.formats.parsing import read_requirement

AT = "pyproject.toml: tool.runtime-backend"


def load(folder: Path, table: str, requires: str = '"runtime-backend"', **environ: str) -> Settings:
    """Return the settings of a producer."""
    text = f"[build-system]\nrequires = [{requires}]\n[tool.runtime-backend]\n{table}"
    write(folder / "pyproject.toml", text)
    return load_settings(folder, environ=environ)


def problems(folder: Path, table: str, requires: str = '"runtime-backend"') -> tuple[str, ...]:
    """Return the mistakes."""
    with pytest.raises(ConfigError) as caught:
        load(folder, table, requires)
    return caught.value.problems


def test_declared(tmp_path: Path) -> None:
    """What stands in build-system.requires is known, without the shim and what it requires itself."""
    found = load(
        tmp_path, "", '"runtime_backend>=1", "Packaging", "pyproject.hooks", "tomli", "Ninja>=1", "x y z"'
    ).build
    assert (("Ninja>=1",), None, None) == (found.declared, found.requires, found.lock)
    assert ("Ninja>=1",) == found.all_requires


def test_locked(tmp_path: Path) -> None:
    """The lock is a file of the source tree."""
    found = load(tmp_path, 'build-requires = ["ninja"]\nbuild-lock = "locks/pylock.build.toml"\n').build
    assert found.requires is not None
    assert found.lock is not None
    assert (("ninja",), f"{AT}.build-requires") == (found.requires.value, found.requires.origin)
    assert (tmp_path / "locks/pylock.build.toml", f"{AT}.build-lock") == (found.lock.value, found.lock.origin)
    assert (("ninja",), False) == (found.all_requires, found.is_lock_off)


def test_off_for_one_call(tmp_path: Path) -> None:
    """A person may build without the lock."""
    table = 'build-requires = ["ninja"]\nbuild-lock = "pylock.build.toml"\n'
    assert load(tmp_path, table, RUNTIME_BACKEND_BUILD_LOCK="off").build.is_lock_off
    assert not load(tmp_path, table, RUNTIME_BACKEND_BUILD_LOCK="on").build.is_lock_off


def test_metadata_for_one_call(tmp_path: Path) -> None:
    """A person may choose how metadata are found."""
    assert "stub" == load(tmp_path, "", RUNTIME_BACKEND_METADATA="stub").metadata.value


def test_mistakes_in_requirements(tmp_path: Path) -> None:
    """A runtime, the shim and what is no requirement are refused, each by its place."""
    table = 'build-requires = ["ninja", "Torch>=2", "runtime-backend", "a b", 3]\n'
    assert {
        f"{AT}.build-requires[4]: found int 3, expected a string",
        f"{AT}.build-requires[1]: found the string 'Torch>=2', expected it in match-runtime alone: a runtime is no build"
        " requirement",
        f"{AT}.build-requires[2]: found the string 'runtime-backend', expected the shim in build-system.requires alone",
        f"{AT}.build-requires[3]: found the string 'a b', expected a requirement, such as 'setuptools>=77'",
    } == set(problems(tmp_path, table))


def test_key_in_both_places(tmp_path: Path) -> None:
    """With build-requires, build-system.requires names the shim, and beside a vendored one what that requires."""
    requires = '"setuptools", "packaging", "ninja"'
    moved = "expected it in tool.runtime-backend.build-requires: what stands here is installed unlocked"
    assert (
        f"pyproject.toml: build-system.requires[0]: found the string 'setuptools', {moved}",
        f"pyproject.toml: build-system.requires[2]: found the string 'ninja', {moved}",
    ) == problems(tmp_path, 'build-requires = ["ninja"]\n', requires)


@pytest.mark.parametrize("name", ["uv.lock", "requirements.txt", "pylock.toml", "pylock.a.b.toml"])
def test_lock_of_another_kind(name: str, tmp_path: Path) -> None:
    """A build lock has a name of PEP 751, and not the one that a project's own lock has."""
    assert (
        f"{AT}.build-lock: found the string {name!r}, expected a file with a name like pylock.build.toml (PEP 751)",
    ) == problems(tmp_path, f'build-requires = []\nbuild-lock = "{name}"\n')


def test_lock_outside(tmp_path: Path) -> None:
    """A producer's lock is in its sdist, so it is in the source tree."""
    text = "../pylock.build.toml"
    assert (f"{AT}.build-lock: found the string {text!r}, expected a file inside the source tree",) == problems(
        tmp_path, f'build-requires = []\nbuild-lock = "{text}"\n'
    )


def test_lock_of_nothing(tmp_path: Path) -> None:
    """What is locked is named next to the lock."""
    assert (
        f"{AT}.build-lock: found no build-requires next to it, expected what is locked in build-requires",
    ) == problems(tmp_path, 'build-lock = "pylock.build.toml"\n')


def test_consumer(tmp_path: Path) -> None:
    """A consumer's lock wins, relative to its file; its constraints for all packages and for one add up."""
    app, source = tmp_path / "app", tmp_path / "source"
    text = '[build-system]\nrequires = ["runtime-backend"]\n[project]\nname = "ext"\nversion = "1"\n'
    producer = 'build-requires = ["ninja"]\nbuild-lock = "pylock.own.toml"\n'
    write(source / "pyproject.toml", f"{text}[tool.runtime-backend]\n{producer}")
    settings = (
        '[tool.runtime-backend]\nbuild-constraints = ["Cython<3.2", "x==1; sys_platform == \'never\'"]\n'
        '[tool.runtime-backend.packages.ext]\nbuild-lock = "locks/pylock.ext.toml"\nbuild-constraints = ["cython>3"]\n'
    )
    write(app / "pyproject.toml", settings)
    found = load_settings(source, start=app, environ={}).build
    assert found.lock is not None
    assert (app / "locks/pylock.ext.toml") == found.lock.value
    at = f"{app / 'pyproject.toml'}: tool.runtime-backend"
    assert [
        ("cython", "Cython<3.2", f"{at}.build-constraints"),
        ("cython", "cython>3", f"{at}.packages.ext.build-constraints"),
    ] == [(c.name, str(c.requirement), c.origin) for c in found.constraints]


def test_mistakes_of_a_consumer(tmp_path: Path) -> None:
    """A constraint is a name with versions."""
    app, source = tmp_path / "app", tmp_path / "source"
    write(source / "pyproject.toml", "")
    write(app / "pyproject.toml", '[tool.runtime-backend]\nbuild-constraints = ["x @ https://h/x.whl", "?"]\n')
    with pytest.raises(ConfigError) as caught:
        load_settings(source, start=app, environ={})
    at = f"{app / 'pyproject.toml'}: tool.runtime-backend.build-constraints"
    expected = "expected a name with versions, such as 'cython<3.2'"
    assert (
        f"{at}[0]: found the string 'x @ https://h/x.whl', {expected}",
        f"{at}[1]: found the string '?', {expected}",
    ) == caught.value.problems


def test_markers() -> None:
    """A marker that cannot be evaluated counts as true."""
    assert [True, False, True] == [
        holds(read_requirement(text)) for text in ("a", "a; sys_platform == 'never'", "a; 'x' in dependency_groups")
    ]
