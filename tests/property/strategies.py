"""What hypothesis makes up: TOML documents near to ours and to locks, and sites with distributions."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

FAST = settings(max_examples=min(60, settings().max_examples), deadline=None, derandomize=True)
"""Few examples, always the same ones: these tests run with all the others."""

WORDS = st.sampled_from(
    ["", "torch", "torch>=2", "auto", "none", "1.0", "2.7.0+cpu", ".", "{torch.cuda}", "{", "~nobody/x"]
)
SCALARS = st.one_of(WORDS, st.text(max_size=8), st.booleans(), st.integers(-9, 9))


def documents(keys: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return tables that mostly have these keys, nested, with values of any type."""
    names = st.one_of(st.sampled_from(keys), st.sampled_from(keys), st.text(min_size=1, max_size=4))
    values = st.recursive(
        SCALARS,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4)),
        max_leaves=20,
    )
    return st.dictionaries(names, values, max_size=6)


def as_toml(value: object) -> str:
    """Return a value in TOML, tables inline; at the top, a table's keys a line each."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else str(value)


def as_document(table: dict[str, Any]) -> str:
    """Return a whole TOML document."""
    return "".join(f"{quoted(key)} = {as_toml(value)}\n" for key, value in table.items())


def quoted(text: str) -> str:
    """Return a basic string, escaped."""
    escaped = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
    return "".join(c for c in escaped if not "\ud800" <= c <= "\udfff")


NAMES = st.sampled_from(["torch", "six", "nvidia-a", "nvidia-b", "yaml"])
PATHS = st.sampled_from(
    ["torch/x", "six.py", "nvidia/a/x", "nvidia/cu/lib/a.so", "nvidia/cu/lib/b.so", "nvidia/b/__init__.py", "yaml/x",
     "yaml/__init__.py", "_yaml.cpython-311-darwin.so", "nvidia/x.txt"]
)  # fmt: skip
SITES = st.dictionaries(NAMES, st.tuples(st.sets(PATHS, max_size=5), st.lists(NAMES, max_size=3)), max_size=5)
