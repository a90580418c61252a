"""Locks that the real tools wrote without a URL: the index that they were made with gives the wheel that was locked."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import stand_ins
from platforms import make_platform
from test_locks import SAMPLES, selection_of

from runtime_backend.errors import IndexLookupError
from runtime_backend.index.find import Indexes
from runtime_backend.locks import Locked, find_locked
from runtime_backend.system.platforms import Platform

LOOKED_UP = {"pdm-lock", "poetry", "pipenv", "pip-compile", "uv-compile", "uv-export-requirements"}
"""The tools whose locks leave the URL to the index."""


def test_index_has_what_was_locked(tmp_path: Path) -> None:
    """For Linux, macOS and Windows alike: a file that fits, with a locked hash, or word that the index has none."""
    stand_ins.write_indexes(tmp_path)
    tally: Counter[tuple[str, str]] = Counter()
    with stand_ins.serve(tmp_path):
        for expected in sorted(SAMPLES.glob("*/*/expected.json")):
            sample = json.loads(expected.read_text("utf-8"))
            tool = expected.parent.parent.name.rpartition("-")[0]
            lock = expected.parent / sample["lock"]
            for case in sample["selections"]:
                platform = make_platform(case["platform"], case["python"])
                found = find_locked(lock, "torch", selection_of(case, lock), platform)
                if len(found) == 1 and found[0].url is None and found[0].wanted is not None:
                    tally[tool, case["platform"]] += is_found(found[0], platform, tmp_path / "cache")
    assert {tool for (tool, where), right in tally.items() if where == "linux-x86_64" and right} == LOOKED_UP
    for name in ("macos-arm64", "windows-amd64"):
        assert sum(right for (_, where), right in tally.items() if where == name) > 20


def is_found(locked: Locked, platform: Platform, cache: Path) -> bool:
    """Look a wheel up, and check what the index gives."""
    assert locked.wanted is not None
    indexes = Indexes(folder=cache, platform=platform, environ={"NETRC": "/nowhere"}, is_offline=False)
    try:
        file = indexes.find(locked.wanted)
    except IndexLookupError:  # the stand-ins are not built for every platform
        return False
    assert not locked.wanted.hashes or file.sha256 in locked.wanted.hashes
    assert locked.wanted.file in (None, file.name)
    assert platform.best_wheel([(file.name, file.name)]) == file.name
    return True
