"""uv.lock: malformed files are a LockError; the fast reader gives the same results as the full one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from platforms import make_platform
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.errors import LockError
from runtime_backend.locks import READERS, Locked, find_locked
from runtime_backend.system.platforms import UNFIT, Platform

SAMPLES = sorted(Path(__file__).parent.glob("uv-*/*/uv.lock"))
HINT = "Lock again with the tool that wrote it, or restore the file."
LINUX = make_platform("linux-x86_64", "3.11")
SLOWLY = "# a line that uv does not write\n"
WHEEL = "torch-2.7.0%2Bcu126-cp311-cp311-manylinux_2_28_x86_64.whl"


def read(path: Path, **selection: Any) -> tuple[Locked, ...]:
    """Read torch in a lock on Linux."""
    return find_locked(path, "torch", Selection(project=path.parent, **selection), LINUX)


def outcome(path: Path, **selection: Any) -> tuple[Locked, ...] | str:
    """Return the result, or the error."""
    try:
        return read(path, **selection)
    except LockError as error:
        return str(error)


def refusal(path: Path) -> str:
    """Return why a lock is refused."""
    with pytest.raises(LockError) as caught:
        read(path)
    return str(caught.value)


SELECTIONS: list[dict[str, Any]] = [
    {},
    {"all_extras": True, "all_groups": True},
    {"extras": frozenset({"cpu"}), "default_groups": False},
    {"only_groups": True, "groups": frozenset({"cu126"})},
    {"all_packages": True, "without_extras": frozenset({"cpu"}), "without_groups": frozenset({"dev"})},
    {"packages": frozenset({"trainer"})},
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_fast_equals_full(sample: Path, tmp_path: Path) -> None:
    """Both readers give the same result, with LF or CRLF."""
    text = sample.read_text("utf-8")
    path = write(tmp_path / "uv.lock", text)
    fast = [outcome(path, **selection) for selection in SELECTIONS]
    assert any(isinstance(found, tuple) for found in fast)
    for other in (text.replace("\n", "\r\n"), SLOWLY + text):
        write(path, other)
        assert fast == [outcome(path, **selection) for selection in SELECTIONS]


@pytest.mark.parametrize("sample", SAMPLES[::6], ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_truncated(sample: Path, tmp_path: Path) -> None:
    """A truncated lock is a LockError, or gives the full reader's result."""
    lines = sample.read_text("utf-8").splitlines(keepends=True)
    path = tmp_path / "uv.lock"
    for count in range(len(lines)):
        text = "".join(lines[:count])
        fast, full = outcome(write(path, text)), outcome(write(path, SLOWLY + text))
        assert isinstance(full, str) or fast == full


ROOT = """[[package]]
name = "demo"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "torch" }]

"""
PACKAGE = f"""[[package]]
name = "torch"
version = "2.7.0+cu126"
source = {{ registry = "https://example.org/whl/cu126" }}
wheels = [
    {{ url = "https://host/{WHEEL}", hash = "sha256:ab" }},
]
"""
TORCH = f"version = 1\n\n{ROOT}{PACKAGE}"
NAMELESS = TORCH.partition('name = "torch"\n')[2]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("version = 1\n", "version = 2\n", "found version = 2, expected 1, the only version that this reader knows"),
        ("version = 1\n", "", "found version = None, expected 1, the only version that this reader knows"),
        ("version = 1\n", "version = one\n", None),
        (TORCH, "version = one\n", None),
        (TORCH, "", "found version = None, expected 1, the only version that this reader knows"),
        ('name = "torch"\n', "", f"found a [[package]] without a name: {NAMELESS[:60]!r}"),
        ("},\n]\n", "},\n", "not TOML: Invalid value (at end of document)"),
        ('2.7.0+cu126"', 'latest"', "not laid out as expected: at package[torch].version: Invalid version: 'latest'"),
        ('url = "', 'uri = "', "not laid out as expected: at package[torch].source: found no key 'path'"),
        ('{ registry = "https://example.org/whl/cu126" }', "3", None),
        ('version = "2.7.0+cu126"', "version = 3", None),
        ('hash = "sha256:ab"', "hash = 3",
         "not laid out as expected: at package[torch].wheels[].hash: found 3, expected text"),
        ("wheels = [", "wheels = [\n    3,", None),
        (f"{ROOT}[[package]]", "[package]", None),
    ],
)  # fmt: skip
def test_malformed(tmp_path: Path, old: str, new: str, what: str | None) -> None:
    """A file that uv would not write is a LockError with the file and the mistake."""
    assert old in TORCH
    path = write(tmp_path / "uv.lock", TORCH.replace(old, new, 1))
    found = refusal(path)
    if what is None:
        assert found.startswith(f"{path}: not ")
        assert found.endswith(f"\n{HINT}")
    else:
        assert f"{path}: {what}\n{HINT}" == found


@pytest.mark.parametrize("quotes", ['"""', "'''"])
def test_package_in_a_string(tmp_path: Path, quotes: str) -> None:
    """The text of a package inside a string is not a package."""
    inside = TORCH.partition("\n\n")[2]
    path = write(tmp_path / "uv.lock", f"version = 1\nnote = {quotes}\n\n{inside}end = {quotes}\n")
    assert () == read(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        (b"version = '\xff'", "line 1: found the byte 0xff, expected UTF-8"),
    ],
)
def test_unreadable(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """An unreadable lock is reported with the reason."""
    path = tmp_path / "uv.lock"
    if content is not None:
        path.write_bytes(content)
    assert f"{path}: cannot be read: {reason}" == refusal(path)


def test_unknown_name(tmp_path: Path) -> None:
    """A lock that no reader knows is refused by its name, with those that are known."""
    path = tmp_path / "other.yaml"
    known = f"expected one of {', '.join(pattern for pattern, _ in READERS)}"
    assert f"{path}: found no reader for a lock of this name, {known}" == refusal(path)


def test_url_as_it_stands(tmp_path: Path) -> None:
    """A URL is handed on as the lock has it, credentials and escapes included: it is used, not shown."""
    url = f"https://user:secret@host/simple/{WHEEL}"
    path = write(tmp_path / "uv.lock", TORCH.replace(f"https://host/{WHEEL}", url).replace("sha256:ab", "md5:cd"))
    detail = "https://example.org/whl/cu126"
    expected = Locked(name="torch", version="2.7.0+cu126", lock=path, url=url, sha256=None, detail=detail)
    assert (expected,) == read(path)


@pytest.mark.parametrize(
    ("source", "kind"), [('editable = "../pytorch"', "editable"), ('git = "https://x/y#1"', "git"), ("", "nothing")]
)
def test_source_of_dynamic_version(tmp_path: Path, source: str, kind: str) -> None:
    """A torch locked as a source tree may have no version and has no wheel."""
    torch = f'[[package]]\nname = "torch"\nsource = {{ {source} }}\n'
    path = write(tmp_path / "uv.lock", f"version = 1\n\n{ROOT}{torch}")
    missing = f"it is locked as {kind}, not as a wheel"
    assert (Locked(name="torch", version="", lock=path, missing=missing),) == read(path)


def test_root_of_a_long_name(tmp_path: Path) -> None:
    """A member's folder that is too long for any system holds no pyproject.toml, under every Python."""
    other = PACKAGE.replace("2.7.0", "2.8.0")
    root = f'[[package]]\nname = "demo"\nversion = "1"\nsource = {{ editable = "{"n" * 5000}" }}\n'
    path = write(tmp_path / "uv.lock", f"version = 1\n\n{PACKAGE}\n{other}\n{root}")
    assert () == read(path)


def test_marker_without_end(tmp_path: Path) -> None:
    """A marker that is nested beyond Python's limits is a LockError."""
    marker = "(" * 3000
    path = write(tmp_path / "uv.lock", TORCH.replace('"torch" }', f'"torch", marker = "{marker}" }}'))
    assert refusal(path).startswith(f"{path}: not laid out as expected: ")


PLAIN, WITH_EXTRA = '{ name = "lib" }', '{ name = "lib", extra = ["cuda"] }'


@pytest.mark.parametrize("edges", [(PLAIN, WITH_EXTRA), (WITH_EXTRA, PLAIN)], ids=["extra last", "extra first"])
def test_reached_again_with_extras(edges: tuple[str, ...], tmp_path: Path) -> None:
    """A package that is required with an extra and without it has the extra, whichever comes first."""
    lib = (
        '[[package]]\nname = "lib"\nversion = "1"\nsource = { registry = "https://example.org/simple" }\n\n'
        '[package.optional-dependencies]\ncuda = [\n    { name = "torch" },\n]\n\n'
    )
    root = ROOT.replace('{ name = "torch" }', ", ".join(edges))
    path = write(tmp_path / "uv.lock", f"version = 1\n\n{root}{lib}{PACKAGE}")
    assert ["2.7.0+cu126"] == [locked.version for locked in read(path)]


OPTIONAL = """
[package.optional-dependencies]
cpu = [
    { name = "other" },
]
gpu = [
    { name = "torch" },
]

[package.dev-dependencies]
dev = [
    { name = "other" },
]
train = [
    { name = "torch" },
]

"""


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ({"all_extras": True}, 1),
        ({"all_extras": True, "without_extras": frozenset({"cpu"})}, 1),
        ({"all_extras": True, "without_extras": frozenset({"gpu"})}, 0),
        ({"extras": frozenset({"gpu"}), "without_extras": frozenset({"gpu"})}, 0),
        ({"all_groups": True}, 1),
        ({"all_groups": True, "without_groups": frozenset({"dev"})}, 1),
        ({"all_groups": True, "without_groups": frozenset({"train"})}, 0),
        ({"groups": frozenset({"train"}), "without_groups": frozenset({"train"})}, 0),
    ],
)
def test_what_is_left_out(selection: dict[str, Any], count: int, tmp_path: Path) -> None:
    """An extra or a group that the command excludes is not installed, even if it is selected as well."""
    root = ROOT.replace('dependencies = [{ name = "torch" }]\n\n', OPTIONAL)
    path = write(tmp_path / "uv.lock", f"version = 1\n\n{root}{PACKAGE}")
    assert count == len(read(path, **selection))


@pytest.mark.parametrize("extras", ["", '[package.optional-dependencies]\ncpu = [\n    { name = "torch" },\n]\n'])
def test_extra_that_is_not_there(extras: str, tmp_path: Path) -> None:
    """An extra that a package does not have adds nothing."""
    lib = f'[[package]]\nname = "lib"\nversion = "1"\nsource = {{ registry = "https://example.org/simple" }}\n\n{extras}\n'
    root = ROOT.replace('{ name = "torch" }', WITH_EXTRA)
    assert () == read(write(tmp_path / "uv.lock", f"version = 1\n\n{root}{lib}{PACKAGE}"))


def test_packages_that_require_each_other(tmp_path: Path) -> None:
    """A cycle of requirements is followed once."""
    circle = PACKAGE + 'dependencies = [{ name = "demo" }]\n'
    assert 1 == len(read(write(tmp_path / "uv.lock", f"version = 1\n\n{ROOT}{circle}")))


def test_member_that_is_named(tmp_path: Path) -> None:
    """A lock counts for a member that the command names, wherever the command runs."""
    path = write(tmp_path / "uv.lock", TORCH)
    selections = [Selection(project=tmp_path / "other", packages=names) for names in (frozenset({"demo"}), frozenset())]
    assert [1, 0] == [len(find_locked(path, "torch", selection, LINUX)) for selection in selections]


@pytest.mark.parametrize(
    ("line", "project", "count"),
    [
        ("", None, 0),
        ("", "[project]\n", 0),
        ("", '[tool.uv]\ndefault-groups = ["dev"]\n', 0),
        ("", '[tool.uv]\ndefault-groups = ["Train"]\n', 1),
        ("", '[tool.uv]\ndefault-groups = "all"\n', 1),
        ('default-groups = ["train"]\n', '[tool.uv]\ndefault-groups = ["dev"]\n', 1),
        ('default-groups = ["dev"]\n', '[tool.uv]\ndefault-groups = "all"\n', 0),
    ],
)
def test_default_groups(line: str, project: str | None, count: int, tmp_path: Path) -> None:
    """The default groups are read from the lock, or else from pyproject.toml."""
    root = ROOT.replace('dependencies = [{ name = "torch" }]\n\n', line + OPTIONAL)
    path = write(tmp_path / "uv.lock", f"version = 1\n\n{root}{PACKAGE}")
    if project is not None:
        write(tmp_path / "pyproject.toml", project)
    assert count == len(read(path))


@pytest.mark.parametrize("project", [None, "", "[tool.uv]\n"])
def test_group_dev(project: str | None, tmp_path: Path) -> None:
    """If neither names default groups, it is ``dev``."""
    root = ROOT.replace(
        'dependencies = [{ name = "torch" }]\n\n', OPTIONAL.replace("dev =", "x =").replace("train", "dev")
    )
    path = write(tmp_path / "uv.lock", f"version = 1\n\n{root}{PACKAGE}")
    if project is not None:
        write(tmp_path / "pyproject.toml", project)
    assert [1, 0] == [len(read(path, default_groups=default)) for default in (True, False)]


def test_default_groups_that_cannot_be_read(tmp_path: Path) -> None:
    """The message about a broken pyproject.toml has the path of that file, not of the lock."""
    path = write(tmp_path / "uv.lock", TORCH)
    project = write(tmp_path / "pyproject.toml", "[tool\n")
    assert refusal(path).startswith(f"{project}: not TOML: ")


def test_markers_of_a_fork(tmp_path: Path) -> None:
    """The markers of a fork are the detail that distinguishes its torch from another."""
    markers = "resolution-markers = [\n    \"sys_platform == 'linux'\",\n    \"python_version > '3'\",\n]\n"
    path = write(tmp_path / "uv.lock", TORCH.replace("source = { registry", f"{markers}source = {{ registry"))
    assert ["sys_platform == 'linux'; python_version > '3'"] == [locked.detail for locked in read(path)]


def test_no_wheel_that_fits(tmp_path: Path) -> None:
    """A torch whose wheels do not fit this platform is returned as unfit, with its index."""
    path = write(tmp_path / "uv.lock", TORCH.replace("manylinux_2_28_x86_64", "win_amd64"))
    detail = "https://example.org/whl/cu126"
    assert (Locked(name="torch", version="2.7.0+cu126", lock=path, missing=UNFIT, detail=detail),) == read(path)


@pytest.mark.parametrize("beginning", ["", SLOWLY])
def test_package_without_a_source(beginning: str, tmp_path: Path) -> None:
    """A torch without a source has the URL of its wheel."""
    text = TORCH.replace('source = { registry = "https://example.org/whl/cu126" }\n', "")
    path = write(tmp_path / "uv.lock", beginning + text)
    expected = Locked(name="torch", version="2.7.0+cu126", lock=path, url=f"https://host/{WHEEL}", sha256="ab")
    assert (expected,) == read(path)


@pytest.mark.parametrize("beginning", ["", SLOWLY])
@pytest.mark.parametrize(
    ("source", "count"), [('virtual = "."', 1), ('editable = "."', 1), ('directory = "."', 0), ('virtual = "other"', 0)]
)
def test_source_as_a_table(beginning: str, source: str, count: int, tmp_path: Path) -> None:
    """A member's source may be a table of its own, as pdm writes it."""
    root = ROOT.replace('source = { virtual = "." }\n', "").replace("\n\n", f"\n\n[package.source]\n{source}\n\n")
    member = '[[package]]\nname = "other"\nversion = "1"\nsource = { virtual = "." }\n\n'
    path = write(tmp_path / "uv.lock", f"{beginning}version = 1\n\n{root}{member if not count else ''}{PACKAGE}")
    assert count == len(read(path))


@pytest.mark.parametrize("text", ['source = { directory = "lib" }\n', '\n[package.source]\ndirectory = "lib"\n'])
def test_lock_of_a_project_that_requires_this_one(text: str, tmp_path: Path) -> None:
    """A lock counts for a package that it has by its folder, and that is no member."""
    lib = f'[[package]]\nname = "lib"\nversion = "1"\n{text}\n'
    path = write(tmp_path / "uv.lock", f"version = 1\n\n{ROOT}{lib}{PACKAGE}")
    projects = (tmp_path / "lib", tmp_path / "unknown")
    assert [1, 0] == [len(find_locked(path, "torch", Selection(project=project), LINUX)) for project in projects]


def test_running_platform() -> None:
    """The running interpreter's platform accepts itself, and has its tags."""
    platform = Platform()
    assert platform.accepts(f"python_version == '{sys.version_info[0]}.{sys.version_info[1]}'")
    assert not platform.accepts("python_version < '3'")
    assert platform.best_wheel([("x-1-py2-none-any.whl", "old"), ("x-1-py3-none-any.whl", "any")]) == "any"
