"""What build scripts mention, without running them."""

from __future__ import annotations

import pytest

from runtime_backend.wheel_store.scripts import Scripts, find_scripts, is_script, read_scripts


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *((name, True) for name in ("setup.py", "a/b.py", "a/CMakeLists.txt", "meson.build", "x/y.cmake", "Makefile")),
        *((name, True) for name in ("pyproject.toml", "build.rs", "x.sh", "rules.mk", "configure", "x.cmake.in")),
        *((name, False) for name in ("a.cu", "README.md", "NotCMakeLists.txt", "a.toml", "configure.py.txt", "x.pyc")),
    ],
)
def test_is_script(path: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """Scripts are recognised by their names."""
    assert expected == is_script(path)


TREE = dict.fromkeys(
    (
        *("setup.py", "helper.py", "tools/__init__.py", "tools/a.py", "tools/b.py", "tools/deep/c.py", "pkg/x.py"),
        *("pkg/cmake/x.cmake", "backend/own.py", "tests/test_x.py", "tools/deep/__init__.py", "../shared/y.py"),
    ),
    "",
)
ALWAYS = {"../shared/y.py", "helper.py", "pkg/cmake/x.cmake", "setup.py"}


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("", set()),
        ("import tools", {"tools/__init__.py"}),
        ("import tools.a as a, tools.b", {"tools/__init__.py", "tools/a.py", "tools/b.py"}),
        ("from tools import a, b", {"tools/__init__.py", "tools/a.py", "tools/b.py"}),
        ("    from tools import (\n    a,  # one (1\n    b,\n)", {"tools/__init__.py", "tools/a.py", "tools/b.py"}),
        ("from tools import(a)", {"tools/__init__.py", "tools/a.py"}),
        ("from tools import a, \\\n  b", {"tools/__init__.py", "tools/a.py", "tools/b.py"}),
        ("from tools.deep.c import x", {"tools/deep/c.py"}),
        ("import os; import tools.a", {"tools/__init__.py", "tools/a.py"}),
        ("try: import tools.a", {"tools/__init__.py", "tools/a.py"}),
        ("from .tools.a import x", {"tools/a.py"}),
        ("exec(open('tools/a.py').read())", {"tools/a.py"}),
        ("exec(open('./tools/deep/c.py').read())", {"tools/deep/c.py"}),
        ("f'{here}/tools/b.py'", {"tools/b.py"}),
        ("import elsewhere\nfrom . import nothing\nimport\nfrom x", set()),
        ("# import tools.a\nx = 'tools/a.pyc'", set()),
    ],
)
def test_used_by_the_setup_script(text: str, more: set[str]) -> None:
    """Python files are scripts at the top, outside, or if another script imports them or names their path."""
    assert sorted(ALWAYS | more) == find_scripts({**TREE, "setup.py": text})


def test_used_in_turn() -> None:
    """Scripts are followed, relative imports too, also in a circle."""
    tree = {
        **TREE,
        "setup.py": "from tools.deep import c",
        "tools/deep/c.py": "from .. import a\nfrom . import c\nimport setup",
        "tools/a.py": "from .b import x\nexec(open('deep/__init__.py').read())",
    }
    expected = {"tools/__init__.py", "tools/a.py", "tools/b.py", "tools/deep/__init__.py", "tools/deep/c.py"}
    assert sorted(ALWAYS | expected) == find_scripts(tree)


@pytest.mark.parametrize(("folders", "more"), [(["backend"], {"backend/own.py"}), (["./backend/"], {"backend/own.py"})])
def test_backend_path(folders: list[str], more: set[str]) -> None:
    """A backend in the tree is a script."""
    assert sorted(ALWAYS | more) == find_scripts(TREE, folders)
    assert sorted(ALWAYS) == find_scripts(TREE, ["."])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("os.environ['WITH_X'] == CI", {"WITH_X", "CI"}),
        ("f'MY_{name}'", {"MY_"}),
        ("f'{name}_HOME'", {"*_HOME", "_HOME"}),
        ("name + '_HOME'", {"*_HOME", "_HOME"}),
        ("os.environ.get('myFlag'), os.getenv(\"other\"), environ['third']", {"myFlag", "other", "third"}),
        ("set(x $ENV{qtHome})", {"ENV", "qtHome"}),
        ("find_package(Eigen3 3.4 REQUIRED)", {"Eigen3_", "EIGEN3_", "REQUIRED"}),
        ("FIND_PACKAGE( pybind11)", {"FIND_PACKAGE", "pybind11_", "PYBIND11_"}),
        ("x = 1", set()),
    ],
)
def test_words(text: str, words: set[str]) -> None:
    """Names of variables, and parts of them, are found."""
    assert words == read_scripts({"setup.py": text}, ()).words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("subprocess.run(['git', 'rev-parse'])", True),
        ("use_scm_version=True", True),
        ("'setuptools-git-versioning'", True),
        ("import versioneer", True),
        ("get_git_revision()", True),
        ("'poetry-dynamic-versioning'", True),
        ("pbr=True", True),
        ("['hg', 'id']", True),
        ("github gitlab digit legitimate", False),
    ],
)
def test_version_control(text: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """A script that may read the commit is recognised."""
    assert expected == read_scripts({"setup.py": text}, ()).reads_version_control


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'-march=native'", True),
        ("open('/proc/cpuinfo')", True),
        ("check_cxx_source_runs(x)", True),
        ("try_run(A B)", True),
        ("import cpuid", True),
        ("'-march=x86-64-v3'", False),
        ("alternative", False),
    ],
)
def test_processor(text: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """A script that may compile for this processor is recognised."""
    assert expected == read_scripts({"CMakeLists.txt": text}, ()).reads_processor


def test_only_scripts_count() -> None:
    """The text of other Python files says nothing about the build."""
    found = read_scripts({"setup.py": "", "tests/x.py": "git native WITH_X"}, ())
    assert Scripts(frozenset(), reads_version_control=False, reads_processor=False) == found


def test_json() -> None:
    """What is kept is read again, but not that of a version that searched for less."""
    found = read_scripts({"setup.py": "native WITH_X WITH_A"}, ())
    assert ["WITH_A", "WITH_X"] == found.as_json()["words"]
    assert found == Scripts.from_json(found.as_json())
    for wrong in ({**found.as_json(), "format": 1}, {}, {"format": 2}):
        with pytest.raises(KeyError):
            Scripts.from_json(wrong)
