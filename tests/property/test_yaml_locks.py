"""What holds for any lock in YAML."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from platforms import make_platform
from property.strategies import FAST, documents
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.errors import LockError
from runtime_backend.locks import Locked, find_locked

LINUX = make_platform("linux-x86_64", "3.11")
URL = "https://h/torch-2.7.0-cp311-cp311-manylinux_2_28_x86_64.whl"
KEYS = ["name", "version", "pypi", "conda", "conda_source", "kind", "url", "path", "sha256", "purls", "manager",
        "platform", "category", "hash", "build", "packages", "linux-64", "default", "subdir"]  # fmt: skip
NAMES = st.sampled_from(["pixi.lock", "conda-lock.yml", "conda-linux-64.lock"])
LINES = st.lists(
    st.sampled_from(
        ["version: 6", "version: 1", "environments:", "  default:", "    packages:", "      linux-64:", "packages:",
         "package:", f"      - pypi: {URL}", f"- pypi: {URL}", "- name: torch", "  name: torch", "  version: 2.7.0",
         "  version: 2.10", "  version: 2025-04-23", "  manager: pip", "  platform: linux-64", f"  url: {URL}",
         "  hash: {}", "  category: main", "  ? [a]", "  <<: *a", "  x: &a [*a]", "&a", "*a", "- !!python/name:x",
         "  2: 3", "~:", "\t", "@EXPLICIT", f"# pip torch @ {URL}", "https://h/c/linux-64/pytorch-2.7.0-0.conda#x",
         "https://h/c/linux-64/pytorch-x-0.conda", "# platform: linux-64", "  purls:", "  - pkg:pypi/torch", "..."]
    ) | st.text(max_size=9),
    max_size=14,
)  # fmt: skip


def read(name: str, text: str) -> None:
    """Read a lock: answers of the right types, or a LockError."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(LockError):
        path = write(Path(folder) / name, text)
        for locked in find_locked(path, "torch", Selection(project=Path(folder)), LINUX):
            check(locked)


def check(locked: Locked) -> None:
    """Check the types of an answer."""
    assert locked.version == "" or Version(locked.version).release
    assert (locked.url is None) != (locked.missing is None)
    assert locked.sha256 is None or isinstance(locked.sha256, str)


@FAST
@given(documents(KEYS), documents(KEYS), documents(KEYS), st.sampled_from(["pixi.lock", "conda-lock.yml"]))
def test_documents(one: dict[str, Any], two: dict[str, Any], three: dict[str, Any], name: str) -> None:
    """Whatever a document holds, no other error comes out; JSON is YAML."""
    entries = [
        {"pypi": URL, "name": "torch", **one},
        {"conda": "x", "name": "pytorch", **two},
        {"name": "torch", "manager": "pip", "platform": "linux-64", "url": URL, **one},
    ]
    selected = {"linux-64": [{"pypi": URL}, {"conda": "x"}, two]}
    environments = {"default": {"packages": selected, **three}, "other": {"packages": selected}}
    for kept in (entries, entries[:1], entries[:2], entries[2:]):
        head = {"version": 6 if name == "pixi.lock" else 1, "environments": environments}
        read(name, json.dumps({**head, "packages": kept, "package": kept}))


@FAST
@given(LINES, NAMES)
def test_lines(lines: list[str], name: str) -> None:
    """Whatever the lines are, no other error comes out."""
    read(name, "\n".join(lines) + "\n")
