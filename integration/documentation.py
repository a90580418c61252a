"""The blocks of commands in docs/, as they are written there; the comment before a block names it."""

from __future__ import annotations

import re
from typing import NamedTuple

from .stock import REPOSITORY

_PAGES = sorted(path for path in (REPOSITORY / "docs").rglob("*.md") if "_build" not in path.parts)
_BLOCK = re.compile(r"(?m)^<!-- run: (?P<name>[a-z-]+) -->\n```console\n(?P<text>(?:.*\n)*?)```$")
_EXAMPLE = re.compile(r"(?m)^```(?:text|toml)\n(?P<text>(?:.*\n)*?)```$")


class Step(NamedTuple):
    """A command, and the lines of its output that the page shows."""

    command: str
    output: list[str]


class Block(NamedTuple):
    """A block, and the rest of its page."""

    before: str
    steps: list[Step]
    after: str


def commands(name: str) -> list[str]:
    """Return the commands with a name, which are the same on every page (``tests/test_documentation.py``)."""
    return [step.command for step in steps(name)]


def steps(name: str) -> list[Step]:
    """Return the commands and their output, from the page that shows the most of it."""
    return max((block.steps for block in _blocks(name)), key=lambda found: sum(len(step.output) for step in found))


def example_before(name: str) -> str:
    """Return the last example, text or TOML, before a block with a name."""
    found = (_EXAMPLE.findall(block.before) for block in _blocks(name))
    return str(next(examples[-1] for examples in found if examples))


def example_after(name: str) -> str:
    """Return the first example after a block with a name."""
    found = (_EXAMPLE.findall(block.after) for block in _blocks(name))
    return str(next(examples[0] for examples in found if examples))


def check_shown(shown: list[str], printed: list[str]) -> None:
    """Check that lines were printed as the page shows them; … stands for any text."""
    assert len(shown) == len(printed), printed
    patterns = [".*".join(map(re.escape, line.split("…"))) for line in shown]
    assert [] == [line for line, pattern in zip(printed, patterns, strict=True) if not re.fullmatch(pattern, line)]


def _blocks(name: str) -> list[Block]:
    texts = [path.read_text("utf-8") for path in _PAGES]
    found = [
        Block(text[: block.start()], _steps(block["text"]), text[block.end() :])
        for text in texts
        for block in _BLOCK.finditer(text)
        if block["name"] == name
    ]
    assert found, f"docs/ has no block of commands with the name {name}"
    return found


def _steps(block: str) -> list[Step]:
    """Return the commands of a block; a line without a prompt is output."""
    found: list[Step] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Step(line.removeprefix("$ ").partition("  #")[0].strip(), []))
        else:
            found[-1].output.append(line)
    return found
