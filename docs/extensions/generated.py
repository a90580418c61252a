"""The parts of the pages that come from the code: the stops, the settings of the schema, the help of the commands.

A page contains them as a fence ``{stop} NAME`` with the meaning, or as a comment ``<!-- generated: settings -->``.
They are expanded before Markdown is parsed, so that their headings can be linked as any other.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from stops import Stop, read_stops

from runtime_backend.cli.commands import make_parser

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_ANY_NAME = "The value under any name."
WIDTH = "88"
"""The columns of the help texts."""
_STOP = re.compile(r"^```\{stop\} (?P<name>\S+)\n(?P<meaning>.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"^<!-- generated: (?P<name>\w+) -->$", re.MULTILINE)
_SEEN_ONLY_THEN = re.compile(r"\{\w+\}")
"""A hint that the code chooses for the command at hand."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Let Sphinx expand every page that it reads."""
    app.connect("source-read", _expand_page)
    return {"parallel_read_safe": True}


def _expand_page(_: Sphinx, __: str, content: list[str]) -> None:
    content[0] = expand(content[0])


def expand(text: str) -> str:
    """Return a page with its generated parts.

    :raises KeyError: if a part is named that does not exist.
    """
    text = _STOP.sub(lambda found: "\n".join(_describe_stop(found["name"], found["meaning"])), text)
    return _MARK.sub(lambda found: "\n".join(_PARTS[found["name"]]()), text)


@cache
def _stops() -> Mapping[str, list[Stop]]:
    named = defaultdict(list)
    for stop in read_stops():
        named[stop.name].append(stop)
    return dict(named)


def _describe_stop(name: str, meaning: str) -> Iterator[str]:
    """Yield the entry of a stop: its messages, its meaning, and the next steps."""
    stops = _stops()[name]
    yield from (f"({name})=", f"### {name}", "", "```text")
    yield "\n".join(dict.fromkeys(message for stop in stops for message in stop.messages))
    yield from ("```", "", meaning.strip(), "")
    hints = list(dict.fromkeys(hint for stop in stops for hint in stop.hints))
    fixed = [hint for hint in hints if not _SEEN_ONLY_THEN.fullmatch(hint)]
    if fixed:
        yield from ("Next step:", "", "```text", "\n".join(fixed), "```", "")
    elif hints:
        yield from ("Next step: the message ends with the command that fits.", "")


@cache
def _top_level() -> dict[str, Any]:
    """Return the schema of each key of the table."""
    schema = json.loads(resources.files("runtime_backend").joinpath("config/runtime-backend.schema.json").read_text())
    keys: dict[str, Any] = schema["properties"]
    return keys


def _describe_settings() -> Iterator[str]:
    """Yield a section for each key of the schema."""
    consumers = _top_level()["packages"]["additionalProperties"]["properties"]
    for key, value in _top_level().items():
        yield from _describe_key(key, value, "###", consumers)


def _describe_key(key: str, schema: dict[str, Any], heading: str, consumers: Collection[str] = ()) -> Iterator[str]:
    forms = schema.get("oneOf", [])
    yield from (f"(setting-{key.replace('.', '-')})=", f"{heading} {key}", "", _escape(schema["description"]), "")
    facts = dict(_facts(schema, forms))
    if key in consumers:
        facts["For consumers"] = f"also in `[tool.runtime-backend.packages.NAME]`, before the package's own {key}"
    yield from (f"- {name}: {text}" for name, text in facts.items())
    examples = [example for form in (schema, *forms) for example in form.get("examples", [])]
    yield from ("", *_show_examples(key, examples))
    for name, below in _keys_below(schema, forms):
        if key == "packages.NAME" and name in _top_level():
            yield from (f"- {{ref}}`{name} <setting-{name}>`", "")
        else:
            yield from _describe_key(f"{key}.{name}", below, "####")


def _keys_below(schema: dict[str, Any], forms: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (name, schema) of the keys of a table; a form of the table may forbid a key by ``false``."""
    named = schema.get("additionalProperties")
    if isinstance(named, dict):  # a table with names that people choose
        yield "NAME", {"description": _ANY_NAME, **named}
    items = schema.get("items", {}).get("oneOf", [])
    for table in (schema, *forms, *items):
        for name, value in table.get("properties", {}).items():
            if isinstance(value, dict) and "description" in value:
                yield name, value


def _facts(schema: dict[str, Any], forms: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield (name, value) of what the schema says about the values of a key."""
    values = [value for form in (schema, *forms) for value in _values(form)]
    if values:
        yield "Values", ", ".join(values)
    default = next((form["default"] for form in (schema, *forms) if "default" in form), None)
    if default is not None:
        yield "Default", f"`{_toml(default)}`"
    required = schema.get("required")
    if required:
        yield "Required", ", ".join(f"`{name}`" for name in required)


def _values(form: dict[str, Any]) -> Iterator[str]:
    if "const" in form:
        yield f"`{_toml(form['const'])}`"
    elif "enum" in form:
        yield from (f"`{_toml(value)}`" for value in form["enum"])
    elif "type" in form:
        kinds = {"object": "a table", "array": "an array", "string": "a string"}
        yield kinds.get(form["type"], f"a {form['type']}" if form["type"] != "integer" else "a whole number")


def _show_examples(key: str, examples: list[Any]) -> Iterator[str]:
    if examples:
        yield "```toml"
        for example in examples[:3]:
            yield f"{key.rpartition('.')[2]} = {_toml(example)}"
        yield from ("```", "")


def _toml(value: Any) -> str:  # noqa: ANN401 - any value of the schema
    """Return a value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)


def _escape(text: str) -> str:
    """Return a description of the schema, which is plain text, as Markdown."""
    return re.sub(r"([{}<>*_])", r"\\\1", text).replace("\n", " ")


def _describe_commands() -> Iterator[str]:
    """Yield the help of each command."""
    os.environ.update(COLUMNS=WIDTH, NO_COLOR="1")
    parser = make_parser()
    yield from _help("runtime-backend", parser)
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))  # noqa: SLF001
    for name, command in commands.choices.items():
        yield from _help(f"runtime-backend {name}", command)


def _help(title: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    target = title.replace(" ", "-")
    yield from (f"(command-{target})=", f"## {title}", "", "```text", parser.format_help().rstrip(), "```", "")


_PARTS = {"settings": _describe_settings, "commands": _describe_commands}
