"""``runtime-backend vendor``: the copy, its manifest, and reports of differences."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
from pathlib import Path

import pytest
from renaming import failing_rename
from standins import write

from runtime_backend import __version__
from runtime_backend.cli import main
from runtime_backend.cli.adopt.shim import ATTRIBUTES, MANIFEST, REQUIRES, SHIM, copy_shim, read_copy
from runtime_backend.formats.toml import loads

PYPROJECT = '[build-system]\nrequires = ["setuptools", "torch"]\nbuild-backend = "setuptools.build_meta"\n'
ROOT = Path(__file__).parents[2]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package without the shim."""
    write(tmp_path / "pyproject.toml", PYPROJECT)
    return tmp_path


def files_of(folder: Path) -> set[str]:
    """Return the files in a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_requires() -> None:
    """The requirements of a copy are those in the shim's pyproject.toml; its licence is the project's."""
    assert list(REQUIRES) == loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert (ROOT / "LICENSE").read_text() == (SHIM / "LICENSE").read_text()


def test_vendor(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The copy has everything except the command line, and is declared; a second run changes nothing."""
    for _ in range(2):
        assert 0 == main(["vendor", str(package)])
    assert [
        "--- a/pyproject.toml",
        f"{package / 'pyproject.toml'}: nothing to change",
    ] == [line for line in capsys.readouterr().out.splitlines() if line.startswith(("---", str(package / "py")))]
    copy = package / "_vendor/runtime_backend"
    everything = {name for name in files_of(SHIM) if "__pycache__" not in name}
    assert {name for name in everything if not name.startswith(("cli/", "__main__"))} | {
        MANIFEST,
        ATTRIBUTES,
    } == files_of(copy)
    assert ["_vendor"] == [path.name for path in package.iterdir() if path.is_dir()]
    assert {
        "requires": ["setuptools", *REQUIRES],
        "build-backend": "runtime_backend.build",
        "backend-path": ["_vendor"],
    } == loads((package / "pyproject.toml").read_text())["build-system"]
    manifest = json.loads((copy / MANIFEST).read_text())
    assert (1, __version__) == (manifest["format"], manifest["version"])
    assert 0 == main(["vendor", str(package), "--check"])
    assert f"{copy}: version {__version__}, unchanged\n" == capsys.readouterr().out


def test_what_it_requires_already(package: Path) -> None:
    """The package's requirements stay; the shim is removed from them."""
    requires = '["runtime-backend", "packaging>=24", "hatchling", "not one!"]'
    write(
        package / "pyproject.toml", f'[build-system]\nrequires = {requires}\nbuild-backend = "runtime_backend.build"\n'
    )
    assert 0 == main(["vendor", str(package), "--folder", "tools/shim"])
    found = loads((package / "pyproject.toml").read_text())["build-system"]
    assert (["packaging>=24", "hatchling", "not one!", *REQUIRES[1:]], ["tools/shim"]) == (
        found["requires"],
        found["backend-path"],
    )
    assert (package / "tools/shim/runtime_backend/build.py").is_file()


def test_drift(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every edited, removed or added file is reported; --update restores the copy."""
    assert 0 == main(["vendor", str(package)])
    copy = package / "_vendor/runtime_backend"
    (copy / "build.py").write_text("edited")
    (copy / "py.typed").unlink()
    write(copy / "added.py", "")
    write(copy / "__pycache__/x.pyc", "")
    capsys.readouterr()
    lines = [f"{copy}/py.typed: missing", f"{copy}/added.py: not of the shim", f"{copy}/build.py: edited"]
    assert 1 == main(["vendor", str(package), "--check"])
    update = f"runtime-backend vendor --update {package}"
    assert [*lines, f"next: {update}"] == capsys.readouterr().out.splitlines()
    assert 1 == main(["vendor", str(package)])
    more = f"next, to replace it with version {__version__}: {update}"
    assert [*lines, more] == capsys.readouterr().out.splitlines()
    assert 0 == main(["vendor", str(package), "--update"])
    assert 0 == main(["vendor", str(package), "--check"])
    assert ["runtime_backend"] == [path.name for path in copy.parent.iterdir()]


def test_older_version(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A copy of an older version is not drift, but is reported; only --update replaces it."""
    assert 0 == main(["vendor", str(package)])
    copy = package / "_vendor/runtime_backend"
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["version"] = "0.0.1"
    del manifest["files"]["build.py"]
    (copy / "build.py").unlink()
    (copy / MANIFEST).write_text(json.dumps(manifest))
    assert (0, 1) == (main(["vendor", str(package), "--check"]), main(["vendor", str(package)]))
    assert f"note: {copy} is of version 0.0.1, this is {__version__}" in capsys.readouterr().err
    assert (0, 0) == (main(["vendor", str(package), "--update"]), main(["vendor", str(package), "--check"]))
    assert (copy / "build.py").is_file()


def test_changed_manifest(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was edited in the manifest, too, differs from the version that the manifest names."""
    assert 0 == main(["vendor", str(package)])
    copy = package / "_vendor/runtime_backend"
    (copy / "py.typed").write_text("edited")
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["files"]["py.typed"] = hashlib.sha256(b"edited").hexdigest()
    (copy / MANIFEST).write_text(json.dumps(manifest))
    capsys.readouterr()
    assert 1 == main(["vendor", str(package), "--check"])
    line, _ = (shown := capsys.readouterr()).out.splitlines()
    assert f"{copy}/{MANIFEST}: found other hashes than those of version {__version__}" == line
    assert not shown.err


def test_windows_line_ends(tmp_path: Path) -> None:
    """Other line ends are not drift."""
    copy_shim(tmp_path / "runtime_backend")
    path = tmp_path / "runtime_backend/plan/__init__.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    found = read_copy(tmp_path / "runtime_backend")
    assert found is not None
    assert ((), True) == (found.drift, found.is_current)


def test_check_without_a_copy(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing or undeclared copy fails the check."""
    assert 1 == main(["vendor", str(package), "--check"])
    assert "found no copy" in capsys.readouterr().out
    assert 0 == main(["vendor", str(package)])
    write(package / "pyproject.toml", PYPROJECT)
    assert 1 == main(["vendor", str(package), "--check"])
    assert "pyproject.toml: does not declare the copy, or one of its requirements" in capsys.readouterr().out
    write(package / "setup.py", "import os, setuptools\nos.environ['CC']\n")
    assert 0 == main(["vendor", str(package)])
    assert "setup.py reads these environment variables: CC; to set" in capsys.readouterr().err


@pytest.mark.parametrize("manifest", [None, "{", "3", '{"format": 2, "version": "9", "files": {}}'])
def test_something_else(manifest: str | None, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of that name with other content is not touched."""
    write(package / "_vendor/runtime_backend/mine.py", "")
    if manifest is not None:
        write(package / "_vendor/runtime_backend" / MANIFEST, manifest)
    assert 1 == main(["vendor", str(package), "--update"])
    assert f"{MANIFEST}: found {'none' if manifest is None else 'another format'}, expected" in capsys.readouterr().err
    assert (package / "_vendor/runtime_backend/mine.py").is_file()


@pytest.mark.parametrize("folder", ["../x", "/x"])
def test_folder_outside(folder: str, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder outside the source tree is refused (PEP 517: backend-path)."""
    assert 1 == main(["vendor", str(package), "--folder", folder])
    assert "expected a folder inside the source tree" in capsys.readouterr().err


@pytest.mark.once
@pytest.mark.parametrize("fault", ["missing", "edited", "added", "command line", "undeclared", "old", "no copy"])
def test_next_command(fault: str, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A failed check ends with a command after which the check passes, wherever the copy is."""
    assert 0 == main(["vendor", str(package), "--folder", "third_party"])
    copy = package / "third_party/runtime_backend"
    spoil(copy, fault)
    if fault in ("undeclared", "old"):
        write(package / "pyproject.toml", PYPROJECT)
    where = ["--folder", "third_party"] if fault in ("undeclared", "old") else []
    capsys.readouterr()
    assert 1 == main(["vendor", str(package), "--check", *where])
    command = shlex.split(capsys.readouterr().out.splitlines()[-1].removeprefix("next: runtime-backend "))
    assert 0 == main(command)
    assert 0 == main(["vendor", str(package), "--check"])


def spoil(copy: Path, fault: str) -> None:
    """Damage a copy."""
    if fault == "missing":
        (copy / "build.py").unlink()
    elif fault == "edited":
        (copy / "build.py").write_text("edited")
    elif fault in ("added", "command line"):
        write(copy / ("x.py" if fault == "added" else "cli/__init__.py"), "")
    elif fault == "old":
        manifest = json.loads((copy / MANIFEST).read_text())
        (copy / MANIFEST).write_text(json.dumps({**manifest, "version": "0.0.1", "files": {}}))
    elif fault == "no copy":
        shutil.rmtree(copy)


def test_check_with_force(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command that mends the copy has the --force of the check."""
    write(package / "pyproject.toml", PYPROJECT.replace(', "torch"', ""))
    assert 1 == main(["vendor", str(package), "--check", "--force"])
    assert f"next: runtime-backend vendor --force {package}" == capsys.readouterr().out.splitlines()[-1]


def test_folder_of_the_copy(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --folder, the copy is where backend-path has one; folders outside the source tree do not count."""
    assert 0 == main(["vendor", str(package), "--folder", "third_party"])
    capsys.readouterr()
    assert 0 == main(["vendor", str(package), "--check"])
    assert f"{package}/third_party/runtime_backend: version {__version__}, unchanged\n" == capsys.readouterr().out
    spoil(package / "third_party/runtime_backend", "edited")
    assert (0, 0) == (main(["vendor", str(package), "--update"]), main(["vendor", str(package)]))
    assert ["third_party"] == [path.name for path in package.iterdir() if path.is_dir()]
    pyproject = package / "pyproject.toml"
    write(pyproject, pyproject.read_text().replace('["third_party"]', f'["{package}/third_party"]'))
    assert 0 == main(["vendor", str(package)])
    assert {"_vendor", "third_party"} == {path.name for path in package.iterdir() if path.is_dir()}


@pytest.mark.once
def test_another_folder_moves(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Naming another folder moves the copy; an edited copy is moved only with --update."""
    assert 0 == main(["vendor", str(package)])
    (package / "_vendor/runtime_backend/plan/__init__.py").write_text("edited")
    assert 1 == main(["vendor", str(package), "--folder", "tools/shim"])
    assert f"{package}/_vendor/runtime_backend/plan/__init__.py: edited" in capsys.readouterr().out
    assert 0 == main(["vendor", str(package), "--folder", "tools/shim", "--update"])
    copy = package / "tools/shim/runtime_backend"
    assert f"{package}/_vendor/runtime_backend: moved to {copy}\n" in capsys.readouterr().out
    assert ["tools"] == [path.name for path in package.iterdir() if path.is_dir()]
    assert 0 == main(["vendor", str(package), "--check"])
    write(package / "tools/shim/mine.py", "")
    assert 0 == main(["vendor", str(package), "--folder", "."])
    assert ["mine.py"] == [path.name for path in (package / "tools/shim").iterdir()]


def test_backend_path_that_holds_no_copy(package: Path) -> None:
    """A folder in backend-path without a copy is left alone."""
    write(package / "pyproject.toml", f'{PYPROJECT}backend-path = ["."]\n')
    write(package / "runtime_backend/mine.py", "")
    assert 0 == main(["vendor", str(package)])
    assert (package / "runtime_backend/mine.py").is_file()


@pytest.mark.parametrize("name", ["_vendor", "_vendor/runtime_backend"])
def test_file_in_the_way(name: str, package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of that name is reported, and kept."""
    write(package / name, "mine")
    for more in ([], ["--check"]):
        assert 1 == main(["vendor", str(package), *more])
        assert f"{package / name}: found a file, expected a folder or nothing" in capsys.readouterr().err
    assert ("mine", PYPROJECT) == ((package / name).read_text(), (package / "pyproject.toml").read_text())


@pytest.mark.parametrize("renames", [1, 2])
def test_interrupted(renames: int, package: Path) -> None:
    """After an interruption at any step, a complete copy exists; the next run removes the rest of a killed one."""
    assert 0 == main(["vendor", str(package)])
    copy = package / "_vendor/runtime_backend"
    (copy / "build.py").write_text("edited")
    write(package / "_vendor/.new-runtime_backend-0a1b2c3d/plan/__init__.py", "half")
    with pytest.raises(KeyboardInterrupt), failing_rename(renames, KeyboardInterrupt):
        copy_shim(copy)
    assert "edited" == (copy / "build.py").read_text()
    assert ["runtime_backend"] == [path.name for path in copy.parent.iterdir()]
