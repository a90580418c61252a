"""Metadata: the ways to an answer, [project] alone, the mark of prepared metadata, agreement, pins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hooks import make_source
from packaging.metadata import Metadata
from standins import write

from runtime_backend.config import load_settings
from runtime_backend.errors import NoAnswer
from runtime_backend.installed.identity import Identity
from runtime_backend.metadata.agreement import describe_differences
from runtime_backend.metadata.pins import with_requirements
from runtime_backend.metadata.prepared import Prepared, mark_prepared, read_prepared
from runtime_backend.metadata.static import write_static
from runtime_backend.metadata.ways import way_by_files, ways_by_backend

WHEEL, EDITABLE, SDIST = "prepare_metadata_for_build_wheel", "prepare_metadata_for_build_editable", "build_sdist"
COMPLETE = {"name": "Some.Name", "version": "1.00"}
TORCH = Identity(name="torch", version="2.7.0", reported="2.7.0+cu126", cuda="12.6", git_version="ab")


@pytest.mark.parametrize(
    ("wanted", "hook", "is_complete", "is_lacking", "expected"),
    [
        ("auto", WHEEL, True, True, ("static", "stub", "real")),
        ("auto", WHEEL, True, False, ("static", "real")),
        ("auto", WHEEL, False, True, ("stub", "real")),
        ("auto", WHEEL, False, False, ("real",)),
        ("auto", EDITABLE, True, True, ("stub", "real")),
        ("auto", SDIST, True, True, ("stub", "real")),
        ("auto", "get_requires_for_build_wheel", True, True, ("stub", "real")),
        ("auto", "build_wheel", True, True, ("real",)),
        ("static", WHEEL, False, True, ("static",)),
        ("static", EDITABLE, True, False, ("static",)),
        ("static", SDIST, True, True, ("stub", "real")),
        ("stub", SDIST, True, False, ("stub",)),
        ("stub", "build_editable", True, True, ("real",)),
        ("real", WHEEL, True, True, ("real",)),
    ],
)
def test_ways(  # noqa: PLR0913, PLR0917 - the columns
    wanted: str,
    hook: str,
    is_complete: bool,  # noqa: FBT001 - a column
    is_lacking: bool,  # noqa: FBT001 - a column
    expected: tuple[str, ...],
    tmp_path: Path,
) -> None:
    """Without torch, [project] answers for wheels, then the stand-in; builds always use the real torch."""
    project = "" if is_complete else 'dynamic = ["version"]\n'
    make_source(tmp_path, "x", f'metadata = "{wanted}"\n[project]\nname = "x"\nversion = "1"\n{project}')
    settings = load_settings(tmp_path, environ={})
    by_files = way_by_files(hook, settings)
    assert expected == (
        *([] if by_files is None else [by_files]),
        *ways_by_backend(hook, settings, is_lacking=is_lacking),
    )


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("mesonpy", "static"),
        ("scikit_build_core.build", "static"),
        ("hatchling.build", None),
        ("setuptools.build_meta", None),
    ],
)
def test_editables_of_known_backends(backend: str, expected: str | None, tmp_path: Path) -> None:
    """The files answer for the editables of real backends that are known to add nothing."""
    make_source(tmp_path, backend, '[project]\nname = "x"\nversion = "1"\n')
    assert expected == way_by_files(EDITABLE, load_settings(tmp_path, environ={}))


def test_static(tmp_path: Path) -> None:
    """The dist-info has the name of the wheel's, and METADATA has the values of the table."""
    write(tmp_path / "README.md", "Some text\n")
    project = {**COMPLETE, "readme": "README.md", "dependencies": ["torch>=2"]}
    for _ in range(2):
        assert "some_name-1.0.dist-info" == write_static(project, tmp_path, tmp_path)
    text = (tmp_path / "some_name-1.0.dist-info/METADATA").read_text("utf-8")
    assert text.startswith("Metadata-Version: 2.")
    assert "\nName: Some.Name\nVersion: 1.0\n" in text
    assert "\nRequires-Dist: torch>=2\n" in text
    assert text.endswith("\n\nSome text\n")


@pytest.mark.parametrize(
    ("project", "reported"),
    [
        ({"name": "x"}, "pyproject.toml: project: found no static name or version, expected a complete table"),
        (
            {**COMPLETE, "dynamic": ["readme", "license"]},
            "project: found no static readme, license, expected a complete table",
        ),
        ({**COMPLETE, "dynamic": "version"}, "project: found no static metadata (dynamic is not a list), expected"),
        (
            {**COMPLETE, "version": "nonsense!"},
            "pyproject.toml: project.version: found the string 'nonsense!', expected a version (PEP 440)",
        ),
        ({**COMPLETE, "name": "-"}, "pyproject.toml: project: '-' is invalid for 'name'"),
        ({**COMPLETE, "readme": "nowhere.md"}, "nowhere.md"),
    ],
)
def test_static_without_an_answer(project: dict[str, Any], reported: str, tmp_path: Path) -> None:
    """An incomplete or wrong table gives no answer, so that the real backend is asked."""
    with pytest.raises(NoAnswer) as caught:
        write_static(project, tmp_path, tmp_path)
    assert reported in str(caught.value)
    assert [] == list(tmp_path.iterdir())


def test_static_with_an_old_packaging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A packaging that cannot write metadata, possible with a vendored shim, is reported."""
    monkeypatch.delattr(Metadata, "as_rfc822")
    with pytest.raises(NoAnswer) as caught:
        write_static(COMPLETE, tmp_path, tmp_path)
    reported = "found an old packaging, expected packaging>=26.1 in build-system.requires"
    assert reported == str(caught.value)


@pytest.mark.parametrize(
    ("earlier", "built", "expected"),
    [
        ("Name: a.b\nVersion: 1.0", "Name: A-B\nVersion: 1.0.0\nSummary: x\nLicense-File: y", []),
        (
            "Requires-Dist: Torch [x,Y] >=2 ; extra=='a' and (os_name=='b')",
            "Requires-Dist: torch[y,x]>=2; os_name == 'b' and extra == \"a\"",
            [],
        ),
        ("Requires-Python: >=3.10, <4", "Requires-Python: <4,>=3.10", []),
        ("Provides-Extra: A_b", "Provides-Extra: a-b", []),
        ("Requires-Dist: torch @ https://x/y", "Requires-Dist: torch@https://x/y", []),
        (
            "Version: 1+a",
            "Version: 1+b",
            ["Version: 1+a: not in the wheel", "Version: 1+b: only in the wheel"],
        ),
        ("Requires-Dist: no requirement!", "", ["Requires-Dist: no requirement!: not in the wheel"]),
        ("Requires-Dist: a>=1;\n  os_name == 'x'", "no field\nrequires-dist: a>=1;os_name=='x'", []),
    ],
)
def test_agreement(earlier: str, built: str, expected: list[str]) -> None:
    """Only differences in the meaning of fields that resolvers use are reported."""
    assert expected == describe_differences(f"{earlier}\n\nText".encode(), f"{built}\n".encode())


def test_prepared(tmp_path: Path) -> None:
    """The mark has the way and the runtimes; the real backend may copy only metadata that it made itself."""
    write(tmp_path / "METADATA", "Name: x\n")
    mark_prepared(tmp_path, "real", [TORCH])
    found = read_prepared(str(tmp_path))
    described = "torch 2.7.0 (calls itself 2.7.0+cu126) cuda=12.6 hip=None rocm=None xpu=None git-version=ab"
    assert Prepared(way="real", runtimes=(described,), metadata=b"Name: x\n") == found
    assert found is not None
    assert [True, False] == [found.serves([TORCH]), found.serves([])]
    mark_prepared(tmp_path, "stub", [TORCH])
    again = read_prepared(str(tmp_path))
    assert again is not None
    assert not again.serves([TORCH])


@pytest.mark.parametrize(
    "mark", [None, "{", "[]", '{"metadata": "real"}', json.dumps({"metadata": "x", "runtimes": []})]
)
def test_not_prepared(mark: str | None, tmp_path: Path) -> None:
    """A folder without our mark, or without METADATA, is passed to the real backend."""
    if mark is not None:
        write(tmp_path / "runtime-backend.json", mark)
    assert [None, None] == [read_prepared(str(tmp_path)), read_prepared(None)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Name: x\r\n\r\nBody: 1\r\n", b"Name: x\r\nRequires-Dist: torch==2\r\n\r\nBody: 1\r\n"),
        (b"Name: x\r\n", b"Name: x\nRequires-Dist: torch==2\n"),
        (b"Name: x\n\nText\n\nmore", b"Name: x\nRequires-Dist: torch==2\n\nText\n\nmore"),
        (b"Name: x\n", b"Name: x\nRequires-Dist: torch==2\n"),
        (b"Name: x\nRequires-Dist: torch==2\n\nText", b"Name: x\nRequires-Dist: torch==2\n\nText"),
        (b"Name: x\nrequires-dist:\n torch==2\n\nText", b"Name: x\nrequires-dist:\n torch==2\n\nText"),
        (b"Name: x\r\r\nText: y\n\n", b"Name: x\r\nRequires-Dist: torch==2\r\r\nText: y\n\n"),
    ],
)
def test_pins(before: bytes, after: bytes) -> None:
    """A requirement is added to the fields once."""
    assert after == with_requirements(before, ["torch==2"])
