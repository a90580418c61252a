"""URLs of wheels."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_backend.system.urls import as_url, file_name


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/whl/torch-2.7.0%2Bcu126-cp311-cp311-linux_x86_64.whl", "torch-2.7.0+cu126-cp311-cp311-linux_x86_64.whl"),
        ("https://example.org/a-1.whl?token=x/y#sha256=00", "a-1.whl"),
        ("file:///a%20b/c.whl", "c.whl"),
        ("c.whl", "c.whl"),
        ("https://example.org/", ""),
        ("https://[x/torch.whl", ""),
    ],
)  # fmt: skip
def test_file_name(url: str, expected: str) -> None:
    """A file name is unquoted, without query and fragment."""
    assert expected == file_name(url)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://example.org/a.whl", "https://example.org/a.whl"),
        ("file:///a/b.whl", "file:///a/b.whl"),
        ("git+ssh://git@example.org/a", "git+ssh://git@example.org/a"),
        ("a b.whl", "file:///home/jo/a%20b.whl"),
        ("/x/b.whl", "file:///x/b.whl"),
        ("./c/d.whl", "file:///home/jo/c/d.whl"),
    ],
)
def test_as_url(location: str, expected: str) -> None:
    """A URL stays as it is, and a path becomes one."""
    assert expected == as_url(location, Path("/home/jo"))
