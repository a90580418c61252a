"""What the words of a command name."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from runtime_backend.config import is_exact
from runtime_backend.resolve.naming import read_word

WHEEL = "torch-2.7.0+cpu-cp311-cp311-linux_x86_64.whl"
URL = f"https://example.org/{WHEEL.replace('+', '%2B')}"


@pytest.mark.parametrize(
    ("word", "url", "extras"),
    [
        (URL, URL, []),
        (f"{URL}#sha256=ab", f"{URL}#sha256=ab", []),
        (f"{URL}?x=1", f"{URL}?x=1", []),
        (f"{URL}?x=1#sha256=ab", f"{URL}?x=1#sha256=ab", []),
        (f"{URL}[opt]", URL, ["opt"]),
        (f"./{WHEEL}", "{here}/" + WHEEL.replace("+", "%2B"), []),
        (f"{WHEEL}[opt,more]", "{here}/" + WHEEL.replace("+", "%2B"), ["more", "opt"]),
        (f"/wheels/{WHEEL}", f"file:///wheels/{WHEEL.replace('+', '%2B')}", []),
        (f"file:///wheels/{WHEEL}", f"file:///wheels/{WHEEL}", []),
        (f"torch @ {URL}#sha256=ab", f"{URL}#sha256=ab", []),
        (f"torch[opt] @ {URL}?x=1", f"{URL}?x=1", ["opt"]),
    ],
)
def test_wheels(word: str, url: str, extras: list[str], tmp_path: Path) -> None:
    """A wheel that is named by its file is a requirement of what its name says, with its version told exactly."""
    named = read_word(word, [tmp_path])
    assert named.requirement is not None
    assert ("torch", frozenset(extras)) == (named.project, named.extras)
    assert url.replace("{here}", tmp_path.as_uri()) == named.requirement.url
    assert is_exact(named.requirement)


@pytest.mark.parametrize(
    ("word", "project"),
    [
        ("torch.whl", None),
        ("https://example.org/torch.whl", None),
        ("https://example.org/torch.whl?x=1#sha256=ab", None),
        ("torch @ https://example.org/torch.whl", "torch"),
        (f"./{WHEEL}#sha256=ab", None),
        ("https://[x/torch-1-py3-none-any.whl", None),
        ("torch @ https://[x/torch-1-py3-none-any.whl", "torch"),
        ("git+https://example.org/x.git#subdirectory=a&egg=torch[opt]", "torch"),
        ("https://example.org/torch-1.tar.gz#sha256=ab", "torch"),
        ("a\0b", None),
        ("\udcff", None),
        ("x" * 5000, "x" * 5000),
        ("torch-" + "1" * 5000 + "-py3-none-any.whl", None),
        ("torch==" + "1" * 5000, None),
        ("-", None),
        ("[", None),
    ],
)
def test_other_words(word: str, project: str | None, tmp_path: Path) -> None:
    """Any word names something, or nothing that is known."""
    named = read_word(word, [tmp_path])
    assert (project, None) == (named.project, named.folder)


@pytest.mark.parametrize(
    ("text", "expected"), [("torch @ https://e.org/torch.whl", True), ("torch @ http://[x/a.whl", False)]
)
def test_exact(text: str, expected: bool) -> None:  # noqa: FBT001 - a column
    """A URL of a wheel is exact, whatever the wheel is called; what is no URL is not."""
    assert expected == is_exact(Requirement(text))
