"""The real backend: its name, its place, how it fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from backends import minimal, objects
from standins import write

from runtime_backend.errors import BackendError
from runtime_backend.real.backend import exit_code, find_hook, load_backend, print_failure, summarise


@pytest.fixture(autouse=True)
def fresh_modules() -> Iterator[None]:
    """Forget the modules that a test imports."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_load(tmp_path: Path) -> None:
    """A real backend is a module, or an object in one."""
    assert minimal is load_backend("backends.minimal", [], tmp_path)
    assert objects.unsupporting is load_backend("backends.objects:unsupporting", [], tmp_path)
    assert objects.Holder.inner is load_backend("backends.objects:holder.inner", [], tmp_path)


def test_hooks() -> None:
    """A missing hook is None."""
    assert minimal.build_wheel is find_hook(minimal, "build_wheel")
    assert find_hook(minimal, "build_editable") is None


@pytest.mark.parametrize(
    ("spec", "backend_path", "hint"),
    [
        (
            "nowhere_at_all.api",
            [],
            "Add the package that provides 'nowhere_at_all' to build-system.requires, next to runtime-backend, or to build-requires, if the package has that key.",
        ),
        (
            "nowhere_at_all:x",
            ["a", "b"],
            "Expected it in a, b (tool.runtime-backend.backend-path), or installed.",
        ),
        (
            "backends.absent",
            [],
            "Correct the name: the module 'backends' is installed, and has no 'backends.absent'.",
        ),
        *(
            (
                spec,
                [],
                "Add the package that provides '' to build-system.requires, next to runtime-backend, or to build-requires, if the package has that key.",
            )
            for spec in (".build", ":build")
        ),
        (
            "nowhere_at_all.build",
            [],
            "Add the package that provides 'nowhere_at_all' to build-system.requires, next to runtime-backend, or to build-requires, if the package has that key.",
        ),
    ],
)
def test_not_found(spec: str, backend_path: list[str], hint: str, tmp_path: Path) -> None:
    """A real backend that cannot be imported is reported with the next step."""
    with pytest.raises(BackendError) as caught:
        load_backend(spec, backend_path, tmp_path)
    assert f"tool.runtime-backend.build-backend: found {spec!r}, which cannot be imported\n{hint}" == str(caught.value)


def test_lacks_the_object(tmp_path: Path) -> None:
    """A missing object in the module is reported."""
    with pytest.raises(BackendError) as caught:
        load_backend("backends.objects:holder.outer", [], tmp_path)
    expected = "found 'backends.objects:holder.outer', but backends.objects has no 'outer'"
    assert f"tool.runtime-backend.build-backend: {expected}" == str(caught.value)


def test_fails_to_import_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real backend that misses a module of its own keeps its traceback."""
    write(tmp_path / "needy_backend.py", "import nowhere_at_all\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere_at_all'"):
        load_backend("needy_backend", [], tmp_path)


def test_fails_to_import_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import error without a module name is raised."""
    write(tmp_path / "unnamed_backend.py", "raise ModuleNotFoundError('odd')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="odd"):
        load_backend("unnamed_backend", [], tmp_path)


def test_in_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With backend-path, the real backend is loaded from there."""
    write(tmp_path / "inner/tree_backend.py", "hello = 1\n")
    monkeypatch.syspath_prepend(tmp_path / "inner")
    assert 1 == load_backend("tree_backend", ["inner"], tmp_path).hello


def test_elsewhere_than_in_the_tree(tmp_path: Path) -> None:
    """With backend-path, a real backend from elsewhere is refused (PEP 517)."""
    with pytest.raises(BackendError) as caught:
        load_backend("backends.minimal", ["a", "b"], tmp_path)
    place = Path(str(minimal.__file__)).resolve()
    assert (f"tool.runtime-backend.backend-path: 'backends.minimal' was loaded from {place}, expected in a, b") == str(
        caught.value
    )


@pytest.mark.parametrize(
    ("error", "summary", "code", "printed"),
    [
        (ValueError("one\ntwo"), "ValueError: one", 1, "ValueError: one\ntwo\n"),
        (ValueError(), "ValueError", 1, "ValueError\n"),
        (SystemExit("no CUDA"), "SystemExit: no CUDA", 1, "no CUDA\n"),
        (SystemExit(3), "SystemExit: 3", 3, ""),
        (SystemExit(0), "SystemExit: 0", 1, ""),
        (SystemExit(), "SystemExit", 1, ""),
    ],
)
def test_failure(
    error: BaseException, summary: str, code: int, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure is printed as Python would, and has an exit code and a summary."""
    print_failure(error)
    assert (summary, code, printed) == (summarise(error), exit_code(error), capsys.readouterr().err)


def test_traceback_begins_with_the_backend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A printed traceback has none of our frames at its start."""
    with pytest.raises(AttributeError) as caught:
        load_backend(3, [], tmp_path)  # type: ignore[arg-type]
    print_failure(caught.value.with_traceback(caught.tb.tb_next))
    assert "AttributeError: 'int' object has no attribute 'partition'\n" == capsys.readouterr().err
