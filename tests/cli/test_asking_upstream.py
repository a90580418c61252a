"""Asking an upstream backend for metadata: the temporary wrapper, and the reasons for missing answers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from standins import write

from runtime_backend.cli import isolation
from runtime_backend.cli.sources import asking
from runtime_backend.config import Upstream, load_settings


def test_nothing_said() -> None:
    """A failure without output is reported by its exit code or its name."""
    error = subprocess.CalledProcessError(3, ["x"], output=b"")
    assert "it printed nothing: exit code 3" == isolation.last_words(error)


@pytest.mark.parametrize("text", ['a"b', "{x}", 'x" }\n[tool.evil]\ny = "', "\\"])
def test_wrapper_holds_any_text(text: str, tmp_path: Path) -> None:
    """Any name, URL or folder of a source is data in the temporary wrapper."""
    patch = write(tmp_path / "odd'name.patch", "content")
    upstream = Upstream(
        kind="git", where=text, sha256=None, rev="a" * 40, subdirectory=f"a{text}", patches=(patch,), origin="test"
    )
    folder = asking._make_wrapper(text, upstream, tmp_path / "wrapper")  # noqa: SLF001
    settings = load_settings(folder, environ={})
    assert settings.upstream is not None
    assert (text, f"a{text}") == (settings.upstream.where, settings.upstream.subdirectory)
    assert ["content"] == [path.read_text() for path in settings.upstream.patches]
    assert ("stub", text) == (settings.metadata.value, settings.project["name"])
