"""Reading TOML tables: mistakes are collected, nothing is raised."""

from __future__ import annotations

from typing import Any

import pytest

from runtime_backend.formats.tables import Table, describe, did_you_mean, one_of


def make_table(**data: Any) -> Table:
    """Return a table of a file ``f`` at ``t``."""
    return Table(data, file="f", key="t")


@pytest.mark.parametrize(
    ("getter", "value"),
    [
        ("value", 3.5),
        ("string", "x"),
        ("boolean", False),
        ("boolean", True),
        ("array", [1, "x"]),
        ("array", []),
        ("strings", ["x", ""]),
        ("strings", []),
    ],
)
def test_right_value(getter: str, value: object) -> None:
    """A value of the right type is returned as it is, and nothing is reported."""
    table = make_table(k=value)
    assert value == getattr(table, getter)("k")
    assert [] == table.problems


def test_line() -> None:
    """A text is one line, possibly empty; other values are mistakes."""
    table = make_table(a=" x\n  y", b="", c=1)
    assert ["x y", "", None, None] == [table.line(name) for name in "abcd"]
    assert ["f: t.c: found int 1, expected a non-empty string"] == table.problems


def test_refuse() -> None:
    """A key that is not allowed is a mistake, and is not suggested."""
    table = make_table(a=1, b="x", c=2)
    table.value("c")
    for name in ("b", "d"):
        table.refuse(name, "nothing there")
    table.close()
    assert [
        "f: t.b: found the string 'x', expected nothing there",
        "f: t.a: found an unknown key, expected one of c",
    ] == table.problems


@pytest.mark.parametrize("getter", ["value", "string", "boolean", "array", "strings", "table"])
def test_absent(getter: str) -> None:
    """An absent key is None, and no mistake."""
    table = make_table()
    assert getattr(table, getter)("k") is None
    assert [] == table.problems


@pytest.mark.parametrize(
    ("getter", "value", "problem"),
    [
        ("string", "", "f: t.k: found the string '', expected a non-empty string"),
        ("string", 3, "f: t.k: found int 3, expected a non-empty string"),
        ("string", ["x"], "f: t.k: found an array, expected a non-empty string"),
        ("boolean", "true", "f: t.k: found the string 'true', expected true or false"),
        ("boolean", 0, "f: t.k: found int 0, expected true or false"),
        ("array", "x", "f: t.k: found the string 'x', expected an array"),
        ("array", {}, "f: t.k: found a table, expected an array"),
        ("strings", True, "f: t.k: found true, expected an array"),
        ("table", [{}], "f: t.k: found an array, expected a table"),
        ("table", 1.5, "f: t.k: found float 1.5, expected a table"),
    ],
)
def test_wrong_type(getter: str, value: object, problem: str) -> None:
    """A value of a wrong type is reported with its file and dotted key, and counts as absent."""
    table = make_table(k=value)
    assert getattr(table, getter)("k") is None
    assert [problem] == table.problems


def test_strings_keeps_the_strings() -> None:
    """Items of an array that are not strings are reported one by one; the others are returned."""
    table = make_table(k=["a", 1, "b", None])
    assert ["a", "b"] == table.strings("k")
    assert [
        "f: t.k[1]: found int 1, expected a string",
        "f: t.k[3]: found nothing, expected a string",
    ] == table.problems


def test_choice() -> None:
    """One of the allowed strings is returned."""
    table = make_table(k="reuse")
    assert table.choice("k", ("auto", "reuse")) == "reuse"
    assert table.choice("absent", ("auto", "reuse")) is None
    assert [] == table.problems


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("resue", "f: t.k: found the string 'resue' (did you mean 'reuse'?), expected one of auto, reuse"),
        ("zzz", "f: t.k: found the string 'zzz', expected one of auto, reuse"),
        (["zzz"], "f: t.k: found an array, expected one of auto, reuse"),
        (True, "f: t.k: found true, expected one of auto, reuse"),
    ],
)
def test_wrong_choice(value: object, problem: str) -> None:
    """A wrong value is reported with the allowed ones and the nearest."""
    table = make_table(k=value)
    assert table.choice("k", ("auto", "reuse")) is None
    assert [problem] == table.problems


def test_sub_table_shares_the_problems() -> None:
    """A mistake in a sub-table is found in its parent's list, with the whole dotted key."""
    table = Table({"a": {"b": {"c": 1}}}, file="f")
    inner = table.table("a")
    assert inner is not None
    innermost = inner.table("b")
    assert innermost is not None
    assert innermost.string("c") is None
    assert ["f: a.b.c: found int 1, expected a non-empty string"] == table.problems


def test_names_and_contains() -> None:
    """A table lists its keys as written, without marking them as read."""
    table = make_table(b=1, a=2)
    assert ["b", "a"] == list(table.names())
    assert "a" in table
    assert "c" not in table


def test_close_reports_what_nobody_asked_for() -> None:
    """Unknown keys are reported, with the nearest known key and all known keys."""
    table = make_table(provison=1, zzz=2, env={})
    table.string("provision")
    table.table("env")
    table.close()
    assert [
        "f: t.provison: found an unknown key (did you mean 'provision'?), expected one of env, provision",
        "f: t.zzz: found an unknown key, expected one of env, provision",
    ] == table.problems


def test_close_of_a_table_without_known_keys() -> None:
    """If no key is known, none is listed."""
    table = make_table(k=1)
    table.close()
    assert ["f: t.k: found an unknown key, expected nothing"] == table.problems


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        ("it's", '''the string "it's"'''),
        ({"a": 1}, "a table"),
        ([1], "an array"),
        (7, "int 7"),
        (None, "nothing"),
    ],
)
def test_describe(value: object, text: str) -> None:
    """A value is described in TOML's terms."""
    assert text == describe(value)


@pytest.mark.parametrize(("names", "text"), [((), "nothing"), (("a",), "one of a"), (("a", "b"), "one of a, b")])
def test_one_of(names: tuple[str, ...], text: str) -> None:
    """The expectation lists the allowed names."""
    assert text == one_of(names)


@pytest.mark.parametrize(
    ("name", "text"),
    [("exat", " (did you mean 'exact'?)"), ("q", ""), (3, ""), (["exact"], " (did you mean 'exact'?)")],
)
def test_did_you_mean(name: object, text: str) -> None:
    """The nearest known name is suggested, if there is one."""
    assert text == did_you_mean(name, ("exact", "minor"))
