"""Calling hooks in a child: arguments, results, and failures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from standins import write

from runtime_backend.errors import BackendError
from runtime_backend.real import calling
from runtime_backend.real.backend import ChildFailed
from runtime_backend.real.calling import HookRequest, call_in_child
from runtime_backend.real.surroundings import Surroundings

BACKEND = """
import json, os, pathlib, signal, sys
__version__ = "1.2"
def build_wheel(folder, config_settings=None, metadata_directory=None):
    {code}
    told = dict(arguments=[folder, config_settings, metadata_directory], cwd=os.getcwd(), path=sys.path, prefix=sys.pycache_prefix,
                environ=dict(os.environ), argv=sys.argv, is_line_buffered=sys.stdout.line_buffering)
    pathlib.Path(folder, "x.whl").write_text(json.dumps(told))
    return "x.whl"
def build_sdist(folder, config_settings=None):
    pathlib.Path(folder, "x.tar.gz").touch()
    return "x.tar.gz"
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    pathlib.Path(folder, "x.dist-info").touch()
    return "x.dist-info"
def get_requires_for_build_wheel(config_settings=None):
    return [str(config_settings)]
"""


def request_of(folder: Path, hook: str = "build_wheel", code: str = "pass", **more: Any) -> HookRequest:
    """Write a backend, and return a request for one of its hooks."""
    write(folder / "source/backend_of_x.py", BACKEND.format(code=code))
    (folder / "out").mkdir(exist_ok=True)
    given: dict[str, Any] = {
        "backend": "backend_of_x",
        "backend_path": ["."],
        "config_settings": {"a": ["b", "c"]},
        **more,
    }
    return HookRequest(source=folder / "source", hook=hook, folder=folder / "out", **given)


def run(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> int:
    """Run a child."""
    return subprocess.run(command, env=environ, cwd=folder, check=False).returncode  # noqa: S603 - ours


def call(request: HookRequest, **changes: str | None) -> Any:
    """Call a hook in a child."""
    around = Surroundings(changes, before=(str(request.source),), behind=("/behind",))
    return call_in_child(request, around.of_child(), run)


def told(folder: Path) -> dict[str, Any]:
    """Return the arguments that the hook got."""
    found: dict[str, Any] = json.loads((folder / "out/x.whl").read_text("utf-8"))
    return found


def test_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child sees the variables, the import path and the folder of the call; nothing of this process changes."""
    monkeypatch.setenv("TAKEN", "1")
    before = dict(os.environ), list(sys.path), Path.cwd(), sys.pycache_prefix
    request = request_of(tmp_path, metadata_directory="/m")
    answer = call(request, TAKEN=None, NEW="1", PYTHONPYCACHEPREFIX=str(tmp_path / "bytecode"))
    assert ("x.whl", "1.2") == answer
    seen = told(tmp_path)
    assert [str(tmp_path / "out"), {"a": ["b", "c"]}, "/m"] == seen["arguments"]
    assert [str(request.source), *sys.path, "/behind"] == seen["path"]
    assert (str(request.source), str(tmp_path / "bytecode"), True) == (
        seen["cwd"],
        seen["prefix"],
        seen["is_line_buffered"],
    )
    assert ("1", str(tmp_path / "bytecode")) == (seen["environ"]["NEW"], seen["environ"]["PYTHONPYCACHEPREFIX"])
    assert [] == [name for name in seen["environ"] if name == "TAKEN" or name.startswith("_PYPROJECT_HOOKS_")]
    assert ("_in_process.py", "build_wheel") == (Path(seen["argv"][0]).name, seen["argv"][1])
    assert before == (dict(os.environ), list(sys.path), Path.cwd(), sys.pycache_prefix)
    assert ["backend_of_x.py"] == [path.name for path in request.source.iterdir()]


def test_byte_code_apart(tmp_path: Path) -> None:
    """A child stores the byte code of an overlay in the cache, and what it starts stores all byte code there."""
    overlay, beside, cache = tmp_path / "overlay", tmp_path / "beside", tmp_path / "cache"
    write(overlay / "of_an_overlay.py", "")
    write(beside / "beside_an_overlay.py", "")
    request = request_of(tmp_path, code="sys.dont_write_bytecode = False; import of_an_overlay, beside_an_overlay")
    changes = {"PYTHONPYCACHEPREFIX": str(cache)}
    around = Surroundings(changes, before=(str(request.source),), behind=(str(overlay),), bytecode=str(cache))
    child = around.of_child()
    call_in_child(request, child._replace(path=[*child.path, str(beside)]), run)
    seen = told(tmp_path)
    assert (None, str(cache)) == (seen["prefix"], seen["environ"]["PYTHONPYCACHEPREFIX"])
    assert [f"cache{overlay}", "beside/__pycache__"] == [
        path.parent.relative_to(tmp_path).as_posix()
        for name in ("of_an_overlay", "beside_an_overlay")
        for path in tmp_path.rglob(f"{name}.*.pyc")
    ]


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        ("build_sdist", "x.tar.gz"),
        ("prepare_metadata_for_build_wheel", "x.dist-info"),
        ("get_requires_for_build_wheel", ["None"]),
        ("get_requires_for_build_sdist", []),
    ],
)
def test_other_hooks(hook: str, expected: object, tmp_path: Path) -> None:
    """Every hook can be called so."""
    assert expected == call(request_of(tmp_path, hook, config_settings=None)).value


@pytest.mark.parametrize(
    ("hook", "more", "message"),
    [
        ("build_editable", {}, "backend_of_x: found no hook build_editable, expected one (PEP 517)"),
        ("build_wheel", {"backend": "backend_of_x:y"}, "tool.runtime-backend.build-backend: found 'backend_of_x:y', but backend_of_x has no 'y'"),
        ("build_wheel", {"backend_path": ["below"]}, "tool.runtime-backend.backend-path: 'backend_of_x' was loaded from {place}, expected in below"),
    ],
)  # fmt: skip
def test_refused(hook: str, more: dict[str, Any], message: str, tmp_path: Path) -> None:
    """What is no real backend, or lacks the hook, is refused in this process."""
    with pytest.raises(BackendError) as caught:
        call(request_of(tmp_path, hook, **more))
    assert message.format(place=tmp_path / "source/backend_of_x.py") == caught.value.message


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise ValueError('one')", (1, "ValueError: one", False)),
        ("sys.exit(3)", (3, "SystemExit: 3", False)),
        ("os._exit(3)", (3, "the process ended with exit code 3 without an answer", True)),
        ("os._exit(0)", (1, "the process ended with exit code 0 without an answer", True)),
        ("import ctypes; ctypes.string_at(0)", (1, "the process was ended by SIGSEGV", True)),
        ("os.abort()", (1, "the process was ended by SIGABRT", True)),
        ("os.kill(os.getpid(), 9)", (1, "the process was ended by SIGKILL, as the kernel does when memory runs out", True)),
        ("os.kill(os.getpid(), signal.SIGTERM)", (1, "the process was ended by SIGTERM", True)),
        ("os.kill(os.getpid(), signal.SIGRTMIN + 3)", (1, f"the process was ended by signal {signal.SIGRTMIN + 3}", True)),
    ],
)  # fmt: skip
def test_failed(code: str, expected: tuple[int, str, bool], tmp_path: Path) -> None:
    """A failing hook, and a dying child, have an exit code and a summary."""
    with pytest.raises(ChildFailed) as caught:
        call(request_of(tmp_path, code=code))
    failure = caught.value
    assert expected == (failure.code, failure.summary, failure.is_dead)


def test_shim_of_the_child(tmp_path: Path) -> None:
    """A child has the shim that called it."""
    place = str(Path(calling.__file__).parents[1] / "__init__.py")
    code = f"import runtime_backend; assert runtime_backend.__file__ == {place!r}"
    assert "x.whl" == call(request_of(tmp_path, code=code)).value


def test_without_pyproject_hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyproject-hooks, a vendored copy reports what to install."""
    monkeypatch.setitem(sys.modules, "pyproject_hooks", None)
    with pytest.raises(BackendError) as caught:
        call(request_of(tmp_path))
    assert (
        "pyproject-hooks is not installed; runtime-backend calls the real backend through it\n"
        "Add pyproject-hooks>=1.1 to build-system.requires; without build isolation, install it."
    ) == str(caught.value)
