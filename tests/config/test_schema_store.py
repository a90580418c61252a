"""The JSON schema keeps the rules of SchemaStore, as far as they can be checked offline, and helps editors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from runtime_backend.config.schema import tool_schema
from runtime_backend.errors import DOCUMENTATION

SCHEMA = tool_schema()
FILE = Path(__file__).parents[2] / "runtime_backend/config/runtime-backend.schema.json"
ANNOTATIONS = {"$schema", "$id", "title", "description", "default", "examples"}
VALIDATIONS = {
    *("type", "enum", "const", "oneOf", "anyOf", "required", "properties", "additionalProperties", "propertyNames"),
    *("items", "minItems", "minLength", "minimum", "exclusiveMinimum", "pattern"),
}
INNER = {"[]": "items", ".*": "additionalProperties", ".?": "propertyNames"}
"""How the schemas in a schema are named here, besides properties and variants."""


def subschemas(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path, schema) for a schema and all schemas in it."""
    yield path, schema
    parts = [(f"{path}.{key}", part) for key, part in schema.get("properties", {}).items()]
    parts += [(f"{path}{name}", schema.get(key)) for name, key in INNER.items()]
    parts += [(f"{path}|{place}", part) for key in ("oneOf", "anyOf") for place, part in enumerate(schema.get(key, []))]
    for name, part in parts:
        if isinstance(part, dict):
            yield from subschemas(part, name)


def keys(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (path, schema) for each key that a person can write."""
    for path, part in subschemas(schema):
        for key, value in part.get("properties", {}).items():
            if isinstance(value, dict):
                yield f"{path}.{key}", value


ALL, KEYS = dict(subschemas(SCHEMA)), dict(keys(SCHEMA))


def test_draft() -> None:
    """The draft is 07: editors support later ones less."""
    assert "http://json-schema.org/draft-07/schema#" == SCHEMA["$schema"]


def test_address() -> None:
    """The id is the address where the file is."""
    place = FILE.relative_to(Path(__file__).parents[2]).as_posix()
    assert f"https://github.com/runtime-backend/runtime-backend/raw/main/{place}" == SCHEMA["$id"]
    assert SCHEMA["description"].endswith(f"\n{DOCUMENTATION}/reference/settings.html")


def test_known_keywords() -> None:
    """Every keyword is one of draft-07: Ajv's strict mode refuses others."""
    assert set() == {word for part in ALL.values() for word in part} - ANNOTATIONS - VALIDATIONS


def test_required_keys_are_defined() -> None:
    """Every required key is a property of the same schema: Ajv's strict mode refuses others."""
    wrong = [
        f"{path}: {key}"
        for path, part in ALL.items()
        for key in part.get("required", [])
        if key not in part["properties"]
    ]
    assert [] == wrong


def test_every_key_is_described() -> None:
    """Editors show a description for every key, in one or more sentences without double spaces."""
    wrong = [path for path, part in KEYS.items() if not re.search(r"\w.*[.]$", part.get("description", ""))]
    assert [] == wrong
    assert [] == [path for path, part in ALL.items() if re.search(r"\s{2}", part.get("description", ""))]


def test_variants_are_described() -> None:
    """Editors can show which variant of a value is which; those of ``source`` only name the keys that go together."""
    bare = {path for path, part in ALL.items() if re.search(r"\|\d$", path) and "description" not in part}
    assert {".source|0", ".source|1", ".source|2"} == bare


def test_every_open_value_has_an_example() -> None:
    """A key has an example, unless it is a choice or a hash, or a table whose keys have their own."""
    bare = {path for path, part in KEYS.items() if {"examples", "enum", "properties"}.isdisjoint(part)}
    without = {
        path for path in bare if KEYS[path]["type"] != "boolean" and "[0-9a-f]" not in KEYS[path].get("pattern", "")
    }
    assert set() == without


@pytest.mark.parametrize("path", sorted(path for path, part in ALL.items() if {"examples", "default"} & {*part}))
def test_examples_are_valid(path: str) -> None:
    """Each example and each default is accepted by its own schema."""
    part = ALL[path]
    for value in (*part.get("examples", ()), *([part["default"]] if "default" in part else ())):
        jsonschema.Draft7Validator(part).validate(value)


def test_both_cuda_tables_are_the_same() -> None:
    """Producers and consumers have the same ``cuda`` table."""
    assert ALL[".cuda"] == ALL[".packages.*.cuda"]


def test_plain_characters() -> None:
    """The file is ASCII, without a byte order mark, and ends with a line end."""
    text = FILE.read_bytes().decode("ascii")
    assert (True, False, True) == (text.startswith("{\n"), "\t" in text, text.endswith("}\n"))
