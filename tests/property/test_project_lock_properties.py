"""What holds for any lock of poetry and pdm, and any project beside it."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from platforms import make_platform
from property.strategies import FAST, as_document, documents
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.errors import LockError
from runtime_backend.locks import find_locked
from runtime_backend.locks.poetry_constraints import allows

LINUX = make_platform("linux-x86_64", "3.11")
WHEEL = "torch-2.7.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
PACKAGE_KEYS = ["name", "version", "source", "files", "url", "path", "hash", "file", "type", "reference", "groups",
                "markers", "marker", "dependencies", "git", "main", "optional"]  # fmt: skip
HEAD_KEYS = ["targets", "requires_python", "platform", "implementation", "groups", "python-versions", "files", "torch"]
PROJECT_KEYS = ["tool", "poetry", "pdm", "dependencies", "group", "extras", "torch", "source", "url", "version",
                "dependency-groups", "project", "optional-dependencies", "python", "include_packages"]  # fmt: skip
USUAL: dict[str, dict[str, Any]] = {
    "poetry.lock": {"files": [{"file": WHEEL, "hash": "sha256:ab"}], "groups": ["main"]},
    "pdm.lock": {"files": [{"file": WHEEL, "hash": "sha256:ab"}], "groups": ["default"]},
}
SELECTIONS = st.fixed_dictionaries(
    {
        "extras": st.frozensets(st.sampled_from(["torch", "none"])),
        "groups": st.frozensets(st.sampled_from(["torch", "main"])),
        "default_groups": st.booleans(),
        "only_groups": st.booleans(),
        "all_groups": st.booleans(),
        "all_extras": st.booleans(),
    }
).map(lambda facts: Selection(**facts))  # type: ignore[arg-type] # each of its own kind


@FAST
@given(
    documents(PACKAGE_KEYS),
    documents(PACKAGE_KEYS),
    documents(HEAD_KEYS),
    documents(PROJECT_KEYS),
    st.sampled_from(sorted(USUAL)),
    SELECTIONS,
)
def test_locks_raise_lock_errors_only(  # noqa: PLR0913, PLR0917 - a lock, its project, and what is asked of them
    one: dict[str, Any],
    two: dict[str, Any],
    head: dict[str, Any],
    project: dict[str, Any],
    name: str,
    selection: Selection,
) -> None:
    """Whatever a lock and its project hold, it is answers of the right types, or a LockError."""
    entries = [{"name": "torch", "version": "2.7.0+cpu", **USUAL[name], **entry} for entry in (one, two)]
    document = {"package": entries, "metadata": {"lock-version": "2.1", "lock_version": "4.5.0", **head}}
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(LockError):
        write(Path(folder) / "pyproject.toml", as_document(project))
        path = write(Path(folder) / name, as_document(document))
        for locked in find_locked(path, "torch", selection, LINUX):
            assert locked.version == "" or Version(locked.version).release
            assert [locked.url, locked.wanted, locked.missing].count(None) >= 2
            assert locked.wanted is None or locked.wanted.indexes


@FAST
@given(st.text("0123456789.^~<>=!*|, x-", max_size=12), st.sampled_from(["0.1", "2.7.0", "2.7.0+cpu", "3.11.7"]))
def test_any_constraint_is_answered(constraint: str, version: str) -> None:
    """Whatever a constraint says, it is allowed or not; nothing is raised."""
    assert allows(constraint, version) in (True, False)
