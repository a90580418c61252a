"""Parsing the requirement for ``wrap``."""

from __future__ import annotations

from typing import Any

import pytest

from runtime_backend.cli.sources.upstreams import Wanted, read_requirement
from runtime_backend.errors import CommandError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my-ext==1.0", {"name": "my-ext", "version": "1.0"}),
        ("my-ext===1.0.odd", {"name": "my-ext", "version": "1.0.odd"}),
        ("my-ext", {"name": "my-ext"}),
        ("git+https://a.org/x.git", {"url": "https://a.org/x.git"}),
        ("git+https://u:p@a.org/x.git@v1", {"url": "https://u:p@a.org/x.git", "revision": "v1"}),
        ("git+https://a.org/x.git@", {"url": "https://a.org/x.git"}),
        ("a@git+https://a.org/x.git@b/c", {"name": "a", "url": "https://a.org/x.git", "revision": "b/c"}),
        ("a @ git+ssh://git@a.org/x.git", {"name": "a", "url": "ssh://git@a.org/x.git"}),
        ("git+file:///x#egg=b[c]&subdirectory=a%20b", {"name": "b", "url": "file:///x", "subdirectory": "a b"}),
        ("a @ git+file:///x#egg=b", {"name": "a", "url": "file:///x"}),
    ],
)
def test_read(text: str, expected: dict[str, Any]) -> None:
    """Names, revisions and folders are parsed as frontends do."""
    assert Wanted(**{"name": None, **expected, "text": text}) == read_requirement(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("../x", "'../x': expected 'name==version' or 'git+URL@REVISION'"),
        (
            "git+file:///x#subdirectory=../y",
            "'git+file:///x#subdirectory=../y': found subdirectory=../y, expected a folder inside the repository",
        ),
        (
            "a[b] @ git+file:///x",
            "'a[b] @ git+file:///x': found the name 'a[b]', expected letters, digits, '-', '_' and '.'",
        ),
    ],
)
def test_refused(text: str, told: str) -> None:
    """Other requirements are refused."""
    with pytest.raises(CommandError) as caught:
        read_requirement(text)
    assert told == str(caught.value)
