"""The child's side of a call: the hooks of the real backend, and the answer's file."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standins import write

from runtime_backend.real import child

CODE = """
import os, pathlib, sys, warnings
__version__ = {version!r}
def build_wheel(folder, config_settings=None, metadata_directory=None):
    {code}
    pathlib.Path(folder, "x.whl").touch()
    return "x.whl"
def get_requires_for_build_wheel(config_settings=None):
    {code}
    return ("ninja",)
def get_requires_for_build_sdist(config_settings=None):
    return None
"""


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Restore the process after a test."""
    monkeypatch.setattr(child, "_control", {})
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    yield
    sys.modules.pop("backend_of_x", None)


def begin(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: str = "pass", version: object = "1.2", **more: Any
) -> None:
    """Begin a call of a backend that runs some code."""
    write(folder / "backend_of_x.py", CODE.format(code=code, version=version))
    monkeypatch.syspath_prepend(folder)
    control = {"backend": "backend_of_x", "backend_path": ["."], "source": str(folder), "writes_bytecode": True}
    child.begin({"bytecode": None, **control, **more}, str(folder))


def answer(folder: Path) -> dict[str, Any]:
    """Return the content of the answer's file."""
    told: dict[str, Any] = json.loads((folder / "answer.json").read_text("utf-8"))
    return told


@pytest.mark.parametrize(("version", "expected"), [("1.2", "1.2"), ((1, 2), None)])
def test_made(version: object, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the hook made is returned; the version of its package is written down, if it is one."""
    begin(tmp_path, monkeypatch, version=version)
    assert "x.whl" == child.build_wheel(str(tmp_path), None, None)
    assert {"version": expected} == answer(tmp_path)


def test_requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirements are a list."""
    begin(tmp_path, monkeypatch)
    assert (["ninja"], []) == (child.get_requires_for_build_wheel(None), child.get_requires_for_build_sdist(None))


def test_hooks_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optional missing hooks raise AttributeError, mandatory ones are refused; other names are not hooks."""
    begin(tmp_path, monkeypatch)
    assert (False, False) == (hasattr(child, "build_editable"), hasattr(child, "nonsense"))
    with pytest.raises(SystemExit):
        child.build_sdist  # noqa: B018 - the access is the test
    assert {
        "refusal": "backend_of_x: found no hook build_sdist, expected one (PEP 517)",
        "hint": None,
        "stop": "no-hook",
    } == answer(tmp_path)


@pytest.mark.parametrize(
    ("code", "expected", "printed"),
    [
        ("raise ValueError('one')", {"failure": "ValueError: one", "code": 1}, "ValueError: one\n"),
        ("sys.exit('no CUDA')", {"failure": "SystemExit: no CUDA", "code": 1}, "no CUDA\n"),
        ("sys.exit(3)", {"failure": "SystemExit: 3", "code": 3}, ""),
        ("raise KeyboardInterrupt", {"failure": "KeyboardInterrupt", "code": 130}, ""),
    ],
)
def test_failure(  # noqa: PLR0913, PLR0917 - a table, and what pytest hands in
    code: str,
    expected: dict[str, Any],
    printed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A failure is printed, written to the answer, and gives the exit code; the parent reports Ctrl-C."""
    begin(tmp_path, monkeypatch, code)
    with pytest.raises(SystemExit) as caught:
        child.build_wheel(str(tmp_path), None, None)
    assert (expected, expected["code"]) == (answer(tmp_path), caught.value.code)
    printed_now = capsys.readouterr().err
    assert (True, True) == (printed_now.endswith(printed), bool(printed_now) == bool(printed))


def test_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real backend that cannot be imported, or whose result does not exist, is refused with the next step."""
    begin(tmp_path, monkeypatch, backend="nowhere_at_all", backend_path=[])
    with pytest.raises(SystemExit):
        child.build_wheel  # noqa: B018 - the access is the test
    told = "tool.runtime-backend.build-backend: found 'nowhere_at_all', which cannot be imported"
    hint = "Add the package that provides 'nowhere_at_all' to build-system.requires, next to runtime-backend, or to build-requires, if the package has that key."
    assert {"refusal": told, "hint": hint, "stop": "no-real-backend"} == answer(tmp_path)
    begin(tmp_path, monkeypatch, "return 'y.whl'")
    with pytest.raises(SystemExit):
        child.build_wheel(str(tmp_path), None, None)
    expected = f"backend_of_x: build_wheel returned 'y.whl', expected the name of a file or folder in {tmp_path}"
    assert {"refusal": expected, "hint": None, "stop": "hook-returned-nothing"} == answer(tmp_path)


def test_warnings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What a build warns of is printed at once, although pyproject-hooks would keep it for the end."""
    begin(tmp_path, monkeypatch, "warnings.warn('careful'); print('after', file=sys.stderr)")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        child.build_wheel(str(tmp_path), None, None)
    before, _, after = capsys.readouterr().err.partition("UserWarning: careful\n")
    assert ([], True, True) == (caught, "backend_of_x.py" in before, after.endswith("after\n"))


def test_variables_of_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real backend does not see the variables of pyproject-hooks, which name us."""
    monkeypatch.setenv("_PYPROJECT_HOOKS_BUILD_BACKEND", "runtime_backend.real.child")
    begin(tmp_path, monkeypatch)
    child.build_wheel(str(tmp_path), None, None)
    assert "_PYPROJECT_HOOKS_BUILD_BACKEND" not in os.environ


@pytest.mark.parametrize(
    ("prefix", "backend_path", "writes", "expected"),
    [
        (None, ["."], True, (False, False)),
        (None, [], True, (True, False)),
        (None, [], False, (True, True)),
        ("elsewhere", ["."], True, (True, False)),
        ("apart", ["."], True, (True, False)),
    ],
)
def test_bytecode(  # noqa: PLR0913, PLR0917 - a table, and what pytest hands in
    prefix: str | None,
    backend_path: list[str],
    writes: bool,  # noqa: FBT001 - a column
    expected: tuple[bool, bool],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No byte code of a backend in the source tree is written there; later, it is written as requested."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / prefix) if prefix == "elsewhere" else None)
    apart = str(tmp_path / prefix) if prefix == "apart" else None
    begin(tmp_path, monkeypatch, backend_path=backend_path, writes_bytecode=writes, bytecode=apart)
    child.build_wheel(str(tmp_path), None, None)
    written = [path for path in tmp_path.rglob("*.pyc") if "backend_of_x" in path.name]
    assert expected == (bool(written), sys.dont_write_bytecode)


def test_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """The call ends in an orderly way, and with its parent."""
    parents = list[int]()
    monkeypatch.setattr(child, "end_with", parents.append)
    with child.ending_with(7):
        assert [7] == parents
