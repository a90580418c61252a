"""Requirements files, read as pip does, with mistakes reported instead of raised."""

from __future__ import annotations

import codecs
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from standins import write

from runtime_backend.errors import LockError
from runtime_backend.formats.requirements import Requirements, read_requirements

WHEEL = "torch-2.7.0+cpu-cp311-cp311-linux_x86_64.whl"
QUOTED = WHEEL.replace("+", "%2B")


def read(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Requirements:
    """Read a file of that text."""
    return read_requirements(write(folder / "requirements.txt", text), environ or {})


def names(found: Requirements) -> list[str]:
    """Return the requirements as text."""
    return [str(line.requirement) for line in found.lines]


def test_line(tmp_path: Path) -> None:
    """A line has a requirement with its marker, digests and place, and the index in uv's comment."""
    text = (
        "# compiled\n\n"
        "torch==2.7.0+cpu ; sys_platform == 'linux' \\\n"
        "    --hash=sha256:AB \\\n"
        "    --hash sha256:cd --hash=sha512:ef\n"
        "    # via -r requirements.in\n"
        "    # from https://example.org/cpu/\n"
        "numpy<2  # a comment\n"
    )
    found = read(tmp_path, text)
    torch, numpy = found.lines
    assert 'torch==2.7.0+cpu; sys_platform == "linux"' == str(torch.requirement)
    assert (frozenset({"ab", "cd"}), "https://example.org/cpu/", False) == (
        torch.hashes,
        torch.index_url,
        torch.is_constraint,
    )
    assert [f"{tmp_path}/requirements.txt:3", f"{tmp_path}/requirements.txt:8"] == [torch.origin, numpy.origin]
    assert ("numpy<2", None, frozenset()) == (str(numpy.requirement), numpy.index_url, numpy.hashes)
    assert ((), (), False) == (found.indexes, found.problems, found.is_default_named)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# from https://example.org/\ntorch==1\n", None),
        ("torch==1\n# from https://example.org/\n", None),
        ("torch==1\n    # from a friend\n", None),
        ("torch==1  # via x\n    # from https://example.org/a\nsix\n", "https://example.org/a"),
    ],
)
def test_index_is_named_by_uv_alone(tmp_path: Path, text: str, expected: str | None) -> None:
    """The comment counts if it is indented as uv does, below a requirement, and has a URL."""
    assert expected == read(tmp_path, text).lines[0].index_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("torch==2 \\\n", ["torch==2"]),
        ("torch\\\n==2\n", ["torch==2"]),
        ("torch \\\n# ends here\n==2\n", ["torch"]),
        ("torch==2#no\n", []),
        ("torch==2 --no-binary :all: --unknown=1\n", ["torch==2"]),
        ("torch==2 ; python_version < '3' --hash=sha256:a\n", ["torch==2"]),
        ("six ; extra == 'a-b' # c\n", ['six; extra == "a-b"']),
        ("-e git+https://example.org/torch#egg=torch\n--editable .\n.\n./torch\n../x[extra]\npackages/torch\n", []),
        ("-f https://example.org/links\n--pre\n--trusted-host example.org\n--only-binary :all:\n", []),
    ],
)
def test_what_is_a_requirement(tmp_path: Path, text: str, expected: list[str]) -> None:
    """Lines are joined and cut as in pip; options, folders and editables are not requirements."""
    assert expected == [name.partition("; python")[0] for name in names(read(tmp_path, text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"https://example.org/{QUOTED}#sha256=ab", f"torch @ https://example.org/{QUOTED}#sha256=ab"),
        (
            f"https://example.org/{QUOTED} ; python_version > '3'",
            f'torch @ https://example.org/{QUOTED} ; python_version > "3"',
        ),
        (f"file:///wheels/{QUOTED}", f"torch @ file:///wheels/{QUOTED}"),
        (f"/wheels/{WHEEL}", f"torch @ file:///wheels/{QUOTED}"),
        (f"/wheels/{WHEEL}[a] ; os_name == 'nt'", f'torch[a] @ file:///wheels/{QUOTED} ; os_name == "nt"'),
        (f"torch @ /wheels/{WHEEL}", f"torch @ file:///wheels/{QUOTED}"),
        (f"torch[a]@https://example.org/{QUOTED}", f"torch[a] @ https://example.org/{QUOTED}"),
        ("git+https://example.org/x.git@v2#egg=torch", "torch @ git+https://example.org/x.git@v2#egg=torch"),
        ("https://example.org/x.zip#a=b&egg=torch[x]", "torch @ https://example.org/x.zip#a=b&egg=torch[x]"),
        ("torch @ git+https://example.org/x.git", "torch @ git+https://example.org/x.git"),
    ],
)
def test_direct(tmp_path: Path, text: str, expected: str) -> None:
    """A wheel by URL or path gets the name in its file name."""
    assert [expected] == names(read(tmp_path, text))


@pytest.mark.parametrize("text", ["https://example.org/x.tar.gz", "git+https://example.org/x", "./x.tar.gz"])
def test_direct_without_a_name(tmp_path: Path, text: str) -> None:
    """A reference without a name is returned separately, with its file."""
    unnamed = ((text, tmp_path / "requirements.txt"),)
    assert Requirements(lines=(), indexes=(), problems=(), unnamed=unnamed) == read(tmp_path, text)


def test_relative_wheels(tmp_path: Path) -> None:
    """A path is relative to pip's working directory if known and the wheel exists, else to the file."""
    top = write(tmp_path / "project/requirements.txt", f"-r requirements/base.txt\n./{WHEEL}\n")
    write(tmp_path / "project/requirements/base.txt", f"torch @ wheels/{WHEEL}\n{WHEEL}\n")
    write(tmp_path / "project/requirements/wheels" / WHEEL, "")
    elsewhere = write(tmp_path / "elsewhere" / WHEEL, "").parent
    beside = [(tmp_path / "project/requirements/wheels" / WHEEL).as_uri()]
    default = [(tmp_path / "project" / WHEEL).as_uri()] * 2
    assert beside + default == [line.requirement.url for line in read_requirements(top, {}).lines]
    run_there = read_requirements(top, {"PWD": str(elsewhere)})
    assert beside + [(elsewhere / WHEEL).as_uri()] * 2 == [line.requirement.url for line in run_there.lines]


def test_nested(tmp_path: Path) -> None:
    """Nested files are relative to their parent, read once each way, and cycles end."""
    top = write(tmp_path / "a.txt", f"-r sub/b.txt\n--constraint=sub/c.txt\n-c {(tmp_path / 'd.txt').as_uri()}\ntop\n")
    write(tmp_path / "sub/b.txt", "b\n-r ../a.txt\n--requirement c.txt\n--req c.txt\n")
    write(tmp_path / "sub/c.txt", "c==1\n-r e.txt\n")
    write(tmp_path / "sub/e.txt", "e\n")
    write(tmp_path / "d.txt", "d==1\n")
    found = read_requirements(top, {})
    told = [(str(line.requirement), line.is_constraint) for line in found.lines]
    assert [("b", False), ("c==1", False), ("e", False), ("c==1", True), ("d==1", True), ("top", False)] == told
    assert () == found.problems
    assert f"{tmp_path}/sub/b.txt:1" == found.lines[0].origin
    constraints = read_requirements(tmp_path / "sub/c.txt", {}, is_constraint=True)
    assert [True, False] == [line.is_constraint for line in constraints.lines]


@pytest.mark.parametrize(
    ("text", "indexes", "is_default_named"),
    [
        ("--extra-index-url=b\n--index-url a\n--extra-index-url c\n--extra-index-url b\n", ("a", "b", "c"), True),
        ("-i a\n-ib\n", ("b",), True),
        ("--extra-index a --trusted-host b\n", ("a",), False),
        ("--pypi-url a\n", ("a",), True),
        ("-r nested.txt\n--extra-index-url a\n", ("n", "a"), True),
        ("--index-url a\n--no-index\n", (), True),
        ("torch --index-url a\n", (), False),
        ("--find-links --no-index\n--other --no-index x\n-f -i\n", (), True),
        ("-i 'a b'\\ c\"d\\\\e\\x\"\n", ("a b cd\\e\\x",), True),
        ("-i '' --extra-index-url \"\"\n", ("",), True),
        ("-i -- --extra-index-url b -- --no-index\n", ("--", "b"), True),
    ],
)
def test_indexes(tmp_path: Path, text: str, indexes: tuple[str, ...], *, is_default_named: bool) -> None:
    """The default index comes first; options after a requirement are ignored."""
    write(tmp_path / "nested.txt", "--index-url n\n")
    found = read(tmp_path, text)
    assert (indexes, is_default_named) == (found.indexes, found.is_default_named)


def test_variables(tmp_path: Path) -> None:
    """Upper-case variables are expanded if set and not empty."""
    text = "--index-url https://${USER_1}:${TOKEN}@${EMPTY}/${lower}/$USER_1\ntorch==${V}\n"
    found = read(tmp_path, text, {"USER_1": "jo", "TOKEN": "x", "EMPTY": "", "lower": "no", "V": "2.7"})
    assert ("https://jo:x@${EMPTY}/${lower}/$USER_1",) == found.indexes
    assert ["torch==2.7"] == names(found)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("foo bar", "foo bar: Expected semicolon (after name with no version specifier) or end"),
        ("--e x", "--e x: --e is ambiguous: --editable or --extra-index-url"),
        ("torch==" + "1" * 5000, "torch==" + "1" * 193 + " ...: found a number of more than 1000 digits"),
        ("--hash", "--hash: --hash: found no value, expected one"),
        ("torch --hash='x", "torch --hash='x: found an open quote, or a backslash at the end"),
        ("http://[x/torch.whl", "http://[x/torch.whl: a value is not written as expected"),
        ("https://jo:secret@example.org/a b.whl", "https://example.org/a b.whl: Expected "),
        ("-r https://jo:secret@example.org/x.txt", "found a file on the network, expected a local one"),
        ("torch ; " + "(" * 9999, ""),
    ],
)
def test_problems(tmp_path: Path, line: str, problem: str) -> None:
    """A mistake is reported with its place and without secrets, and the rest is read."""
    found = read(tmp_path, f"# first\n{line}\nsix\n")
    assert ["six"] == names(found)
    assert [f"{tmp_path}/requirements.txt:2: {problem}"] == [
        told[: len(f"{tmp_path}/requirements.txt:2: {problem}")] for told in found.problems
    ]
    assert "secret" not in found.problems[0]


def test_nested_file_is_missing(tmp_path: Path) -> None:
    """A missing or undecodable nested file is a problem at its place."""
    write(tmp_path / "odd.txt", "# coding: nonsense\n")
    found = read(tmp_path, "-c missing.txt\n-r odd.txt\nsix\n")
    top = tmp_path / "requirements.txt"
    assert (
        f"{top}:1: {tmp_path / 'missing.txt'}: cannot be read: No such file or directory",
        f"{top}:2: {tmp_path / 'odd.txt'}: cannot be read: found the encoding 'nonsense', expected one that Python knows",
    ) == found.problems
    assert ["six"] == names(found)


def test_top_file_is_missing(tmp_path: Path) -> None:
    """A missing top file is an error."""
    path = tmp_path / "requirements.txt"
    with pytest.raises(LockError) as caught:
        read_requirements(path, {})
    assert f"{path}: cannot be read: No such file or directory" == caught.value.message


@pytest.mark.parametrize(
    "data",
    [
        "six # é".encode(),
        codecs.BOM_UTF8 + "six # é".encode(),
        codecs.BOM_UTF16_LE + "six # é".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "six # é".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "six # é".encode("utf-32-le"),
        codecs.BOM_UTF32_BE + "six # é".encode("utf-32-be"),
        "# -*- coding: latin-1 -*-\nsix # é".encode("latin-1"),
        "#!x\n# vim: set fileencoding=cp1252 :\r\nsix # é".encode("cp1252"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes) -> None:
    """The encoding is that of the byte order mark, of the coding line, or UTF-8."""
    path = tmp_path / "requirements.txt"
    path.write_bytes(data)
    assert ["six"] == names(read_requirements(path, {}))


def test_encoding_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not UTF-8 is read in the machine's encoding, as in pip."""
    path = tmp_path / "requirements.txt"
    path.write_bytes("six # é".encode("latin-1"))
    monkeypatch.setattr("locale.getpreferredencoding", lambda **_: "latin-1")
    assert ["six"] == names(read_requirements(path, {}))
    monkeypatch.setattr("locale.getpreferredencoding", lambda **_: "ascii")
    with pytest.raises(LockError, match="line 1: found the byte 0xe9, expected ASCII"):
        read_requirements(path, {})


# pip's own parser, of the interpreter's pip or else of the wheel that ensurepip has: no network is needed for it.
PIP = """
import json, sys
try:
    import pip._internal
except ImportError:
    import ensurepip
    from importlib.resources import files
    sys.path[:0] = [str(f) for f in files(ensurepip).joinpath("_bundled").iterdir() if f.name.startswith("pip-")]
from types import SimpleNamespace
from pip._internal.models.search_scope import SearchScope
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements
class Finder(SimpleNamespace):
    @property
    def index_urls(self):
        return self.search_scope.index_urls
ignore = lambda *_: None
scope = SearchScope([], [], False) if SearchScope.__init__.__code__.co_argcount == 4 else SearchScope([], [])
def read(path):
    finder = Finder(search_scope=scope, find_links=[], format_control=None, release_control=None,
                    set_allow_all_prereleases=ignore, set_prefer_binary=ignore, set_release_control=ignore)
    lines = []
    for parsed in parse_requirements(path, PipSession(), finder=finder):
        made = install_req_from_parsed_requirement(parsed)
        if made.req is None or made.editable:
            continue
        place, _, number = parsed.comes_from.partition(" ")[2].rpartition(" (line ")
        lines.append([made.req.name, made.link.url if made.link else str(made.req.specifier), str(made.markers or ""),
                      parsed.constraint, place + ":" + number[:-1],
                      sorted((parsed.options or {}).get("hashes", {}).get("sha256", []))])
    return {"lines": lines, "indexes": finder.index_urls}
print(json.dumps([read(path) for path in sys.argv[1:]]))
"""

SAMPLES = sorted((Path(__file__).parents[1] / "locks").glob("*/*/*.txt"))


def by_pip(paths: Sequence[Path], environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the requirements that pip's own parser finds in each file."""
    found = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "ignore", "-c", PIP, *map(str, paths)],
        cwd=paths[0].parent, env={**environ, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "ImportError" in found.stderr or "ModuleNotFoundError" in found.stderr:
        pytest.skip("no pip")
    assert found.returncode == 0, found.stderr
    answer: list[dict[str, Any]] = json.loads(found.stdout)
    return answer


def by_us(path: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the requirements that we find, in the same format."""
    found = read_requirements(path, environ)
    assert () == found.problems
    return {
        "lines": [
            [line.requirement.name, line.requirement.url or str(line.requirement.specifier),
             str(line.requirement.marker or ""), line.is_constraint, line.origin, sorted(line.hashes)]
            for line in found.lines
        ],
        "indexes": list(found.indexes),
    }  # fmt: skip


@pytest.mark.once
def test_samples_as_pip() -> None:
    """Files of the tools are read as by pip's own parser."""
    # pip takes paths as relative to where it runs, and before 24.1 takes no git+file.
    samples = [path for path in SAMPLES if not path.parent.name.startswith(("path", "git"))]
    assert by_pip(samples, {}) == [by_us(path, {}) for path in samples]


@pytest.mark.once
def test_handwritten_as_pip(tmp_path: Path) -> None:
    """A file with all features is read as by pip's own parser."""
    text = (
        "\ufeff# a file of everything\n--index-url https://${NAME}@example.org/${UNSET}/ --trusted-host example.org\n"
        "--extra-index-url \\\n  https://example.org/b # extra\n-rsub/base.txt\n--constraint=sub/pins.txt\n"
        "torch >= 2, <3 ; python_version > '3.0'\\\n  --hash=sha256:ab --hash=sha256:cd\n\n"
        "six==1 \\\n# a comment ends a line\n   # and another\n\\\nattrs\\\n\n"
        "idna[extra]!=2;os_name=='posix'   # no\n--find-links ./links\n--prefer-binary\n"
        "wheel @ https://example.org/wheel-1-py3-none-any.whl#sha256=ab ; os_name == 'posix'\n"
        f"https://example.org/{QUOTED}\n/{WHEEL}\nnumpy~=1.0 --hash=sha256:ef\n"
    )
    path = write(tmp_path / "requirements.txt", text)
    write(tmp_path / "sub/base.txt", "base\n-c more.txt\n")
    write(tmp_path / "sub/pins.txt", "pinned==1 ; python_version>='3' \\\n  and os_name=='posix'\n")
    write(tmp_path / "sub/more.txt", "base<2\n")
    environ = {"NAME": "jo"}
    assert by_pip([path], environ) == [by_us(path, environ)]


@pytest.mark.parametrize("encoding", ["idna", "punycode", "utf-7"])
def test_odd_encodings(encoding: str, tmp_path: Path) -> None:
    """Codecs with quadratic time are refused, and so are surrogates."""
    path = tmp_path / "requirements.txt"
    path.write_bytes(f"# coding: {encoding}\n# +2AA-\nsix\n".encode())
    unknown = f"found the encoding {encoding!r}, expected one that Python knows"
    told = "found a surrogate, expected whole characters" if encoding == "utf-7" else unknown
    with pytest.raises(LockError) as caught:
        read_requirements(path, {})
    assert f"{path}: cannot be read: {told}" == caught.value.message
