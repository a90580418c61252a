"""The key of a wheel, and what differs between two."""

from __future__ import annotations

from typing import Any

from runtime_backend.wheel_store.key import Inputs


def test_key() -> None:
    """The same inputs have the same key in any order; another value, name, type or nesting has another."""
    inputs: list[dict[str, Any]] = [
        {"a": {"b": "1", "c": ["x", "y"]}, "d": None},
        {"a": {"b": "2", "c": ["x", "y"]}, "d": None},
        {"a": {"b": 1, "c": ["x", "y"]}, "d": None},
        {"a": {"b": "1", "c": ["y", "x"]}, "d": None},
        {"a": {"b": "1", "c": "xy"}, "d": None},
        {"a": {"b": "1", "c": ["x", "y"]}},
        {"a.b": "1", "a.c": ["x", "y"], "d": None},
        {"a": {"b": "\udcff", "c": ["x", "y"]}, "d": None},
        {},
    ]
    keys = [Inputs(values).key for values in inputs]
    assert len(inputs) == len({*keys})
    assert {64} == {len(key) for key in keys}
    assert keys[0] == Inputs({"d": None, "a": {"c": ("x", "y"), "b": "1"}}).key
    assert "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" == keys[-1]


def test_differences() -> None:
    """Each input that differs is a line with both values; an empty table is as good as none."""
    runtime = {"name": "torch", "version": "2.7"}
    ours = {"python": {"abi": "cp311", "x": 1}, "gone": None, "same": [1], "table": {}, "void": {}, "all": [runtime]}
    stored = {
        "python": {"abi": "cp310", "x": 1},
        "new": {"a": 2},
        "same": [1],
        "table": {"b": 3},
        "all": [{**runtime, "version": "2.6"}],
        "source": {"files": "abc"},
        "none": [],
    }
    assert [
        "all.torch.version: '2.7' in this build, '2.6' in the stored wheel",
        "new.a: nothing in this build, 2 in the stored wheel",
        "none: nothing in this build, [] in the stored wheel",
        "python.abi: 'cp311' in this build, 'cp310' in the stored wheel",
        "files of the source differ",
        "table.b: nothing in this build, 3 in the stored wheel",
    ] == Inputs(ours).differences(Inputs(stored))
    assert [] == Inputs(ours).differences(Inputs(ours))
