"""Reasons for failures in plain words."""

from __future__ import annotations

import ast
import json
import socket
import ssl
import subprocess
import zipfile
from collections.abc import Callable
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from runtime_backend.errors.reasons import DataError, kind_of, reason
from runtime_backend.formats.toml import loads

VALUES: list[Any] = [{}, [], "", None, 3, True]


def odd(value: Any) -> Any:
    """Return a value of another type than its user expects."""
    return value


def failure(act: Callable[[], object]) -> BaseException:
    """Return the exception that a call raises."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - any
        act()
    return caught.value


def certificate() -> None:
    """Fail as OpenSSL does."""
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:1006)")
    error.verify_message = "self-signed certificate"
    raise error


def too_deep(depth: int = 0) -> None:
    """Fail as a parser does for thousands of brackets."""
    too_deep(depth + 1)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: Path("/absent/x").read_text("utf-8"), "No such file or directory: /absent/x"),
        (lambda: Path("/absent/x").rename("/absent/y"), "No such file or directory: /absent/x: /absent/y"),
        (lambda: Path("/").open("w"), "Is a directory: /"),  # noqa: SIM115 - it fails
        (lambda: int("x"), "a value is not written as expected"),
        (lambda: [1][1:][0], "a list has fewer entries than expected"),
        (lambda: dict[str, str]()["key"], "found no key 'key'"),
        (lambda: b"x".decode("nonsense"), "found no such entry"),
        (lambda: b"one\ntwo \xff".decode("utf-8"), "line 2: found the byte 0xff, expected UTF-8"),
        (lambda: b"\xe9".decode("ascii"), "line 1: found the byte 0xe9, expected ASCII"),
        (lambda: "\udc80".encode("utf-8"), "found characters that cannot be encoded"),
        (lambda: {[]: 1}, "a value is of another type than expected"),
        (lambda: iter(odd(3)), "a value is of another type than expected"),
        (lambda: odd([]).get(0), "found a list, expected a table"),
        (lambda: odd(3).partition(","), "found 3, expected text"),
        (lambda: odd(None).split("x"), "found nothing, expected text"),
        (lambda: odd({}).unheard_of, "it is damaged"),
        (lambda: json.loads('{\n"a": 1,}'), "line 2, column"),
        (lambda: json.loads("[" * 100_000), "it is nested too deeply"),
        (too_deep, "it is nested too deeply"),
        (lambda: ast.parse("a\nprint 'x'"), "line 2: found no Python 3"),
        (lambda: ast.parse("\0"), ""),
        (certificate, "self-signed certificate"),
        (lambda: ssl.create_default_context(cafile="/absent"), "No such file or directory"),
        (lambda: zipfile.ZipFile(__file__), "it is damaged"),
        # Messages of libraries about data are kept.
        (lambda: Version("latest"), "Invalid version: 'latest'"),
        (lambda: Requirement("a ~~ 1"), "Expected semicolon (after name with no version specifier) or end"),
        (lambda: loads("a ="), "Invalid value (at end of document)"),
    ],
)
def test_reason(act: Callable[[], object], words: str) -> None:
    """Python's messages are replaced by our own; those of the system and of libraries are kept, without class names."""
    assert reason(failure(act)).startswith(words)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError("timed out"), "it took too long"),
        (ConnectionResetError(), "the connection was closed too early"),
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "[SSL: X] x (_ssl.c:1)"), "[SSL: X] x (_ssl.c:1)"),
        (OSError(28, None), "No space left on device"),
        (EOFError(), "it ends too early"),
        (OSError("Python's own"), "it cannot be read"),
        (IncompleteRead(b""), "it is damaged"),
        (subprocess.TimeoutExpired("x", 1), "it took too long"),
        (KeyError(), "found no such entry"),
        (SyntaxError("x"), "line 1: found no Python 3"),
        (DataError("neither url nor path"), "neither url nor path"),
    ],
)
def test_reason_of(error: BaseException, words: str) -> None:
    """Errors that need a network or a full disk have a reason, too."""
    assert words == reason(error)


def test_path_that_is_named_already() -> None:
    """A path that the message contains is not repeated."""
    error = failure(lambda: Path("/absent/x").read_text("utf-8"))
    assert "No such file or directory" == reason(error, Path("/absent/x"))
    assert "No such file or directory" == reason(error, "/absent/x")
    assert "No such file or directory: /absent/x" == reason(error, Path("/absent"))


def test_kinds() -> None:
    """Values of a foreign file are described in plain words."""
    assert ["a table", "a list", "text", "nothing", "3", "True"] == [kind_of(v) for v in VALUES]
