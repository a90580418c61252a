"""pdm.lock: malformed files are a LockError; indexes and groups come from the project."""

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
from runtime_backend.locks.pdm_project import read_project

SAMPLES = sorted(Path(__file__).parent.glob("pdm-lock-*/*/pdm*.lock"))
HINT = "Lock again with the tool that wrote it, or restore the file."
LINUX = make_platform("linux-x86_64", "3.11")
WHEEL = "torch-2.7.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
HEAD = """[metadata]
groups = ["default", "dev", "gpu"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
"""
TORCH = f"""
[[package]]
name = "torch"
version = "2.7.0"
groups = ["default"]
files = [
    {{file = "{WHEEL}", hash = "sha256:ab"}},
]
"""
LOCK = HEAD + TORCH


def read(path: Path, platform: str = "linux-x86_64", **selection: Any) -> tuple[Locked, ...]:
    """Read torch in a lock."""
    selected = Selection(**{"project": path.parent, **selection})
    return find_locked(path, "torch", selected, make_platform(platform, "3.11"))


def lock(folder: Path, text: str = LOCK, project: str = "", name: str = "pdm.lock") -> Path:
    """Write a lock, and the project next to it."""
    if project:
        write(folder / "pyproject.toml", project)
    return write(folder / name, text)


def refusal(path: Path) -> str:
    """Return why a lock is refused."""
    with pytest.raises(LockError) as caught:
        read(path)
    assert caught.value.hint == HINT
    return caught.value.message


def indexes(path: Path) -> tuple[str, ...]:
    """Return the indexes on which torch is looked for."""
    (found,) = read(path)
    return () if found.wanted is None else found.wanted.indexes


def test_wheel_on_the_default_index(tmp_path: Path) -> None:
    """Without an index in the project, the version is required, with the local part in the file name."""
    path = lock(tmp_path)
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path),) == read(path)


@pytest.mark.parametrize("name", ["pdm.lock", "pdm.cpu.lock", "py311-linux.lock"])
def test_wheel_on_an_index(tmp_path: Path, name: str) -> None:
    """The project's index, the file and its hash identify the wheel, under any name of the lock."""
    path = lock(tmp_path, project='[[tool.pdm.source]]\nurl = "https://example.org/cpu"\n', name=name)
    wanted = Wanted(
        name="torch",
        version="2.7.0+cpu",
        indexes=("https://example.org/cpu",),
        file=WHEEL,
        hashes=frozenset({"ab"}),
        or_default=True,
    )
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path, sha256="ab", wanted=wanted),) == read(path)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([("a", ""), ("b", "")], ("a", "b")),
        ([("a", ""), ("b", 'include_packages = ["Torch_*", "to?ch"]')], ("b",)),
        ([("a", 'exclude_packages = ["torch*"]'), ("b", 'include_packages = ["numpy"]')], ("b",)),
        ([("a", 'exclude_packages = ["*"]')], ()),
        ([("a", 'exclude_packages = ["*"]\ninclude_packages = ["torch"]')], ("a",)),
        ([("a", 'type = "find_links"'), ("", ""), ("b", 'type = "index"')], ("b",)),
    ],
)
def test_indexes_of_the_project(tmp_path: Path, sources: list[tuple[str, str]], expected: tuple[str, ...]) -> None:
    """Sources keep their order; those that include the package are the only ones, those that exclude it are not used."""
    project = "".join(f'[[tool.pdm.source]]\nname = "x"\nurl = "{url}"\n{more}\n' for url, more in sources)
    assert expected == indexes(lock(tmp_path, project=project))


def test_lock_kept_elsewhere(tmp_path: Path) -> None:
    """A lock outside the project's folder belongs to the installed project, and its paths are relative to that."""
    project = tmp_path / "project"
    write(project / "pyproject.toml", '[[tool.pdm.source]]\nurl = "https://example.org/cpu"\n')
    path = lock(tmp_path / "locks")
    (found,) = read(path, project=project)
    assert found.wanted is not None
    assert ("https://example.org/cpu",) == found.wanted.indexes
    (found,) = read(lock(tmp_path / "locks", HEAD + direct(f'path = "./{WHEEL}"')), project=project)
    assert (project / WHEEL).as_uri() == found.url
    assert () == tuple(locked.wanted for locked in read(path, project=None) if locked.wanted)


def direct(line: str) -> str:
    """Return a torch with a direct reference."""
    return TORCH.replace("groups", f"{line}\ngroups")


@pytest.mark.parametrize(
    ("line", "url"),
    [
        (f'path = "./wheels/{WHEEL}"', f"wheels/{WHEEL}"),
        (f'url = "file:///${{PROJECT_ROOT}}/wheels/{WHEEL}"', f"wheels/{WHEEL}"),
        (f'url = "{{root:uri}}/wheels/{WHEEL}"', f"wheels/{WHEEL}"),
    ],
)
def test_wheel_by_path(tmp_path: Path, line: str, url: str) -> None:
    """A path is relative to the project, however pdm spells that."""
    path = lock(tmp_path, HEAD + direct(line))
    (found,) = read(path)
    assert ("2.7.0+cpu", "ab", None) == (found.version, found.sha256, found.missing)
    assert (tmp_path / url).as_uri().replace("%2B", "+") == (found.url or "").replace("%2B", "+")


@pytest.mark.parametrize(
    ("line", "version", "missing"),
    [
        ('git = "https://example.org/x.git"\nrevision = "1"', "2.7.0", "it is locked as source, not as a wheel"),
        ('path = "./pytorch"\neditable = true', "2.7.0", "it is locked as source, not as a wheel"),
        ('url = "https://example.org/torch-2.7.0.tar.gz"', "2.7.0", "it is locked as source, not as a wheel"),
        ('url = "https://example.org/torch-2.7.0-cp39-cp39-win32.whl"', "2.7.0",
         "none of its wheels fits this interpreter"),
    ],
)  # fmt: skip
def test_direct_without_a_wheel(tmp_path: Path, line: str, version: str, missing: str) -> None:
    """A direct reference without a fitting wheel has the reason."""
    path = lock(tmp_path, HEAD + direct(line))
    assert (Locked(name="torch", version=version, lock=path, missing=missing),) == read(path)


def test_static_url_as_it_stands(tmp_path: Path) -> None:
    """A URL is handed on as the lock has it, credentials and escapes included."""
    url = f"https://user:secret@host/{WHEEL.replace('+', '%2B')}"
    path = lock(tmp_path, LOCK.replace(f'file = "{WHEEL}"', f'url = "{url}"'))
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path, url=url, sha256="ab"),) == read(path)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"4.5.0"', '"5.0"', "found metadata.lock_version = '5.0', expected 4.x, which this reader knows"),
        (
            'lock_version = "4.5.0"\n',
            "",
            "found metadata.lock_version = None, expected 4.x, which this reader knows",
        ),
        (LOCK, "", "found metadata.lock_version = None, expected 4.x, which this reader knows"),
        (LOCK, "metadata = 3", "not laid out as expected: at metadata: found 3, expected a table"),
        (
            'version = "2.7.0"',
            'version = "latest"',
            "not laid out as expected: at package[torch].version: Invalid version: 'latest'",
        ),
        ('version = "2.7.0"\n', "", "not laid out as expected: at package[torch]: found no key 'version'"),
        ('name = "torch"\n', "", "not laid out as expected: at package[]: found no key 'name'"),
        (f'file = "{WHEEL}", ', "", "not laid out as expected: at package[torch].files[]: found no key 'file'"),
        (
            'groups = ["default"]',
            "groups = 3",
            "not laid out as expected: at package[torch].groups: found 3, expected another type",
        ),
        ('groups = ["default"]', 'marker = "on linux"', None),
        ("]\n", "\n", None),
        ("[[package]]", "targets = [3]\n[[package]]", None),
        ("[[package]]", 'targets = [{ requires_python = "new" }]\n[[package]]', None),
    ],
)
def test_malformed(tmp_path: Path, old: str, new: str, what: str | None) -> None:
    """A file that pdm would not write is a LockError with the file and the mistake."""
    assert old in LOCK
    path = lock(tmp_path, LOCK.replace(old, new, 1))
    found = refusal(path)
    assert found.startswith(f"{path}: not ") if what is None else f"{path}: {what}" == found


def test_malformed_project(tmp_path: Path) -> None:
    """A mistake in the project's pyproject.toml is reported with that file's name."""
    path = lock(tmp_path, project="[tool.pdm]\nsource = 3\n")
    what = "not laid out as expected: at tool.pdm.source: found 3, expected another type"
    assert f"{tmp_path / 'pyproject.toml'}: {what}" == refusal(path)


@pytest.mark.parametrize("sample", SAMPLES[::5], ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_truncated(sample: Path, tmp_path: Path) -> None:
    """A truncated lock is a LockError or has the entries before the end, with LF or CRLF."""
    lines = sample.read_text("utf-8").splitlines(keepends=True)
    for count in range(0, len(lines), 2):
        answers = []
        for text in ("".join(lines[:count]), "".join(lines[:count]).replace("\n", "\r\n")):
            path = lock(tmp_path, text)
            try:
                answers.append([locked.version for locked in read(path)])
            except LockError as error:
                answers.append([str(error)])
        assert answers[0] == answers[1]
        assert len(answers[0]) <= max(1, "".join(lines).count('name = "torch"'))


TWO = """
[[package]]
name = "torch"
version = "2.6.0"
groups = ["dev"]

[[package]]
name = "torch"
version = "2.7.0"
groups = ["gpu"]

[[package]]
name = "torch"
version = "2.8.0"
groups = ["gpu"]
marker = "sys_platform == 'win32'"
"""
PROJECT = """
[project.optional-dependencies]
GPU = []
[dependency-groups]
Dev = []
[tool.pdm.dev-dependencies]
docs = []
"""
BOTH = ["2.6.0", "2.7.0"]


@pytest.mark.parametrize(
    ("selection", "project", "versions"),
    [
        ({}, PROJECT, BOTH),
        ({}, "[dependency-groups]\ndev = []\n", ["2.6.0"]),
        ({}, "", BOTH),
        ({"default_groups": False}, PROJECT, BOTH),
        ({"groups": frozenset({"gpu"})}, PROJECT, BOTH),
        ({"groups": frozenset({"gpu"}), "default_groups": False}, PROJECT, ["2.7.0"]),
        ({"extras": frozenset({"gpu"}), "default_groups": False}, PROJECT, ["2.7.0"]),
        ({"all_extras": True, "default_groups": False}, PROJECT, ["2.7.0"]),
        ({"all_groups": True}, PROJECT, BOTH),
        ({"all_groups": True, "without_groups": frozenset({"gpu"})}, PROJECT, ["2.6.0"]),
        ({"groups": frozenset({"dev"})}, PROJECT, ["2.6.0"]),
        ({"groups": frozenset({"dev"})}, "", ["2.6.0"]),
        ({"groups": frozenset({"gpu"})}, "", ["2.7.0"]),
        ({"groups": frozenset({"docs"})}, PROJECT, BOTH),
        ({"only_groups": True}, PROJECT, ["2.6.0"]),
        ({"only_groups": True, "groups": frozenset({"gpu"}), "default_groups": False}, PROJECT, ["2.7.0"]),
    ],
)
def test_selection(tmp_path: Path, selection: dict[str, Any], project: str, versions: list[str]) -> None:
    """Groups select as in pdm; if none selects, all candidates for this platform remain."""
    assert versions == [locked.version for locked in read(lock(tmp_path, HEAD + TWO, project), **selection)]


def test_dependencies_alone(tmp_path: Path) -> None:
    """``--prod`` selects the project's own dependencies, not its groups."""
    path = lock(tmp_path, LOCK + TWO, PROJECT)
    assert ["2.7.0+cpu"] == [locked.version for locked in read(path, default_groups=False)]


@pytest.mark.parametrize(
    ("target", "platforms"),
    [
        ('requires_python = ">=3.10"', ["linux-x86_64", "macos-arm64", "windows-amd64"]),
        ('requires_python = "<3.10||>=3.11"', ["linux-x86_64", "macos-arm64", "windows-amd64"]),
        ('requires_python = "<3.11"', []),
        ("", ["linux-x86_64", "macos-arm64", "windows-amd64"]),
        ('implementation = "cpython"', ["linux-x86_64", "macos-arm64", "windows-amd64"]),
        ('implementation = "pypy"', []),
        ('platform = "linux"', ["linux-x86_64"]),
        ('platform = "manylinux_2_17_x86_64"', ["linux-x86_64"]),
        ('platform = "musllinux_1_2_x86_64"', ["linux-x86_64"]),
        ('platform = "manylinux_2_17_aarch64"', []),
        ('platform = "manylinux_2_17_x86"', []),
        ('platform = "macos_14_0_arm64"', ["macos-arm64"]),
        ('platform = "macos_14_0_aarch64"', ["macos-arm64"]),
        ('platform = "macos_12_0_x86_64"', []),
        ('platform = "windows_amd64"', ["windows-amd64"]),
        ('platform = "windows_arm64"', []),
        ('platform = "freebsd_13_amd64"', []),
    ],
)
def test_targets(tmp_path: Path, target: str, platforms: list[str]) -> None:
    """A lock has a torch only for its platforms; the version of the system is ignored."""
    path = lock(tmp_path, f"{HEAD}targets = [{{ {target} }}]\n{TORCH}")
    found = [name for name in ("linux-x86_64", "macos-arm64", "windows-amd64") if read(path, name)]
    assert platforms == found


@pytest.mark.parametrize(
    ("name", "more", "expected"),
    [
        ("pypi", "", False),
        ("private", "", True),
        ("private", 'include_packages = ["torch"]', False),
        ("private", 'exclude_packages = ["other"]', True),
    ],
)
def test_default_index_beside_the_sources(tmp_path: Path, name: str, more: str, expected: bool) -> None:  # noqa: FBT001
    """Pdm asks the default index as well, unless a source has its name, or is the one for the package."""
    text = f'[[tool.pdm.source]]\nname = "{name}"\nurl = "https://example.org/simple"\n{more}\n'
    path = tmp_path / "pyproject.toml"
    path.write_text(text, "utf-8")
    assert read_project(path).asks_default("torch") is expected
