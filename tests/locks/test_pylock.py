"""pylock.toml: malformed files are a LockError; a malformed entry of another name is ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from platforms import make_platform
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.errors import LockError
from runtime_backend.locks import Locked, find_locked

SAMPLES = sorted(Path(__file__).parent.glob("*/*/pylock*.toml"))
HINT = "Lock again with the tool that wrote it, or restore the file."
LINUX = make_platform("linux-x86_64", "3.11")
WHEEL = "torch-2.7.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"


def read(path: Path, **selection: Any) -> tuple[Locked, ...]:
    """Read torch in a lock on Linux."""
    return find_locked(path, "torch", Selection(**selection), LINUX)


def lock(folder: Path, text: str, head: str = 'lock-version = "1.0"\ncreated-by = "x"\n') -> Path:
    """Write a lock."""
    return write(folder / "pylock.toml", f"{head}\n{text}")


def refusal(path: Path) -> str:
    """Return why a lock is refused."""
    with pytest.raises(LockError) as caught:
        read(path)
    assert caught.value.hint == HINT
    return caught.value.message


ENTRY = '[[packages]]\nname = "torch"\nversion = "2.7.0+cpu"\n'


def wheel(url: str) -> str:
    """Return an entry of torch with one wheel."""
    name = url.rpartition("/")[2].replace("%2B", "+")
    return f'{ENTRY}wheels = [{{ name = "{name}", url = "{url}", hashes = {{ sha256 = "ab" }} }}]\n'


def test_url_as_it_stands(tmp_path: Path) -> None:
    """A URL is handed on as the lock has it, credentials included."""
    url = f"https://user:secret@host/{WHEEL.replace('+', '%2B')}"
    path = lock(tmp_path, wheel(url))
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path, url=url, sha256="ab"),) == read(path)


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ('sdist = { url = "https://h/torch-2.7.0+cpu.tar.gz", hashes = { sha256 = "ab" } }',
         "it is locked as source, not as a wheel"),
        ('archive = { url = "https://h/torch-2.7.0.zip", hashes = { sha256 = "ab" } }',
         "it is locked as source, not as a wheel"),
        ('directory = { path = "../pytorch" }', "it is locked as source, not as a wheel"),
        ('wheels = [{ url = "https://h/torch-2.7.0+cpu-cp39-cp39-win32.whl", hashes = { sha256 = "ab" } }]',
         "none of its wheels fits this interpreter"),
    ],
)  # fmt: skip
def test_without_a_wheel(tmp_path: Path, source: str, missing: str) -> None:
    """If no wheel fits, there is a reason."""
    path = lock(tmp_path, ENTRY + source)
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path, missing=missing),) == read(path)


@pytest.mark.parametrize("place", ["path", "url"])
def test_archive_that_is_a_wheel(tmp_path: Path, place: str) -> None:
    """A wheel by path or URL is listed under ``archive``; its name has the version."""
    where = {"path": f"wheels/{WHEEL}", "url": f"https://h/{WHEEL}"}[place]
    text = f'[[packages]]\nname = "torch"\narchive = {{ {place} = "{where}", hashes = {{ sha256 = "ab" }} }}\n'
    path = lock(tmp_path, text)
    url = where if place == "url" else (tmp_path / where).as_uri()
    assert (Locked(name="torch", version="2.7.0+cpu", lock=path, url=url, sha256="ab"),) == read(path)


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ({}, 1),
        ({"default_groups": False}, 0),
        ({"default_groups": False, "all_groups": True}, 1),
        ({"without_groups": frozenset({"run"})}, 0),
        ({"default_groups": False, "extras": frozenset({"cpu"})}, 1),
        ({"default_groups": False, "all_extras": True}, 1),
        ({"default_groups": False, "all_extras": True, "without_extras": frozenset({"cpu"})}, 0),
    ],
)
def test_selection(tmp_path: Path, selection: dict[str, Any], count: int) -> None:
    """Extras and groups select as in PEP 751; the marker distinguishes entries of one name."""
    head = 'lock-version = "1.0"\ncreated-by = "x"\nextras = ["cpu"]\n'
    head += 'dependency-groups = ["run"]\ndefault-groups = ["run"]\n'
    text = wheel(f"https://h/{WHEEL}")
    marker = "'cpu' in extras or 'run' in dependency_groups"
    path = lock(tmp_path, f'{text}marker = "{marker}"\n', head)
    detail = '"cpu" in extras or "run" in dependency_groups'
    assert [detail] * count == [locked.detail for locked in read(path, **selection)]


def test_bad_entry_of_another_name(tmp_path: Path) -> None:
    """An entry of another name is not looked at; one without any source was meant for another platform."""
    text = wheel(f"https://h/{WHEEL}")
    assert len(read(lock(tmp_path, f'{text}\n[[packages]]\nname = "other"\nversion = 3\n\n{ENTRY}'))) == 1
    assert () == read(lock(tmp_path, ENTRY))
    assert () == read(lock(tmp_path, ""))


@pytest.mark.parametrize(
    ("head", "text", "what"),
    [
        ('lock-version = "2.0"\ncreated-by = "x"\n', "packages = []", "found an unknown version: "),
        ('created-by = "x"\n', "packages = []", "not a valid pylock (PEP 751): "),
        ("", "", "not a valid pylock (PEP 751): "),
        ('lock-version = "1.0"\ncreated-by = "x"\n', f"{ENTRY}wheels = [{{}}]", "not a valid pylock (PEP 751): "),
        (
            'lock-version = "1.0"\ncreated-by = "x"\n',
            "packages = [3]",
            "not laid out as expected: at packages[]: found 3, expected a table",
        ),
        (
            'lock-version = "1.0"\ncreated-by = "x"\n',
            "packages = 3",
            "not laid out as expected: at packages: found 3, expected another type",
        ),
        ('lock-version = "1.0"\ncreated-by = "x"\n', "[[packages]\n", "not TOML: "),
    ],
)
def test_malformed(tmp_path: Path, head: str, text: str, what: str) -> None:
    """A file that no tool writes is a LockError with the file and the mistake."""
    path = lock(tmp_path, text, head)
    assert refusal(path).startswith(f"{path}: {what}")


@pytest.mark.parametrize("sample", SAMPLES[::3], ids=lambda path: f"{path.parent.parent.name}-{path.parent.name}")
def test_truncated(sample: Path, tmp_path: Path) -> None:
    """A truncated lock is a LockError or has the entries before the end, with LF or CRLF."""
    whole = read(sample)
    lines = sample.read_text("utf-8").splitlines(keepends=True)
    path = tmp_path / sample.name
    for count in range(len(lines)):
        answers = []
        for text in ("".join(lines[:count]), "".join(lines[:count]).replace("\n", "\r\n")):
            try:
                answers.append([locked.version for locked in read(write(path, text))])
            except LockError as error:  # noqa: PERF203 - two rounds
                answers.append([str(error)])
        assert answers[0] == answers[1]
        assert len(answers[0]) <= max(1, len(whole))


@pytest.mark.parametrize(
    ("head", "count"),
    [
        ("requires-python = '>=3.10'", 1),
        ("requires-python = '<3.11'", 0),
        ("environments = ['sys_platform == \"linux\"', 'sys_platform == \"darwin\"']", 1),
        ("environments = ['sys_platform == \"win32\"']", 0),
    ],
)
def test_lock_for_other_environments(tmp_path: Path, head: str, count: int) -> None:
    """A lock for other Pythons or environments has no torch (PEP 751)."""
    path = lock(tmp_path, wheel(f"https://x/{WHEEL}"), f'lock-version = "1.0"\ncreated-by = "x"\n{head}\n')
    assert count == len(read(path))
