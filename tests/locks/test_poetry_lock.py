"""poetry.lock: malformed files are a LockError; the project supplies data that the lock lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from platforms import make_platform
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.errors import LockError
from runtime_backend.index.wanted import Wanted
from runtime_backend.locks import Locked, find_locked
from runtime_backend.locks.poetry_constraints import allows

SAMPLES = sorted(Path(__file__).parent.glob("poetry-*/*/poetry.lock"))
HINT = "Lock again with the tool that wrote it, or restore the file."
LINUX = make_platform("linux-x86_64", "3.11")
WHEEL = "torch-2.7.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
URL = "https://example.org/cpu"
LOCK = f"""
[[package]]
name = "Torch"
version = "2.7.0+cpu"
optional = false
python-versions = ">=3.9"
groups = ["main"]
files = [
    {{file = "{WHEEL}", hash = "sha256:ab"}},
]

[package.source]
type = "legacy"
url = "{URL}"
reference = "cpu"

[metadata]
lock-version = "2.1"
python-versions = ">=3.10"
"""
UNGROUPED = LOCK.replace('groups = ["main"]\n', "").replace('"2.1"', '"2.0"')


def read(path: Path, **selection: Any) -> tuple[Locked, ...]:
    """Read torch in a lock on Linux."""
    return find_locked(path, "torch", Selection(project=path.parent, **selection), LINUX)


def lock(folder: Path, text: str = LOCK, project: str = "") -> Path:
    """Write a lock, and the project next to it."""
    if project:
        write(folder / "pyproject.toml", project)
    return write(folder / "poetry.lock", text)


def refusal(path: Path) -> str:
    """Return why a lock is refused."""
    with pytest.raises(LockError) as caught:
        read(path)
    assert caught.value.hint == HINT
    return caught.value.message


def packages(*entries: str) -> str:
    """Return a lock of poetry 1.8 with a torch for each of the entries: ``VERSION`` or ``VERSION SOURCE``."""
    texts = []
    for entry in entries:
        version, _, source = entry.partition(" ")
        kind, _, where = source.partition(":")
        told = f'[package.source]\ntype = "{kind}"\nurl = "{where}"\nreference = "here"\n' if source else ""
        texts.append(f'[[package]]\nname = "torch"\nversion = "{version}"\nfiles = []\n{told}')
    return "\n".join((*texts, '[metadata]\nlock-version = "2.0"\n'))


def test_wheel_on_an_index(tmp_path: Path) -> None:
    """Without a URL, the lock's index, the file and its hash identify the wheel."""
    path = lock(tmp_path)
    wanted = Wanted(name="torch", version="2.7.0+cpu", indexes=(URL,), file=WHEEL, hashes=frozenset({"ab"}))
    expected = Locked(name="torch", version="2.7.0+cpu", lock=path, sha256="ab", wanted=wanted, detail=URL)
    assert (expected,) == read(path)


def test_default_index(tmp_path: Path) -> None:
    """Without a source, the package comes from the frontend's default index, by its version."""
    path = lock(tmp_path, LOCK.partition("[package.source]")[0] + LOCK[LOCK.index("[metadata]") :])
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path),) == read(path)


@pytest.mark.parametrize(
    ("files", "hashes", "file", "missing"),
    [
        (f'[{{file = "{WHEEL}", hash = "md5:ab"}}]', [], WHEEL, None),
        (f'[{{file = "{WHEEL}"}}]', [], WHEEL, None),
        ("[]", [], None, None),
        ('[{file = "torch-2.7.0+cpu.tar.gz", hash = "sha256:ab"}]', [], None, "it is locked as source, not as a wheel"),
        ('[{file = "torch-2.7.0+cpu-cp39-cp39-win32.whl", hash = "sha256:ab"}]', [], None,
         "none of its wheels fits this interpreter"),
    ],
)  # fmt: skip
def test_odd_files(tmp_path: Path, files: str, hashes: list[str], file: str | None, missing: str | None) -> None:
    """Hashes other than SHA-256 are ignored; without files, the index is used; without a wheel, there is a reason."""
    start, end = LOCK.index("files = ") + len("files = "), LOCK.index("\n\n[package.source]")
    path = lock(tmp_path, LOCK[:start] + files + LOCK[end:])
    wanted = Wanted(name="torch", version="2.7.0+cpu", indexes=(URL,), file=file, hashes=frozenset(hashes))
    told = {"missing": missing} if missing else {"wanted": wanted}
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path, detail=URL, **told),) == read(path)


@pytest.mark.parametrize(
    ("kind", "url", "missing"),
    [
        ("directory", "../pytorch", "it is locked as source, not as a wheel"),
        ("url", "https://example.org/torch-2.7.0.tar.gz", "it is locked as source, not as a wheel"),
        ("git", "https://example.org/pytorch.git", "it is locked as source, not as a wheel"),
        ("file", "torch-2.7.0+cpu-cp39-cp39-win32.whl", "none of its wheels fits this interpreter"),
    ],
)
def test_direct_without_a_wheel(tmp_path: Path, kind: str, url: str, missing: str) -> None:
    """A direct reference without a fitting wheel has the reason and the locked version."""
    path = lock(tmp_path, LOCK.replace('"legacy"', f'"{kind}"').replace(URL, url))
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path, missing=missing, detail=url),) == read(path)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"2.1"', '"3.0"', "found metadata.lock-version = '3.0', expected 1.x or 2.x, which this reader knows"),
        ('lock-version = "2.1"\n', "",
         "found metadata.lock-version = None, expected 1.x or 2.x, which this reader knows"),
        (LOCK, "", "found metadata.lock-version = None, expected 1.x or 2.x, which this reader knows"),
        (LOCK, "metadata = 3", "not laid out as expected: at metadata: found 3, expected a table"),
        ("[[package]]", "[package]", "not laid out as expected: at package: found a table, expected another type"),
        ('"2.7.0+cpu"', '"latest"', "not laid out as expected: at package[Torch].version: Invalid version: 'latest'"),
        ('version = "2.7.0+cpu"\n', "", "not laid out as expected: at package[Torch]: found no key 'version'"),
        ('name = "Torch"\n', "", "not laid out as expected: at package[]: found no key 'name'"),
        (f'url = "{URL}"\n', "", "not laid out as expected: at package[Torch].source: found no key 'url'"),
        (f'file = "{WHEEL}", ', "", "not laid out as expected: at package[Torch].files[]: found no key 'file'"),
        ('groups = ["main"]', "groups = [3]", None),
        ('groups = ["main"]', 'groups = ["main"]\nmarkers = "extra is cpu"', None),
        ('groups = ["main"]', 'groups = ["main"]\nmarkers = 3', None),
        ("]\n\n[package.source]", "\n[package.source]", None),
    ],
)  # fmt: skip
def test_malformed(tmp_path: Path, old: str, new: str, what: str | None) -> None:
    """A file that poetry would not write is a LockError with the file and the mistake."""
    assert old in LOCK
    path = lock(tmp_path, LOCK.replace(old, new, 1))
    found = refusal(path)
    if what is None:
        assert found.startswith(f"{path}: not ")
    else:
        assert f"{path}: {what}" == found


def test_malformed_project(tmp_path: Path) -> None:
    """A mistake in the project's pyproject.toml is reported with that file's name."""
    path = lock(tmp_path, project="[tool]\npoetry = 3\n")
    what = "not laid out as expected: at tool.poetry: found 3, expected a table"
    assert f"{tmp_path / 'pyproject.toml'}: {what}" == refusal(path)


@pytest.mark.parametrize("sample", SAMPLES[::9], ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_truncated(sample: Path, tmp_path: Path) -> None:
    """A lock that ends early lacks its version, which stands last: it is refused, with LF or CRLF."""
    lines = sample.read_text("utf-8").splitlines(keepends=True)
    end = next(place for place, line in enumerate(lines) if line.startswith("lock-version"))
    for count in range(0, end + 1, 2):
        text = "".join(lines[:count])
        assert refusal(lock(tmp_path, text)) == refusal(lock(tmp_path, text.replace("\n", "\r\n")))


TWO = f"""
[[package]]
name = "torch"
version = "2.7.0+cpu"
groups = ["main", "Dev"]
files = []

[package.markers]
main = 'extra == "cpu" and extra != "cu126"'

[package.source]
type = "legacy"
url = "{URL}"

[[package]]
name = "torch"
version = "2.7.0+cu126"
groups = ["main"]
markers = 'extra == "cu126" and extra != "cpu" and sys_platform == "linux"'
files = []

[extras]
CPU = ["torch"]
cu126 = ["torch"]

[metadata]
lock-version = "2.1"
"""
OPTIONAL = "[tool.poetry.group.dev]\noptional = true\n"


@pytest.mark.parametrize(
    ("selection", "project", "versions"),
    [
        ({}, "", ["2.7.0+cpu"]),
        ({}, OPTIONAL, ["2.7.0+cpu", "2.7.0+cu126"]),
        ({"all_groups": True}, OPTIONAL, ["2.7.0+cpu"]),
        ({"groups": frozenset({"dev"})}, OPTIONAL, ["2.7.0+cpu"]),
        ({"default_groups": False}, "", ["2.7.0+cpu", "2.7.0+cu126"]),
        ({"extras": frozenset({"cu126"})}, OPTIONAL, ["2.7.0+cu126"]),
        ({"extras": frozenset({"cu126"})}, "", ["2.7.0+cpu", "2.7.0+cu126"]),
        ({"extras": frozenset({"cu126"}), "without_groups": frozenset({"dev"})}, "", ["2.7.0+cu126"]),
        ({"extras": frozenset({"cu126"}), "only_groups": True, "groups": frozenset({"main"})}, "", ["2.7.0+cu126"]),
        ({"all_extras": True, "without_extras": frozenset({"cpu"})}, OPTIONAL, ["2.7.0+cu126"]),
        ({"all_extras": True}, OPTIONAL, ["2.7.0+cpu", "2.7.0+cu126"]),
        ({"extras": frozenset({"cpu"}), "without_groups": frozenset({"dev", "main"})}, "", ["2.7.0+cpu", "2.7.0+cu126"]),
    ],
)  # fmt: skip
def test_selection(tmp_path: Path, selection: dict[str, Any], project: str, versions: list[str]) -> None:
    """Groups and extras select as in poetry; if none selects, all candidates for this platform remain."""
    assert versions == [locked.version for locked in read(lock(tmp_path, TWO, project), **selection)]


def test_details(tmp_path: Path) -> None:
    """Markers and the index distinguish entries of one name."""
    one, two = read(lock(tmp_path, TWO, OPTIONAL))
    assert f'extra == "cpu" and extra != "cu126"; {URL}' == one.detail
    assert 'extra == "cu126" and extra != "cpu" and sys_platform == "linux"' == two.detail


DEPENDENCIES = "[tool.poetry.dependencies]\n"


@pytest.mark.parametrize(
    ("entries", "project", "versions"),
    [
        # nothing tells
        (["2.6.0", "2.7.0"], "", ["2.6.0", "2.7.0"]),
        (["2.6.0", "2.7.0"], '[tool.poetry.dependencies]\next = "*"\n', ["2.6.0", "2.7.0"]),
        # constraints
        (["2.6.0", "2.7.0"], '[tool.poetry.dependencies]\nTorch = "^2.7"\n', ["2.7.0"]),
        (["2.6.0", "2.7.0"], '[tool.poetry.dependencies]\ntorch = "whatever"\n', ["2.6.0", "2.7.0"]),
        (["2.6.0", "2.7.0"], '[tool.poetry.dev-dependencies]\ntorch = "~2.6"\n', ["2.6.0"]),
        (["2.6.0", "2.7.0"], '[tool.poetry.group.a.dependencies]\ntorch = { version = "2.6" }\n', ["2.6.0"]),
        # conditions
        (["2.6.0", "2.7.0"], f'{DEPENDENCIES}torch = {{ version = "2.6", python = "<3.11" }}\n', ["2.7.0"]),
        (["2.6.0", "2.7.0"], f'{DEPENDENCIES}torch = {{ version = "2.6", platform = "win32" }}\n', ["2.7.0"]),
        (["2.6.0", "2.7.0"], f'{DEPENDENCIES}torch = {{ version = "2.6", platform = "!=win32" }}\n', ["2.6.0"]),
        (["2.6.0", "2.7.0"], f'{DEPENDENCIES}torch = {{ version = "2.6", markers = "extra == \'x\'" }}\n',
         ["2.6.0", "2.7.0"]),
        # sources
        (["2.7.0 legacy:https://h/a", "2.7.0"], f'{DEPENDENCIES}torch = {{ version = "*", source = "here" }}\n',
         ["2.7.0"]),
        (["2.6.0 legacy:https://h/a", "2.7.0"], f'{DEPENDENCIES}torch = {{ version = "*", source = "PyPI" }}\n',
         ["2.7.0"]),
        (["2.6.0 directory:../a/torch", "2.7.0"], f'{DEPENDENCIES}torch = {{ path = "../a/torch" }}\n', ["2.6.0"]),
        (["2.6.0 git:https://h/torch.git", "2.7.0"], f'{DEPENDENCIES}torch = {{ git = "git@h:torch.git" }}\n',
         ["2.6.0"]),
        (["2.6.0 git:https://h/torch.git", "2.7.0"], f'{DEPENDENCIES}torch = "2.6.0"\n', ["2.7.0"]),
        # the standard table
        (["2.6.0", "2.7.0"], '[project]\ndependencies = ["torch>=2.7", "ext", "what ever"]\n', ["2.7.0"]),
        (["2.6.0", "2.7.0"], '[project]\ndependencies = ["torch ; sys_platform == \'win32\'"]\n', []),
        (["2.6.0", "2.7.0 url:https://h/torch.zip"], '[project]\ndependencies = ["torch @ https://h/torch.zip"]\n',
         ["2.7.0"]),
        (["2.6.0", "2.7.0"], '[project.optional-dependencies]\ncpu = ["torch==2.6"]\n', ["2.6.0"]),
    ],
)  # fmt: skip
def test_asked_of_the_project(tmp_path: Path, entries: list[str], project: str, versions: list[str]) -> None:
    """If a lock has no groups, the project selects the version; otherwise several remain."""
    found = read(lock(tmp_path, packages(*entries), project), extras=frozenset({"cpu"}))
    assert versions == [locked.version for locked in found if locked.missing is None or len(found) == 1]


def test_needed_by_others(tmp_path: Path) -> None:
    """A runtime that the project needs only elsewhere may be needed by another package here."""
    project = '[tool.poetry.dependencies]\ntorch = { version = "*", platform = "win32" }\n'
    ext = '[[package]]\nname = "ext"\nversion = "1"\n[package.dependencies]\nTorch = "*"\n\n'
    assert () == read(lock(tmp_path, packages("2.7.0"), project))
    assert ["2.7.0"] == [locked.version for locked in read(lock(tmp_path, ext + packages("2.7.0"), project))]


@pytest.mark.parametrize(
    ("extras", "versions"), [(set(), ["2.6.0", "2.7.0"]), ({"new"}, ["2.7.0"]), ({"x"}, ["2.6.0", "2.7.0"])]
)
def test_extras_of_the_project(tmp_path: Path, extras: set[str], versions: list[str]) -> None:
    """An optional dependency is in the extras that name it."""
    project = f'{DEPENDENCIES}torch = {{ version = "2.7", optional = true }}\n[tool.poetry.extras]\nNew = ["Torch"]\nx = ["y"]\n'
    path = lock(tmp_path, packages("2.6.0", "2.7.0"), project)
    assert versions == [locked.version for locked in read(path, extras=frozenset(extras))]


def test_files_of_all_versions_together(tmp_path: Path) -> None:
    """Lock-version 1.x lists the files of a name for all its versions; a version without files has none."""
    files = f'[metadata.files]\nTorch = [{{file = "torch-2.8.0-cp311-cp311-manylinux_2_28_x86_64.whl"}}, {{file = "{WHEEL}"}}]\n'
    head = UNGROUPED.replace('"2.0"', '"1.1"')
    bare = head[: head.index("files = ")] + head[head.index("\n\n[package.source]") :]
    for text, file in ((bare + files, WHEEL), (bare, None)):
        (found,) = read(lock(tmp_path, text))
        assert found.wanted is not None
        assert file == found.wanted.file


@pytest.mark.parametrize(
    ("constraint", "allowed", "refused"),
    [
        ("*", ["1.0", "3.0a1"], []),
        ("", ["1.0"], []),
        ("2.7", ["2.7.0", "2.7.0+cpu"], ["2.7.1"]),
        ("=2.7.0", ["2.7.0"], ["2.8"]),
        ("2.7.*", ["2.7.3"], ["2.8"]),
        ("^2.6.1", ["2.6.1", "2.99"], ["2.6.0", "3.0"]),
        ("^0.2.3", ["0.2.9"], ["0.3"]),
        ("^0.0", ["0.0.9"], ["0.1"]),
        ("~2.6.1", ["2.6.9"], ["2.7"]),
        ("~2", ["2.9"], ["3.0"]),
        (">=2.6,<2.8", ["2.7.1"], ["2.8.0"]),
        (">= 2.6 < 2.8", ["2.7.1"], ["2.8.0"]),
        ("~=2.6", ["2.7"], ["3.0"]),
        ("!=2.7.0 , ^2.6", ["2.6", "2.7.1"], ["2.7.0"]),
        ("<2.6 || >=2.8", ["2.5", "2.8"], ["2.7"]),
        ("<2.6|2.8", ["2.5", "2.8"], ["2.7"]),
        ("^x", ["1", "2"], []),
        ("1 - 2", ["0", "3"], []),
    ],
)
def test_constraints(constraint: str, allowed: list[str], refused: list[str]) -> None:
    """Constraints are read as poetry reads them; one that is not understood refuses nothing."""
    assert ([True] * len(allowed), [False] * len(refused)) == (
        [allows(constraint, version) for version in allowed],
        [allows(constraint, version) for version in refused],
    )
