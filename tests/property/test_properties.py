"""What holds for any input."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from platforms import make_platform
from property.strategies import FAST, PATHS, SITES, as_document, documents
from standins import make_distribution, make_torch, write

from runtime_backend.config import load_settings
from runtime_backend.config.selection import Selection
from runtime_backend.errors import ConfigError, LockError
from runtime_backend.installed.distributions import Distribution, DistributionIndex
from runtime_backend.locks import find_locked
from runtime_backend.provision.links import Borrowed, plan_links

LINUX = make_platform("linux-x86_64", "3.11")
SETTING_KEYS = ["build-backend", "backend-path", "match-runtime", "requirement", "match", "provision", "unresolved",
                "env", "value", "force"]  # fmt: skip
LOCK_KEYS = ["name", "version", "source", "wheels", "url", "path", "hash", "registry", "resolution-markers",
             "archive", "directory", "marker", "hashes", "dependencies", "dev-dependencies", "virtual"]  # fmt: skip
CALL_KEYS = ["target", "lock", "pin", "provision", "cache-dir", "log"]


@FAST
@given(documents(SETTING_KEYS), st.dictionaries(st.sampled_from(CALL_KEYS), st.text(max_size=9) | st.lists(st.text())))
def test_settings_raise_config_errors_only(table: dict[str, Any], ours: dict[str, Any]) -> None:
    """Whatever the table and the config settings hold, it is settings, or a ConfigError."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "pyproject.toml", as_document({"tool": {"runtime-backend": table}}))
        with contextlib.suppress(ConfigError):
            settings = load_settings(Path(folder), config_settings=ours, environ={"PWD": folder})
            assert Path(folder) == settings.source


@FAST
@given(documents(LOCK_KEYS), documents(LOCK_KEYS), st.sampled_from(["uv.lock", "pylock.toml"]))
def test_locks_raise_lock_errors_only(one: dict[str, Any], two: dict[str, Any], name: str) -> None:
    """Whatever a lock holds, it is answers of the right types, or a LockError."""
    packages = [{"name": "torch", **one}, {**two, "name": "torch"}]
    head = {"version": 1, "package": packages, "lock-version": "1.0", "created-by": "x", "packages": packages}
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(LockError):
        path = write(Path(folder) / name, as_document(head))
        for locked in find_locked(path, "torch", Selection(project=Path(folder)), LINUX):
            assert locked.version == "" or Version(locked.version).release
            assert (locked.url is None) != (locked.missing is None)


@FAST
@given(SITES, st.sets(PATHS.map(lambda path: path.partition("/")[0])))
def test_overlay_never_shows_what_is_taken(site: dict[str, tuple[set[str], list[str]]], taken: set[str]) -> None:
    """No link but the runtime's own takes a name that is taken; none lies below another one; all lead somewhere."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_torch(place, "2.7.0", requires=["six", "nvidia_a", "Nvidia.B", "yaml"])
        for name, (files, requires) in site.items():
            if name != "torch":
                make_distribution(place, name, "1", dict.fromkeys(sorted(files), ""), requires)
        index = DistributionIndex([place])
        torch = index.find("torch")
        assert torch is not None
        runtime = Borrowed(distribution=torch, extras=frozenset(), installed=index)
        targets = plan_links([runtime], taken.__contains__).targets
        for entry, path in targets.items():
            top = entry.partition("/")[0]
            is_namespace = (place / top).is_dir() and not (place / top / "__init__.py").exists()
            assert top not in taken or top == "torch" or is_namespace
            assert not any(str(parent) in targets for parent in PurePosixPath(entry).parents)
            assert path.exists()


@FAST
@given(st.lists(st.tuples(PATHS, st.sampled_from(["", '"', "./", "../", "/", "\u2028", ","])), max_size=8))
def test_top_names_are_those_of_the_files(lines: list[tuple[str, str]]) -> None:
    """The first components that are read in one pass are those of all the paths."""
    paths = [odd + path for path, odd in lines if odd not in ('"', ",")]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "x-1.dist-info/RECORD", "".join(f"{path},,\n" for path in paths))
        found = Distribution(name="x", info=Path(folder) / "x-1.dist-info")
        assert tuple(paths) == found.files
        assert {path.partition("/")[0] for path in paths} - {""} == found.top_names
