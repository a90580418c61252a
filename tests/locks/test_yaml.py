"""The door to YAML: text and nothing but text, no key twice, no alias, and no crash of the parser."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from runtime_backend.errors import LockError
from runtime_backend.locks.yaml import parse_part, parse_yaml

PATH = Path("/p/pixi.lock")
ITEM = re.compile(r"^- .*\n(?: .*\n)*", re.MULTILINE)
LAUGHS = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))


def refusal(text: str) -> str:
    """Return why a text is refused."""
    with pytest.raises(LockError) as caught:
        parse_yaml(text, PATH)
    return caught.value.message


@pytest.fixture(params=["fast", "pure"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure":
        monkeypatch.delattr(yaml, "CBaseLoader", raising=False)


@pytest.mark.usefixtures("_parser")
def test_all_is_text() -> None:
    """Versions and dates stay text; an empty value is None, a quoted one is text."""
    text = 'a: 2.10\nb: 2025-04-23\nc: no\nd:\ne: ~\nf: "null"\ng: ""\nh: [1, {}]\ni: 0x10\n"3": !!int 4\n'
    expected = {"a": "2.10", "b": "2025-04-23", "c": "no", "d": None, "e": None, "f": "null", "g": "", "h": ["1", {}]}
    assert {**expected, "i": "0x10", "3": "4"} == parse_yaml(text, PATH)


def test_nothing() -> None:
    """A file without a document is None."""
    assert parse_yaml("# nothing\n", PATH) is None


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "/p/pixi.lock: line 3: found the key 'a' twice"),
        ("x: 1\n? [a]\n: b\n", "/p/pixi.lock: line 2: found a key that is not text"),
        ("~: b\n", "/p/pixi.lock: line 1: found a key that is not text"),
        (LAUGHS, "/p/pixi.lock: line 1: found an alias, expected none in a lock"),
        ("a: &a [*a]\n", "/p/pixi.lock: line 1: found an alias, expected none in a lock"),
        ("x: &x {y: 1}\nz: {<<: *x}\n", "/p/pixi.lock: line 1: found an alias, expected none in a lock"),
    ],
    ids=["twice", "list key", "null key", "laughs", "recursion", "merge"],
)
def test_refused(text: str, expected: str) -> None:
    """What hides a value, or unfolds to gigabytes, is refused with its line."""
    assert expected == refusal(text)


@pytest.mark.parametrize(
    "text", ["a: [", "a: b: c", "\x00", "--- a\n--- b\n", "a: *b", "!!python/object:x.y [", "\t- x"]
)
def test_no_yaml(text: str) -> None:
    """A text that is no document is refused."""
    assert refusal(text).startswith("/p/pixi.lock: not YAML: ")


@pytest.mark.parametrize("text", ["[" * 5_000, "[" * 5_000 + "]" * 5_000, "- " * 100_000 + "x", "{a: " * 5_000])
def test_deep(text: str) -> None:
    """Nesting that would crash libyaml, and the interpreter with it, is an error like any other."""
    with pytest.raises(RecursionError):
        parse_yaml(text, PATH)


def test_without_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyYAML, the error has the way out."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(LockError) as caught:
        parse_part("version: 6\n", ITEM, bool, PATH)
    assert str(caught.value) == (
        "/p/pixi.lock: cannot be read: PyYAML is not installed\n"
        "Add runtime-backend[yaml] to build-system.requires, or install PyYAML next to runtime-backend, or name the runtime"
        " with RUNTIME_BACKEND_PIN='NAME==VERSION'."
    )


def test_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the items that are wanted are parsed."""
    parsed: list[str] = []
    compose = yaml.compose
    monkeypatch.setattr(yaml, "compose", lambda text, Loader: [parsed.append(text), compose(text, Loader=Loader)][1])  # noqa: N803 - PyYAML's name
    text = "package:\n- name: torch\n  x: 1\n- name: six\n  x:\n  - torch\n"
    assert {"package": [{"name": "torch", "x": "1"}]} == parse_part(
        text, ITEM, lambda item: "name: torch" in item, PATH
    )
    assert ["package:\n- name: torch\n  x: 1\n"] == parsed


def test_part_that_is_none() -> None:
    """Where the lines mislead, all is parsed."""
    text = "a: &x six\npackage:\n- name: &y b\n- name: *y\n  a: torch\n"
    with pytest.raises(LockError, match="line 3: found an alias"):
        parse_part(text, ITEM, lambda item: "torch" in item, PATH)
    wrapped = "package:\n- name: six\n  about: 'one\n\n    two'\n- name: torch\n"
    assert {"package": [{"name": "six", "about": "one\ntwo"}, {"name": "torch"}]} == parse_part(
        wrapped, ITEM, lambda item: "torch" in item, PATH
    )


@pytest.mark.usefixtures("_parser")
def test_half_of_a_character() -> None:
    """Half of a character, which nothing can print, is refused with its line."""
    told = refusal('a: 1\nb: "\\ud800"\n')
    # libyaml refuses it by itself.
    assert told.endswith(
        ("line 2: found a surrogate, expected whole characters", '"<unicode string>", line 2, column 7')
    )
