"""Plain English in comments, docstrings and messages: the part of the rule that a machine can check."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "runtime_backend"

FORBIDDEN = re.compile(
    r"\b(?:whoever|whosoever|for want of|is had|are had|be had|shall|likewise|as above|as below|hear|hears|heard"
    r"|tell|tells|told|beside|meanwhile|lie|lies|lay|by way of|not there any more)\b",
    re.IGNORECASE,
)
"""Words of stories, and words that make data speak: say what a file contains, what failed, and when (if, when)."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """Return a module's path in the package."""
    return path.relative_to(PACKAGE).as_posix()


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of each comment, docstring and other string, with the parts of f-strings."""
    text = path.read_text("utf-8")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.once
def test_plain_words() -> None:
    """No comment, docstring or message uses a word that plain technical English does not need."""
    found = {
        f"{name_of(path)}:{line}: {match.group()}"
        for path in MODULES
        for line, text in prose_of(path)
        for match in FORBIDDEN.finditer(text)
    }
    assert [] == sorted(found)


@pytest.mark.once
def test_plain_words_in_the_documentation() -> None:
    """The documentation uses none of these words, either."""
    found = {
        f"{page.relative_to(ROOT)}:{number}: {match.group()}"
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for number, line in enumerate(page.read_text("utf-8").splitlines(), 1)
        for match in FORBIDDEN.finditer(line)
    }
    assert [] == sorted(found)
