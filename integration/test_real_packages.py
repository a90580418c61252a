"""The setup.py files of real packages, with the stand-in torch: the same METADATA as with the real one, or a reason."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime_backend.formats.toml import loads
from runtime_backend.metadata.agreement import describe_differences

from .real_torch import VERSION, download_source
from .workplace import Target, Workplace

TABLE = loads((Path(__file__).parent / "real_packages.toml").read_text("utf-8"))["package"]


def rows() -> Iterator[Any]:
    """Yield the packages."""
    for row in TABLE:
        marks = [pytest.mark.rare] if row.get("rare") else []
        yield pytest.param(row, id=row["requirement"], marks=marks)


_CALL = """
import importlib, pathlib, sys
backend = importlib.import_module(sys.argv[1])
for name in filter(None, sys.argv[3].split(".")):
    backend = getattr(backend, name)
folder = pathlib.Path(sys.argv[2])
folder.mkdir()
backend.get_requires_for_build_wheel()
backend.prepare_metadata_for_build_wheel(str(folder))
"""


@pytest.mark.parametrize("row", list(rows()))
def test_says_the_same(
    place: Workplace, real_target: Target, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without torch in reach, the metadata are those that the real backend tells with the real torch."""
    # Without a CUDA compiler in reach: with one, and a torch for CPUs, some refuse.
    path = [entry for entry in os.environ["PATH"].split(os.pathsep) if not (Path(entry) / "nvcc").exists()]
    for name, value in {**row.get("env", {}), "PATH": os.pathsep.join(path)}.items():
        monkeypatch.setenv(name, value)
    source = download_source(real_target, row["requirement"])
    expected, found = place.folder / "real", place.folder / "stub"
    call(place, real_target, shutil.copytree(source, place.folder / "one"), expected)
    bare = place.target(None, "runtime-backend", "setuptools", "wheel", name="bare")
    package = shutil.copytree(source, place.folder / "other")
    wrap(package)
    pin = f"torch=={VERSION}+cpu"
    result = call(place, bare, package, found, backend="runtime_backend.build", RUNTIME_BACKEND_PIN=pin)
    if "reason" in row:
        assert row["reason"] in result
        return
    assert result.count("gave no answer") == 0, result
    told, real = (next(folder.glob("*.dist-info/METADATA")).read_bytes() for folder in (found, expected))
    assert describe_differences(told, real) == []
    assert sorted(told.splitlines()) == sorted(real.splitlines())


def wrap(package: Path) -> None:
    """Declare the shim, with nothing else changed."""
    settings = package / "pyproject.toml"
    own = settings.read_text("utf-8") if settings.is_file() else ""
    rest = re.sub(r"(?ms)^\[build-system\].*?(?=^\[|\Z)", "", own)
    settings.write_text(
        '[build-system]\nrequires = ["runtime-backend", "setuptools"]\nbuild-backend = "runtime_backend.build"\n\n'
        f'[tool.runtime-backend]\nmetadata = "stub"\n\n{rest}',
        "utf-8",
    )


def call(
    place: Workplace,
    target: Target,
    package: Path,
    folder: Path,
    backend: str = "setuptools.build_meta",
    **how: Any,  # noqa: ANN401 - as for start
) -> str:
    """Call the hooks that tell metadata, in an environment, and return what was said."""
    is_shim = backend.startswith("runtime")
    words = (target.python, "-W", "ignore", "-c", _CALL, backend, folder, "" if is_shim else "__legacy__")
    result = place.start(*words, cwd=package, **how).wait()
    print(result)
    if result.code and not is_shim:
        pytest.fail(f"the real torch is not enough for it\n{result}", pytrace=False)
    return result.output
