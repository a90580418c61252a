"""Tests of every frontend with every backend: the usual run takes each once, ``nox -s combinations`` all the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import pytest


def crossed(**axes: Iterable[object]) -> pytest.MarkDecorator:
    """Parametrize over all combinations; the usual run takes as many of them as the longest axis has values.

    It pairs the values in their order and begins a shorter axis again, so that each value of each axis is among them.

    :param axes: name -> its values.
    """
    values: list[Sequence[object]] = [list(axis) for axis in axes.values()]
    usual = [tuple(axis[number % len(axis)] for axis in values) for number in range(max(map(len, values)))]
    return pytest.mark.parametrize(tuple(axes), [_parameter(row, row in usual) for row in product(*values)])


def some(name: str, values: Iterable[object], *usual: object) -> pytest.MarkDecorator:
    """Parametrize over values, of which the usual run takes some."""
    return pytest.mark.parametrize(name, [_parameter((value,), value in usual) for value in values])


def _parameter(row: tuple[object, ...], is_usual: bool) -> Any:  # noqa: ANN401, FBT001 - pytest's own type is private
    return pytest.param(*row, marks=() if is_usual else pytest.mark.rare)
