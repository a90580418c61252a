"""The documentation: what it says about settings, commands and examples is what the code has."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from generated import expand

from runtime_backend.config import CALL_KEYS
from runtime_backend.config.settings import TEMPLATE_FIELDS, VARIABLE_PREFIX
from runtime_backend.formats.toml import loads

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("[!_]*/**/*.md")) + sorted((ROOT / "docs").glob("*.md"))
SCHEMA = json.loads((ROOT / "runtime_backend/config/runtime-backend.schema.json").read_text("utf-8"))
SETTINGS = (ROOT / "docs/reference/settings.md").read_text("utf-8")
FENCE = re.compile(r"(?m)^(?P<mark><!-- .* -->\n)?```(?P<language>\w+)\n(?P<text>(?:.*\n)*?)```$")


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda path: path.name)
def test_commands_are_marked(page: Path) -> None:
    """Each block of commands is run by a test, or says why it is not."""
    found = [block for block in FENCE.finditer(page.read_text("utf-8")) if block["language"] == "console"]
    assert [] == [
        block["text"] for block in found if not re.match(r"<!-- (run: [a-z-]+|not run: .+) -->", block["mark"] or "")
    ]


def test_commands_are_run() -> None:
    """Each name of a block in docs/ is used by a test of integration/, and no other name is."""
    assert {name for page in PAGES for name, _ in named_blocks(page)} == set(names_that_are_run())


def named_blocks(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the commands of each block that is run."""
    for block in FENCE.finditer(page.read_text("utf-8")):
        lines = [line.partition("  #")[0].strip() for line in block["text"].splitlines() if line.startswith("$ ")]
        for name in re.findall(r"<!-- run: ([a-z-]+) -->", block["mark"] or ""):
            yield name, lines


def names_that_are_run() -> Iterator[str]:
    """Yield each NAME of ``documentation.commands("NAME")`` and ``documentation.steps("NAME")``."""
    readers = ("documentation.commands", "documentation.steps")
    for module in (ROOT / "integration").glob("test_*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in readers:
                yield ast.literal_eval(node.args[0])


def test_commands_are_the_same_everywhere() -> None:
    """A name stands for the same commands on each page, and in the README."""
    known: dict[str, list[str]] = {}
    for page in [*PAGES, ROOT / "README.md"]:
        for name, commands in named_blocks(page):
            assert known.setdefault(name, commands) == commands, f"{page}: {name}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda path: path.name)
def test_tables_of_toml(page: Path) -> None:
    """Each example in TOML is valid."""
    for block in FENCE.finditer(page.read_text("utf-8")):
        if block["language"] == "toml":
            loads(block["text"])


def test_every_key() -> None:
    """The reference has a section for each key of the schema, with its description."""
    text = expand(SETTINGS)
    for key, value in SCHEMA["properties"].items():
        assert f"\n(setting-{key})=\n### {key}\n" in text
        assert value["description"].split()[0] in text
    assert "\n#### store.url\n" in text
    assert '- Values: `"auto"`, `"reuse"`, `"require"`, `"none"`\n- Default: `"auto"`\n- For consumers: ' in text
    assert 'match-runtime = [{ requirement = "torch>=2.10", match = "floor" }]\n' in text


def test_every_key_for_one_call() -> None:
    """The table of keys for one call has each of them, and its variable."""
    for key in CALL_KEYS:
        assert f"\n| `{key}` | `{VARIABLE_PREFIX}{key.upper().replace('-', '_')}` |" in SETTINGS


def test_every_placeholder() -> None:
    """The table of placeholders has each of them."""
    assert [] == [field for field in TEMPLATE_FIELDS if f"`{{torch.{field}}}`" not in SETTINGS]


def test_every_command() -> None:
    """The reference has the help of each command; in a process of its own, whose width is set."""
    code = "from generated import expand; print(expand('<!-- generated: commands -->'))"
    path = f"import sys; sys.path[:0] = {[str(ROOT / 'docs/extensions'), str(ROOT)]}; "
    done = subprocess.run([sys.executable, "-c", path + code], capture_output=True, text=True, check=True)  # noqa: S603
    text = done.stdout
    for command in ("explain", "init", "vendor", "wrap", "lock", "check", "cache", "store"):
        assert f"\n## runtime-backend {command}\n\n```text\nusage: runtime-backend {command} " in text


def test_entry_of_a_stop() -> None:
    """An entry has a target, the message with the constants of the code, the meaning and the next step."""
    lines = expand("```{stop} no-gpu\nNo GPU.\n```").splitlines()
    assert ["(no-gpu)=", "### no-gpu", "", "```text"] == lines[:4]
    assert "cuda.arch-list = 'auto': found no visible GPU with rocm_agent_enumerator, expected one" in lines
    assert {"No GPU.", "Next step:"} < set(lines)
    assert "the message ends with the command that fits" in expand("```{stop} no-runtime\nNone.\n```")


def test_unknown_parts() -> None:
    """A part that does not exist is an error."""
    for text in ("<!-- generated: nothing -->", "```{stop} no-such-stop\n```"):
        with pytest.raises(KeyError):
            expand(text)


@pytest.mark.parametrize("name", ["author", "fork", "consumer"])
def test_examples_of_the_readme(name: str) -> None:
    """The README's examples are those of the documentation, which the integration tests run."""
    readme, page = ((ROOT / path).read_text("utf-8") for path in ("README.md", f"docs/start/{name}.md"))
    found = [
        [block["text"] for block in FENCE.finditer(text) if block["mark"] == f"<!-- run: {name} -->\n"]
        for text in (readme, page)
    ]
    assert 1 == len(found[0])
    assert found[0] == found[1]


def test_length_of_the_readme() -> None:
    """The README is read in a minute."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150
