"""The table ``[project]``: the resulting METADATA, and the messages about mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from standins import write

from runtime_backend.errors import NoAnswer
from runtime_backend.metadata.project_table import read_project
from runtime_backend.metadata.static import static_metadata

COMPLETE = {"name": "Some.Name", "version": "1.00"}

EVERYTHING = {
    **COMPLETE,
    "description": "What it is,\n  on two lines",
    "readme": {"text": "Über\n\nName: x\n", "content-type": "text/markdown"},
    "requires-python": ">=3.10, <4",
    "license": "mit OR apache-2.0",
    "license-files": ["LICEN[CS]E*", "more/*"],
    "authors": [{"name": "Ä B"}, {"name": 'C, "D"', "email": "c@d"}, {"email": "e@f"}, {"name": "G", "email": "g@h"}],
    "maintainers": [{"name": "M"}, {"name": "N"}],
    "keywords": ["one", "two"],
    "classifiers": ["Programming Language :: Python"],
    "urls": {"Home page": "https://example.org/"},
    "scripts": {"x": "x:main"},
    "gui-scripts": {"y": "x:main"},
    "entry-points": {"a.b": {"c": "d:e"}},
    "dependencies": ["torch >= 2", "x @ https://h/x ; os_name=='posix'"],
    "optional-dependencies": {
        "A_b": ["y", "z>1; os_name=='nt' or os_name=='posix'"],
        "none": [],
        "c": ["y;os_name=='nt'"],
    },
    "import-names": ["a", "a.b", "_c; private"],
    "import-namespaces": ["n"],
    "tool-of-tomorrow": 1,
}

WRITTEN = """Metadata-Version: 2.5
Name: Some.Name
Version: 1.0
Summary: What it is, on two lines
Description-Content-Type: text/markdown
Keywords: one,two
Author: Ä B
Author-Email: "C, \\"D\\"" <c@d>, e@f, G <g@h>
Maintainer: M, N
License-Expression: MIT OR Apache-2.0
License-File: LICENCE
License-File: LICENSE
License-File: more/a
Classifier: Programming Language :: Python
Requires-Dist: torch>=2
Requires-Dist: x @ https://h/x ; os_name == "posix"
Requires-Dist: y; extra == "a-b"
Requires-Dist: z>1; (os_name == "nt" or os_name == "posix") and extra == "a-b"
Requires-Dist: y; os_name == "nt" and extra == "c"
Requires-Python: <4,>=3.10
Project-URL: Home page, https://example.org/
Provides-Extra: a-b
Provides-Extra: none
Provides-Extra: c
Import-Name: a
Import-Name: a.b
Import-Name: _c; private
Import-Namespace: n

Über

Name: x
"""


def test_everything(tmp_path: Path) -> None:
    """Each key becomes its fields, in the case that real backends use; the body is not changed."""
    for name in ("LICENSE", "LICENCE", "more/a", "more/folder/b"):
        write(tmp_path / name, "")
    label, text = static_metadata(EVERYTHING, tmp_path)
    assert ("some_name-1.0", WRITTEN) == (label, text.decode())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "Metadata-Version: 2.1\nName: Some.Name\nVersion: 1.0\n\n"),
        (
            {"license": {"file": "LICENSE"}, "description": ""},
            "Metadata-Version: 2.1\nName: Some.Name\nVersion: 1.0\nSummary: \nLicense: Do\n         \n         this.\n\n",
        ),
        ({"license": {"text": ""}, "license-files": None}, "Metadata-Version: 2.1\nName: Some.Name\nVersion: 1.0\nLicense: \n\n"),
        ({"license-files": []}, "Metadata-Version: 2.4\nName: Some.Name\nVersion: 1.0\n\n"),
        ({"import-names": []}, "Metadata-Version: 2.5\nName: Some.Name\nVersion: 1.0\nImport-Name: \n\n"),
        (
            {"readme": "README.RST"},
            "Metadata-Version: 2.1\nName: Some.Name\nVersion: 1.0\nDescription-Content-Type: text/x-rst\n\nText.\n",
        ),
        (
            {"readme": {"file": "README.RST", "content-type": "text/plain; charset=UTF-8"}},
            "Metadata-Version: 2.1\nName: Some.Name\nVersion: 1.0\n"
            "Description-Content-Type: text/plain; charset=UTF-8\n\nText.\n",
        ),
        (
            {"dynamic": ["optional-dependencies", "readme", "requires-python"]},
            "Metadata-Version: 2.2\nName: Some.Name\nVersion: 1.0\n"
            "Dynamic: Requires-Dist\nDynamic: Provides-Extra\nDynamic: Requires-Python\n\n",
        ),
    ],
)  # fmt: skip
def test_variants(more: dict[str, Any], expected: str, tmp_path: Path) -> None:
    """The metadata have the lowest version that has all the fields."""
    write(tmp_path / "LICENSE", "Do\n\nthis.\n")
    write(tmp_path / "README.RST", "Text.\n")
    assert expected == static_metadata({**COMPLETE, **more}, tmp_path)[1].decode()


def test_stated_and_dynamic(tmp_path: Path) -> None:
    """A list in the table may be completed by the real backend (PEP 808)."""
    found = read_project({**COMPLETE, "dependencies": ["a"], "dynamic": ["dependencies"]}, tmp_path)
    assert ("2.6", ["a"], ["Requires-Dist"]) == (
        found["metadata_version"],
        found["requires_dist"],
        found["dynamic"],
    )


WRONG = [
    ({"name": None}, "name: found none, expected one"),
    ({"name": ""}, "name: found the string '', expected a non-empty string"),
    ({"version": None}, "version: found none, expected one"),
    ({"version": 1.0}, "version: found float 1.0, expected a non-empty string"),
    ({"description": ["x"]}, "description: found an array, expected a non-empty string"),
    ({"requires-python": "3"}, "requires-python: found the string '3', expected a version specifier (PEP 440)"),
    ({"keywords": "x"}, "keywords: found the string 'x', expected an array"),
    ({"classifiers": [1]}, "classifiers[0]: found int 1, expected a string"),
    ({"urls": {"x" * 33: "y"}}, f"urls.{'x' * 33}: found a longer label, expected at most 32 characters"),
    ({"urls": {"x": 1}}, "urls.x: found int 1, expected a non-empty string"),
    ({"authors": [{}]}, "authors[0]: found an empty one, expected a table with name or email"),
    ({"authors": ["x"]}, "authors[0]: found the string 'x', expected a table with name or email"),
    ({"authors": [{"name": "", "x": ""}]}, "authors[0].x: found an unknown key, expected one of email, name"),
    ({"dependencies": ["x", "no one!"]}, "dependencies[1]: found the string 'no one!', expected a requirement (PEP 508)"),
    ({"dependencies": [1]}, "dependencies[0]: found int 1, expected a requirement (PEP 508)"),
    ({"optional-dependencies": []}, "optional-dependencies: found an array, expected a table"),
    ({"optional-dependencies": {"x": "y"}}, "optional-dependencies.x: found the string 'y', expected an array"),
    (
        {"optional-dependencies": {"'\"": []}},
        "optional-dependencies: found the extra '\\'\"', expected letters, digits, '-', '_' and '.'",
    ),
    ({"scripts": {"x": 1}}, "scripts.x: found int 1, expected a non-empty string"),
    ({"entry-points": {"a b": {}}}, "entry-points.a b: found the group 'a b', expected letters, digits, '_' and '.'"),
    ({"entry-points": {"a": {"b": 1}}}, "entry-points.a.b: found int 1, expected a non-empty string"),
    ({"license": 1}, "license: found int 1, expected a table"),
    ({"license": {}}, "license.text: found both or neither of text and file, expected one of the two"),
    ({"license": {"text": "x", "file": "LICENSE"}}, "license.text: found both or neither of text and file, expected one of the two"),
    ({"license": {"file": ""}}, "license.file: found the string '', expected a non-empty string"),
    ({"license": {"file": "gone"}}, "license.file: gone: No such file or directory"),
    (
        {"license": "MIT", "classifiers": ["License :: OSI Approved"]},
        "license: found a classifier 'License ::' as well, expected one of the two",
    ),
    (
        {"license": {"text": "x"}, "license-files": []},
        "license-files: found a license that is a table as well, expected an SPDX expression as license",
    ),
    *(
        ({"license-files": [pattern]}, f"license-files: found the string {pattern!r}, expected a pattern of files inside the project")
        for pattern in ("", "/etc/*", "../*", "c:x", "..\\x", "nothing*", "folder")
    ),
    ({"readme": 1}, "readme: found int 1, expected a table"),
    ({"readme": "README"}, "readme: found the string 'README', expected a name with one of the endings .md, .rst"),
    ({"readme": "odd.md"}, "readme: odd.md: line 2: found the byte 0xff, expected UTF-8"),
    ({"readme": {"file": "README"}}, "readme.content-type: found none, expected one"),
    ({"readme": {"text": "", "content-type": "text/plain", "x": 1}}, "readme.x: found an unknown key, expected one of content-type, text"),
    ({"dynamic": ["name"]}, "dynamic: found the string 'name', expected a key of [project] other than name"),
    ({"dynamic": ["version"]}, "version: found a value and an entry in dynamic, expected one of the two"),
    ({"import-names": ["a"], "import-namespaces": ["a"]}, "import-names: found 'a' in import-namespaces, too, expected one of the two"),
    ({"import-names": ["a.b"]}, "import-namespaces: found no 'a', expected each parent of an import name"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "reported"), WRONG, ids=[reported for _, reported in WRONG])
def test_wrong(more: dict[str, Any], reported: str, tmp_path: Path) -> None:
    """A message names the key of a mistake."""
    write(tmp_path / "README", "")
    write(tmp_path / "LICENSE", "")
    (tmp_path / "folder").mkdir()
    (tmp_path / "odd.md").write_bytes(b"a\n\xff")
    with pytest.raises(NoAnswer) as caught:
        static_metadata({**COMPLETE, **more}, tmp_path)
    assert f"pyproject.toml: project.{reported}" == str(caught.value)


@pytest.mark.parametrize(
    ("more", "reported"),
    [
        ({"name": "no one!"}, "'no one!' is invalid for 'name'"),
        ({"license": "my own"}, "'my own' is invalid for 'license-expression'"),
        ({"readme": {"text": "", "content-type": "text/html"}}, "'description-content-type' must be one of"),
        ({"import-names": ["if"]}, "'if' is invalid for 'import-name'; 'if' is a keyword"),
    ],
)
def test_wrong_to_packaging(more: dict[str, Any], reported: str, tmp_path: Path) -> None:
    """Mistakes that packaging finds are reported in its words."""
    with pytest.raises(NoAnswer) as caught:
        static_metadata({**COMPLETE, **more}, tmp_path)
    assert str(caught.value).startswith(f"pyproject.toml: project: {reported}")


def test_all_problems(tmp_path: Path) -> None:
    """All mistakes are reported at once, each once."""
    with pytest.raises(NoAnswer) as caught:
        read_project({"name": "x", "classifiers": [1], "license": "MIT"}, tmp_path)
    assert "classifiers[0]: found int 1, expected a string; pyproject.toml: project.version: found none" in str(
        caught.value
    )
