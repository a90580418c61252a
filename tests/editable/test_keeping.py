"""Whether the build environment of an editable is kept, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from standins import make_distribution, write

from runtime_backend.config import Settings, load_settings
from runtime_backend.editable.keeping import Keeping, find_keeping, named_folder, with_environment, with_folder


def settings_of(folder: Path, backend: str, more: str = "") -> Settings:
    """Return the settings of a package."""
    write(folder / "pkg/pyproject.toml", f'[tool.runtime-backend]\nbuild-backend = "{backend}"\n{more}')
    return load_settings(folder / "pkg", environ={})


def find(folder: Path, backend: str, more: str = "", isolation: str = "hidden", **given: Any) -> Keeping | None:
    """Return the decision for a package."""
    settings = settings_of(folder, backend, more)
    return find_keeping(settings, folder / "cache", given.get("environ", {}), given.get("theirs", {}), isolation)


SKBUILD, REBUILDS = "scikit_build_core.build", "[tool.scikit-build]\neditable.rebuild = true\n"


@pytest.mark.parametrize("isolation", ["hidden", "throwaway", "kept", "assumed"])
def test_meson_python(tmp_path: Path, isolation: str) -> None:
    """The editables of meson-python always rebuild themselves."""
    found = find(tmp_path, "mesonpy", isolation=isolation)
    assert found is not None
    assert ("mesonpy", "editables of meson-python rebuild themselves") == found[:2]
    assert found.stem.parent == tmp_path / "cache/environments"
    assert found.stem.name.startswith("pkg-")
    assert f"{found.stem}-*" == found.place


@pytest.mark.parametrize(
    ("more", "environ", "theirs", "expected"),
    [
        ("", {}, {}, False),
        (REBUILDS, {}, {}, True),
        (REBUILDS, {}, {"editable.rebuild": "false"}, False),
        ("", {}, {"editable.rebuild": "true"}, True),
        ("", {}, {"skbuild.editable.rebuild": True}, True),
        (REBUILDS, {"SKBUILD_EDITABLE_REBUILD": "0"}, {"editable.rebuild": "true"}, False),
        ("", {"SKBUILD_EDITABLE_REBUILD": "ON"}, {}, True),
        ("", {"SKBUILD_EDITABLE_REBUILD": ""}, {}, False),
        (REBUILDS, {"SKBUILD_EDITABLE_MODE": "inplace"}, {}, False),
    ],
)
def test_scikit_build_core(
    tmp_path: Path, more: str, environ: dict[str, str], theirs: dict[str, Any], expected: bool  # noqa: FBT001 - a table
) -> None:  # fmt: skip
    """The variable wins over the config settings, which win over the file."""
    found = find(tmp_path, SKBUILD, more, environ=environ, theirs=theirs)
    assert expected == (found is not None)
    assert found is None or found.why == "scikit-build-core has editable.rebuild"


@pytest.mark.parametrize(
    ("backend", "more", "isolation"),
    [
        ("setuptools.build_meta", "", "hidden"),
        ("mesonpy", 'editable-env = "off"\n', "hidden"),
        ("mesonpy", "", "none"),
    ],
)
def test_nothing_is_kept(tmp_path: Path, backend: str, more: str, isolation: str) -> None:
    """Nothing is kept for other real backends, if the setting is off, or without isolation."""
    assert find(tmp_path, backend, more, isolation) is None


def test_nothing_is_kept_of_a_wrapper(tmp_path: Path) -> None:
    """A wrapper has no editable."""
    source = f'[tool.runtime-backend.source]\nurl = "https://x/y.tar.gz"\nsha256 = "{"a" * 64}"\n'
    write(tmp_path / "pkg/pyproject.toml", source)
    settings = load_settings(tmp_path / "pkg", environ={})
    assert find_keeping(settings, tmp_path, {}, {}, "hidden") is None


def test_environment(tmp_path: Path) -> None:
    """The path depends on the source, the distributions with their content, and the overlays; not on scripts."""
    found = find(tmp_path, "mesonpy")
    assert found is not None
    site = tmp_path / "env/site"
    make_distribution(site, "ninja", "1.0", {"ninja.py": "1"})

    def path_now(*shown: str) -> Path:
        environment = with_environment(found, ["", str(site)], [Path(entry) for entry in shown]).environment
        assert environment is not None
        return environment.path

    first = path_now()
    assert first == path_now()
    assert str(first).startswith(f"{found.stem}-")
    assert first != path_now("/overlay")
    record = site / "ninja-1.0.dist-info/RECORD"
    record.write_text(record.read_text("utf-8") + "../bin/ninja,sha256=abc,3\n", "utf-8")
    assert first == path_now()
    make_distribution(site, "ninja", "1.0", {"ninja.py": "2"})
    assert first != path_now()
    made = with_environment(found, [str(site)], [])
    assert made.environment is not None
    assert made.place == str(made.environment.path)


@pytest.mark.parametrize(
    ("backend", "more", "environ", "theirs", "expected"),
    [
        ("mesonpy", "", {}, {}, "build"),
        ("mesonpy", "", {}, {"build-dir": "b"}, "b"),
        ("mesonpy", "", {}, {"builddir": "c"}, "c"),
        (SKBUILD, REBUILDS, {}, {}, None),
        (SKBUILD, f'{REBUILDS}build-dir = "d"\n', {}, {}, "d"),
        (SKBUILD, f'{REBUILDS}build-dir = "d"\n', {}, {"build-dir": "e"}, "e"),
        (SKBUILD, REBUILDS, {"SKBUILD_BUILD_DIR": "f"}, {"build-dir": "e"}, "f"),
    ],
)
def test_folder(  # noqa: PLR0913, PLR0917 - the columns of a table
    tmp_path: Path, backend: str, more: str, environ: dict[str, str], theirs: dict[str, Any], expected: str | None
) -> None:
    """The named build folder contains one for the runtimes and the environment, passed on as each backend takes it."""
    found = find(tmp_path, backend, more)
    assert found is not None
    settings = settings_of(tmp_path, backend, more)
    base = named_folder(found, settings, environ, theirs)
    assert expected == base
    assert found == with_folder(found, "b", None)  # for explain, where the environment is not known
    made = with_folder(with_environment(found, [], []), base, "torch-2.7.0-ab")
    assert made.environment is not None
    key = made.environment.path.name.rpartition("-")[2]
    folder = None if base is None else f"{base}/torch-2.7.0-ab-{key}"
    assert folder == made.folder
    given = {"x": "y", "builddir": "z"}
    if backend == "mesonpy":
        assert ({"x": "y", "build-dir": folder}, {}) == (made.config_settings(given), made.variables)
        assert made.config_settings(None) == {"build-dir": folder}
    else:
        expected_variables = {} if folder is None else {"SKBUILD_BUILD_DIR": folder}
        assert (given, expected_variables) == (made.config_settings(given), made.variables)


def test_folder_without_a_runtime(tmp_path: Path) -> None:
    """Without a runtime, the folder is named after the environment alone."""
    found = find(tmp_path, "mesonpy")
    assert found is not None
    made = with_folder(with_environment(found, [], []), "build/", None)
    assert made.environment is not None
    assert made.folder == f"build/{made.environment.path.name.rpartition('-')[2]}"
