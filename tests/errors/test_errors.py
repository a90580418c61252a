"""The error tree."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from runtime_backend import errors
from runtime_backend.errors import ConfigError, RuntimeBackendError, SystemRefusalError

KINDS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type)
    and issubclass(error, RuntimeBackendError)
    and error not in (ConfigError, SystemRefusalError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_message_and_hint(kind: type[RuntimeBackendError]) -> None:
    """A refusal has a message and a hint, which is printed on a line of its own; both are made of its facts."""
    error = kind("no-torch", "{name} is missing in {{x}}", hint="Install {name!r}.", name="{torch}", path=Path("/x"))
    assert ("{torch} is missing in {x}", "Install '{torch}'.") == (error.message, error.hint)
    assert str(error) == "{torch} is missing in {x}\nInstall '{torch}'."
    assert ("no-torch", {"name": "{torch}", "path": Path("/x")}) == (error.stop, error.facts)


@pytest.mark.parametrize("kind", KINDS)
def test_without_hint(kind: type[RuntimeBackendError]) -> None:
    """A refusal without a hint is its message."""
    assert str(kind("no-torch", "torch is missing")) == "torch is missing"


@pytest.mark.parametrize(
    ("problems", "text"),
    [
        (["a: wrong"], "1 mistake in the settings:\n  a: wrong\nRead."),
        (["a: wrong", "b: worse"], "2 mistakes in the settings:\n  a: wrong\n  b: worse\nRead."),
    ],
)
def test_config_error(problems: list[str], text: str) -> None:
    """All mistakes in the settings are reported at once, one per line."""
    error = ConfigError(problems, way_out="Read.")
    assert tuple(problems) == error.problems
    assert text == str(error)


@pytest.mark.parametrize(
    ("full", "told"),
    [
        ([], "a disk"),
        (["cwd"], "the disk of {cwd}"),
        (["tmp", "cwd"], "the disk of {tmp} and of {cwd}"),
    ],
)
def test_full_disk(full: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system does not name the full disk, the disks that builds write to are checked."""
    places = {"tmp": tmp_path / "tmp", "cwd": tmp_path / "cwd"}
    for place in places.values():
        place.mkdir()
    monkeypatch.chdir(places["cwd"])
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(places["tmp"]))
    free = {str(place): 0 if name in full else 1 << 40 for name, place in places.items()}
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=free[folder]))
    found = SystemRefusalError(OSError(errno.ENOSPC, "No space left on device"))
    assert f"{told.format(**places)}: {os.strerror(errno.ENOSPC)}" == found.message
    assert (found.hint or "").startswith("Free some space there: `runtime-backend cache clean` ")
