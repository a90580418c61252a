"""The error tree."""

from __future__ import annotations

import pytest

from runtime_backend import errors
from runtime_backend.errors import ConfigError, RuntimeBackendError, SystemRefusalError

KINDS = [
    error
    for error in vars(errors).values()
    if isinstance(error, type)
    and issubclass(error, RuntimeBackendError)
    and error not in (ConfigError, SystemRefusalError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_message_and_hint(kind: type[RuntimeBackendError]) -> None:
    """Every refusal keeps its message and its hint apart, and prints the hint on a line of its own."""
    error = kind("torch is missing", hint="Install it.")
    assert ("torch is missing", "Install it.") == (error.message, error.hint)
    assert str(error) == "torch is missing\nInstall it."
    assert isinstance(error, RuntimeBackendError)


@pytest.mark.parametrize("kind", KINDS)
def test_without_hint(kind: type[RuntimeBackendError]) -> None:
    """A refusal without a hint is its message alone."""
    assert str(kind("torch is missing")) == "torch is missing"


@pytest.mark.parametrize(
    ("problems", "text"),
    [
        (["a: wrong"], "1 mistake in the settings:\n  a: wrong\nRead."),
        (["a: wrong", "b: worse"], "2 mistakes in the settings:\n  a: wrong\n  b: worse\nRead."),
    ],
)
def test_config_error(problems: list[str], text: str) -> None:
    """All mistakes of the settings are told at once, a line each."""
    error = ConfigError(problems, hint="Read.")
    assert tuple(problems) == error.problems
    assert text == str(error)
