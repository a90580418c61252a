"""Every sample lock, as the real tools wrote it, read for the selections that its expected.json lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from platforms import make_platform

from runtime_backend.config.selection import Selection
from runtime_backend.locks import Locked, find_locked

SAMPLES = Path(__file__).parent


def _cases() -> Iterator[Any]:
    for expected in sorted(SAMPLES.glob("*/*/expected.json")):
        data = json.loads(expected.read_text("utf-8"))
        for selection in data["selections"]:
            name = f"{expected.parent.parent.name}-{expected.parent.name}-{selection['why']}"
            yield pytest.param(expected.parent / data["lock"], selection, id=name)


def selection_of(case: dict[str, Any], lock: Path) -> Selection:
    """Return the selection that a case of expected.json describes."""
    return Selection(
        project=lock.parent,
        packages=frozenset((case["package"],) if case["package"] else ()),
        extras=frozenset(case["extras"]),
        groups=frozenset(case["groups"] or ()),
        default_groups=case.get("default_groups", case["groups"] is None),
        **{key: case[key] for key in ("only_groups", "all_groups", "all_extras") if key in case},
        without_groups=frozenset(case.get("without_groups", ())),
    )


@pytest.mark.parametrize(("lock", "case"), list(_cases()))
def test_sample(lock: Path, case: dict[str, Any]) -> None:
    """A reader finds the runtime that the tool which wrote the lock would install."""
    platform = make_platform(case["platform"], case["python"])
    found = find_locked(lock, "torch", selection_of(case, lock), platform)
    if "only" in case["expect"]:
        assert [case["expect"]["only"]] == [locked.version for locked in found]
    else:
        assert case["expect"] == _described(found, case["expect"], lock)


def _described(found: tuple[Locked, ...], expected: dict[str, Any], lock: Path) -> dict[str, Any]:
    """Return the result in the format of expected.json."""
    if not found:
        return {"none": True}
    if len(found) > 1:
        return {"stop": "ambiguous", "versions": sorted(locked.version for locked in found)}
    (locked,) = found
    path = expected.get("path")
    is_path = path is not None and locked.url == (lock.parent / path).absolute().as_uri()
    return {
        "version": locked.version,
        "url": None if is_path else locked.url,
        "path": path if is_path else None,
        "sha256": locked.sha256,
        **({"missing": locked.missing} if "missing" in expected else {}),
        **_described_wanted(locked),
    }


def _described_wanted(locked: Locked) -> dict[str, Any]:
    """Return the lookup of a wheel without a URL; its digests are listed if the lock does not name the file."""
    wanted = locked.wanted
    if wanted is None:
        return {}
    digests = sorted(wanted.hashes)
    return {
        "file": wanted.file,
        "sha256": digests[0] if len(digests) == 1 else None,
        "indexes": list(wanted.indexes),
        **({"hashes": digests} if wanted.file is None else {}),
    }
