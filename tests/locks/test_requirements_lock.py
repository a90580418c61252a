"""Requirements files as locks: pins, constraints, and contradictions."""

from __future__ import annotations

from pathlib import Path

import pytest
from platforms import make_platform
from standins import write

from runtime_backend.config.selection import Selection
from runtime_backend.errors import LockError
from runtime_backend.index.wanted import Wanted
from runtime_backend.locks import Locked, find_locked

LINUX = make_platform("linux-x86_64", "3.11")
INDEX = "https://example.org/simple"
WHEEL = "torch-2.7.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl"
URL = f"https://example.org/{WHEEL}"
HEX = "ab" * 32


def read(path: Path) -> tuple[Locked, ...]:
    """Read torch in a lock on Linux."""
    return find_locked(path, "torch", Selection(), LINUX)


def lock(folder: Path, text: str, **nested: str) -> Path:
    """Write a lock and the files that it names."""
    for name, content in nested.items():
        write(folder / f"{name}.txt", content)
    return write(folder / "requirements.txt", text)


def refusal(path: Path) -> LockError:
    """Return why a lock is refused."""
    with pytest.raises(LockError) as caught:
        read(path)
    return caught.value


def test_pin_without_an_index(tmp_path: Path) -> None:
    """A pin without an index is required by its version, even with hashes."""
    path = lock(tmp_path, f"six\nTorch==2.7.0 --hash=sha256:{HEX}\n")
    assert (Locked(name="torch", version="2.7.0", lock=path, detail=f"{path}:2"),) == read(path)


def test_pin_with_an_index(tmp_path: Path) -> None:
    """With an index the wheel is looked for there, by its hashes."""
    path = lock(tmp_path, f"-i {INDEX}\n--extra-index-url {INDEX}/b\ntorch===2.7.0 --hash=sha256:{HEX}\n")
    indexes = (INDEX, f"{INDEX}/b")
    wanted = Wanted(name="torch", version="2.7.0", indexes=indexes, hashes=frozenset({HEX}))
    assert (Locked(name="torch", version="2.7.0", lock=path, wanted=wanted, detail=f"{path}:3"),) == read(path)


@pytest.mark.parametrize(
    ("text", "indexes"),
    [
        (f"--extra-index-url {INDEX}\ntorch==2.7.0\n", None),
        (f"--extra-index-url {INDEX}\ntorch==2.7.0+cpu\n", (INDEX,)),
        (f"--no-index\n-i {INDEX}\ntorch==2.7.0+cpu\n", None),
        (f"-i {INDEX}\ntorch==2.7.0\n    # from https://example.org/cpu\n", ("https://example.org/cpu",)),
        (
            "--extra-index-url https://jo:pw@example.org/cpu\ntorch==2.7.0\n    # from https://example.org/cpu\n",
            ("https://jo:pw@example.org/cpu",),
        ),
    ],
)
def test_indexes(tmp_path: Path, text: str, indexes: tuple[str, ...] | None) -> None:
    """With only an extra index, the default index may have the wheel, unless the version is a local one."""
    (locked,) = read(lock(tmp_path, text))
    assert indexes == (locked.wanted.indexes if locked.wanted else None)


@pytest.mark.parametrize(
    ("text", "sha256"),
    [
        (f"torch @ {URL}#sha256={HEX.upper()}", HEX),
        (f"torch @ {URL}#egg=torch&sha256={HEX} --hash=sha256:{'cd' * 32}", HEX),
        (f"{URL} --hash=sha256:{HEX}", HEX),
        (f"{URL} --hash=sha256:{HEX} --hash=sha256:{'cd' * 32}", None),
        (URL, None),
    ],
)
def test_url(tmp_path: Path, text: str, sha256: str | None) -> None:
    """A wheel by URL is used with the only digest of its line."""
    path = lock(tmp_path, f"{text}\n", c="torch==2.7.0\n")
    expected = Locked(name="torch", version="2.7.0+cpu", lock=path, url=URL, sha256=sha256, detail=f"{path}:1")
    assert (expected,) == read(path)
    write(path, f"{text}\n-c c.txt\n")
    assert (expected,) == read(path)


@pytest.mark.parametrize(
    ("text", "version", "missing"),
    [
        ("torch @ git+https://example.org/torch.git@v2", "", "it is locked as source, not as a wheel"),
        ("torch @ https://example.org/torch-2.7.0.tar.gz", "", "it is locked as source, not as a wheel"),
        ("https://example.org/torch-2.7.0-cp39-cp39-win32.whl", "2.7.0", "none of its wheels fits this interpreter"),
        ("https://example.org/torch-2.7.0-1-a-b-c-d.whl", "2.7.0", "none of its wheels fits this interpreter"),
    ],
)
def test_url_of_no_wheel_for_us(tmp_path: Path, text: str, version: str, missing: str) -> None:
    """A URL without a wheel for this platform has a reason."""
    path = lock(tmp_path, f"{text}\n")
    assert (Locked(name="torch", version=version, lock=path, missing=missing, detail=f"{path}:1"),) == read(path)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("torch\n-c c.txt\n", "2.7.0"),
        ("torch==2.7.0+cpu\n-c c.txt\n", "2.7.0+cpu"),
        ("torch>=2\ntorch<3,==2.7.0\n", "2.7.0"),
        ("-c c.txt\nsix\n", "2.7.0"),
        ("-r c.txt\ntorch==2.7.0+cpu ; sys_platform == 'linux'\n", "2.7.0+cpu"),
        ("torch==2.8.0 ; sys_platform == 'darwin'\ntorch==2.7.0 ; sys_platform == 'linux'\n", "2.7.0"),
        ("torch==2.8.0.dev1\n", "2.8.0.dev1"),
    ],
)
def test_lines_combine(tmp_path: Path, text: str, version: str) -> None:
    """Requirements and constraints pin together; the most exact of their versions is meant."""
    (locked,) = read(lock(tmp_path, text, c="torch==2.7.0\n"))
    assert version == locked.version


@pytest.mark.parametrize("text", ["six\n", "torch==2 ; sys_platform == 'darwin'\n", "-c c.txt\n", ""])
def test_none(tmp_path: Path, text: str) -> None:
    """If nothing requires torch, there is none; a constraint without a pin requires nothing."""
    assert () == read(lock(tmp_path, text, c="torch<3\n"))


@pytest.mark.parametrize("requirement", ["torch", "torch<3,>=2.7", "torch==2.7.*"])
def test_loose_requirement(tmp_path: Path, requirement: str) -> None:
    """A requirement without an exact version is no pin."""
    path = lock(tmp_path, f"six\n{requirement}\n")
    error = refusal(path)
    assert f"{path}:2: found {requirement}, expected an exact version" == error.message
    assert error.hint == (
        "Write torch==VERSION there, or compile the file with pip-compile or uv pip compile and name the result"
        " instead of requirements.txt."
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("torch==2.7.0", "torch==2.8.0"),
        ("torch==2.7.0", "torch>2.7.0"),
        (f"torch@ {URL}", "torch==2.8.0"),
        (f"torch@ {URL}", f"torch@ {URL}2"),
    ],
)
def test_contradiction(tmp_path: Path, first: str, second: str) -> None:
    """Contradicting lines are a mistake, with their places."""
    path = lock(tmp_path, f"{first}\n{second}\n".replace("@ ", " @ "))
    error = refusal(path)
    told = "".join(f"\n  {path}:{n}: {text.replace('@ ', ' @ ')}" for n, text in ((1, first), (2, second)))
    assert f"{path}: its lines for torch contradict each other:{told}" == error.message
    assert error.hint == "Compile it again, or remove the lines that are not for this platform."


def test_contradiction_is_told_without_secrets(tmp_path: Path) -> None:
    """Credentials are cut out."""
    path = lock(tmp_path, f"torch @ {URL.replace('//', '//jo:secret@')}\ntorch==2.8\n")
    assert f"\n  {path}:1: torch @ {URL}\n" in refusal(path).message


def test_no_hash_in_common(tmp_path: Path) -> None:
    """Lines whose hashes name different files contradict each other too."""
    path = lock(tmp_path, "torch==2.7.0 --hash=sha256:ab\ntorch --hash=sha256:cd\n")
    assert f"{path}: not laid out as expected: {path}:1 and {path}:2 have no --hash in common" == (
        refusal(path).message
    )
    write(path, "torch==2.7.0 --hash=sha256:ab --hash=sha256:ef\n-c c.txt\n-i https://example.org\n")
    write(tmp_path / "c.txt", "torch --hash=sha256:ef\ntorch\n")
    (locked,) = read(path)
    assert locked.wanted is not None
    assert frozenset({"ef"}) == locked.wanted.hashes


def test_not_all_of_it(tmp_path: Path) -> None:
    """A file of which a part is missing or unreadable is refused: the pin may stand there."""
    path = lock(tmp_path, "torch==2.7.0\n-c missing.txt\nfoo bar\n")
    missing = tmp_path / "missing.txt"
    assert (
        f"{path}: parts of it cannot be read:"
        f"\n  {path}:2: {missing}: cannot be read: No such file or directory"
        f"\n  {path}:3: foo bar: Expected semicolon (after name with no version specifier) or end"
    ) == refusal(path).message
    assert refusal(path).hint == "Correct these lines, or name another lock."


@pytest.mark.parametrize(
    ("text", "version"),
    [("torch @ https://example.org/torch-x-py3-none-any.whl", "x"), ("torch===nightly", "nightly")],
)
def test_odd_versions(tmp_path: Path, text: str, version: str) -> None:
    """What is no version is a LockError."""
    path = lock(tmp_path, f"{text}\n")
    assert f"{path}: not laid out as expected: Invalid version: {version!r}" == refusal(path).message


def test_missing(tmp_path: Path) -> None:
    """So is a file that is not there."""
    assert f"{tmp_path / 'x.txt'}: cannot be read: " in refusal(tmp_path / "x.txt").message


def test_too_many_lines(tmp_path: Path) -> None:
    """A file with thousands of lines for one name is refused before they are compared with each other."""
    path = lock(tmp_path, "torch==2.7.0\n" * 1001)
    told = "not laid out as expected: found 1001 entries for torch, expected at most 1000"
    assert f"{path}: {told}" == refusal(path).message
