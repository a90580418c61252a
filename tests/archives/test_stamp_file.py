"""The stamp in the wheel, and the revision of a source tree, which is part of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from stamps import read_stamp
from standins import write
from test_wheel import make_wheel

from runtime_backend.archives.stamp_file import FILE_NAME, source_revision, stamp_text
from runtime_backend.archives.wheel import put_into_dist_info, read_from_dist_info
from runtime_backend.errors import BackendError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = COMMIT[::-1]


def test_write_and_read(tmp_path: Path) -> None:
    """A stamp is read as it was written, with the version of its layout; a later one replaces it."""
    wheel = make_wheel(tmp_path / "x.whl", {"x-1.dist-info/RECORD": "x-1.dist-info/RECORD,,\n"})
    assert read_stamp(wheel) is None
    put_into_dist_info(wheel, {FILE_NAME: stamp_text({"runtimes": [{"name": "torch"}]})})
    put_into_dist_info(wheel, {FILE_NAME: stamp_text({"runtimes": [{"name": "torché"}]})})
    assert {"format": 1, "runtimes": [{"name": "torché"}]} == read_stamp(wheel)
    text = json.dumps({"format": 1, "runtimes": [{"name": "torché"}]}, indent=2, ensure_ascii=False) + "\n"
    assert text.encode() == read_from_dist_info(wheel, "runtime-backend.json")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"{", "line 1, column 2: found no JSON"),
        (b"[" * 99_999, "it is nested too deeply"),
        (b"[]", "found no format, expected 1"),
        (b"{}", "found no format, expected 1"),
        (b'{"format": "1"}', "found format '1', expected 1"),
        (
            b'{"format": 2}',
            "found format 2, expected at most 1: upgrade runtime-backend\nRun: pip install --upgrade runtime-backend",
        ),
    ],
)
def test_stamp_of_another_kind(tmp_path: Path, content: bytes, found: str) -> None:
    """What is no stamp of ours, or one of a later version, is refused, not half understood."""
    record = "x-1.dist-info/RECORD,,\n"
    text = content.decode()
    wheel = make_wheel(tmp_path / "x.whl", {"x-1.dist-info/RECORD": record, "x-1.dist-info/runtime-backend.json": text})
    with pytest.raises(BackendError) as caught:
        read_stamp(wheel)
    assert f"{wheel}: runtime-backend.json: {found}" == str(caught.value)


@pytest.mark.parametrize(
    ("files", "revision"),
    [
        ({}, None),
        ({".git/HEAD": f"{COMMIT}\n"}, COMMIT),
        ({".git/HEAD": ""}, None),
        ({".git/HEAD": "ref: refs/heads/main\n"}, None),
        ({".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": f"{COMMIT}\n"}, COMMIT),
        (
            {
                ".git/HEAD": "ref: refs/heads/main\n",
                ".git/packed-refs": f"# pack-refs with: peeled\n{OTHER} refs/heads/other/refs/heads/main\n"
                f"{COMMIT} refs/heads/main\n^{OTHER}\n",
            },
            COMMIT,
        ),
        (
            {
                ".git/HEAD": "ref: refs/heads/main\n",
                ".git/refs/heads/main": f"{COMMIT}\n",
                ".git/packed-refs": f"{OTHER} refs/heads/main\n",
            },
            COMMIT,
        ),
        ({".git": "gitdir: ../modules/x\n", "../modules/x/HEAD": f"{COMMIT}\n"}, COMMIT),
        (
            {
                ".git": "gitdir: ../main/.git/worktrees/x\n",
                "../main/.git/worktrees/x/HEAD": "ref: refs/heads/x\n",
                "../main/.git/worktrees/x/commondir": "../..\n",
                "../main/.git/refs/heads/x": f"{COMMIT}\n",
            },
            COMMIT,
        ),
        (
            {
                ".git": "gitdir: ../main/.git/worktrees/x\n",
                "../main/.git/worktrees/x/HEAD": "ref: refs/heads/x\n",
                "../main/.git/worktrees/x/commondir": "../..\n",
                "../main/.git/packed-refs": f"{COMMIT} refs/heads/x\n",
            },
            COMMIT,
        ),
        ({".git": "gitdir: gone\n"}, None),
    ],
)
def test_source_revision(tmp_path: Path, files: dict[str, str], revision: str | None) -> None:
    """The commit is read of checkouts, submodules and worktrees, from loose and packed references."""
    source = tmp_path / "source"
    source.mkdir()
    for path, text in files.items():
        write(source / path, text)
    assert revision == source_revision(source)
