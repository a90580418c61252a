"""No reader of foreign bytes needs a time that grows with the square of them: a build would stand still for hours."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from foreign import BUILD, OURS, READERS, WHEEL

BY_NAME = {reader.name: reader for reader in READERS}
SMALL, LARGE = 2500, 10_000
SHORT = 0.2
"""Seconds that say nothing: a square would take longer for the large one."""
ATTEMPTS = 3
STEEPEST = 9
"""Four times as much needs four times as long, or sixteen times as long with a square."""

Make = Callable[[int], bytes]


def around(start: bytes, one: bytes, end: bytes = b"") -> Make:
    """Return what makes something that is repeated, with a start and an end."""
    return lambda n: start + one * n + end


def counted(start: bytes, one: bytes, end: bytes = b"", *, every: int = 1) -> Make:
    """Return what makes something that is repeated with a number in it; one for each so many."""
    return lambda n: start + b"".join(one.replace(b"%d", b"%d" % i) for i in range(n // every)) + end


UV = b'version = 1\nrevision = 1\nrequires-python = ">=3"\n\n[[package]]\nname = "p"\nversion = "1"\nsource = { virtual = "." }\n'
UV_PACKAGE = (
    b'[[package]]\nname = "torch"\nversion = "2.%d"\nsource = { registry = "https://h/%d" }\n'
    b'dependencies = [\n    { name = "torch", version = "2.%d" },\n    { name = "torch", marker = "os_name != \'%d\'" },\n]\n\n'
)
POETRY = b'[metadata]\nlock-version = "2.1"\npython-versions = "'
POETRY_END = b'"\n[[package]]\nname="torch"\nversion="1"\n'
PIXI = b"version: 6\nenvironments:\n  default:\n    packages:\n      linux-64:\n"
CONDA = b"- name: torch\n  version: 2.%d\n  manager: pip\n  platform: linux-64\n  url: https://h/torch-2.%d-py3-none-any.whl\n"

SHAPES: dict[str, dict[str, Make]] = {
    "requirements": {
        "blanks": around(b"torch", b" ", b"x"),
        "blank line": around(b"", b" ", b"\n"),
        "other blanks": around(b"torch", b"\t \x0b", b"x"),
        "hashes": around(b"torch==2", b" --hash=sha256:ab"),
        "hashes on lines": around(b"torch==2", b" \\\n    --hash=sha256:ab"),
        "options": around(b"", b"-i x "),
        "open quote": around(b'-i "', b"a"),
        "quotes": around(b"-i '", b"'\"\""),
        "long word": around(b"-i ", b"a"),
        "lines": around(b"", b"torch==2\n"),
        "joined lines": around(b"", b"\\\n"),
        "backslashes": around(b"", b"\\"),
        "variables": around(b"", b"${A"),
        "URLs": around(b"", b"http://"),
        "brackets": around(b"", b"[a", b"]"),
        "index": around(b"a\n   # from ", b"a://", b" b"),
        "encoding": around(b"# coding: punycode\n", b"a"),
        "comment": around(b"a ", b"#"),
        "egg": around(b"git+x://h#egg=", b"&egg="),
    },
    "lock-uv.lock": {
        "packages": counted(UV, UV_PACKAGE, every=20),
        "members": counted(UV, b'[[package]]\nname = "x%d"\nversion = "1"\nsource = { virtual = "%d" }\n\n'),
        "blanks": around(b"", b" "),
        "open list": around(b"wheels = [\n", b"    {a},\n"),
    },
    "lock-poetry.lock": {
        "blanks": around(POETRY, b" ", POETRY_END),
        "carets": around(POETRY, b"^ ", POETRY_END),
        "long key": around(b"", b"a.", b"a=1"),
        "long table": around(b"[", b"a.", b"a]"),
        "files": counted(
            POETRY + POETRY_END + b'groups=["main"]\nfiles=[', b'{file="torch-1.%d-py3-none-any.whl"},', b"]", every=10
        ),
    },
    "lock-pixi.lock": {
        "packages": counted(PIXI, b"      - pypi: https://h/torch-%d.whl\n", every=5),
        "dashes": around(b"version: 6\n", b"- "),
    },
    "lock-conda-lock.yml": {"packages": counted(b"version: 1\npackage:\n", CONDA, every=20)},
    "lock-Pipfile.lock": {
        "categories": counted(b'{"_meta":{"pipfile-spec":6}', b',"c%d":{"torch":{"version":"==1.%d"}}', b"}")
    },
    "page-html": {
        "tags": around(b"", b"<a "),
        "quotes": around(b"", b'<a href="'),
        "other quotes": around(b"", b"<a x='\""),
        "comments": around(b"", b"<!--"),
        "equal signs": around(b"<a ", b"="),
        "blanks": around(b"<a", b" "),
        "many blanks": around(b"", b"<a x" + b" " * 50),
        "attributes": around(b"<a ", b"b "),
        "entities": around(b'<a href="', b"&", b'">'),
        "slashes": around(b"", b"<a/"),
        "links": around(b"", b'<a href="torch-1-py3-none-any.whl#sha256=ab">x</a>'),
    },
    "page-json": {"files": lambda n: json.dumps({"files": [{"filename": WHEEL, "url": WHEEL}] * n}).encode()},
    "toml": {
        "keys": around(b"", b"a.", b"a=1"),
        "table": around(b"[", b"a.", b"a]"),
        "quoted keys": around(b"", b'"a".', b"b=1"),
        "inline table": around(b"x = {", b"a.", b"a=1}"),
        "brackets": around(b"", b"["),
        "folded": around(b"[metadata]\nname=", b"a\n b"),
        "sum": around(b"", b"1+", b"1"),
        "calls": around(b"a", b"()", b"(name=1)"),
        "attributes": around(b"a", b".a", b"(name=1)"),
    },
    "metadata": {
        "folded text": around(b"Name: x\n", b" a\n"),
        "no fields": around(b"", b"a\n"),
        "colons": around(b"Name", b":"),
        "old line ends": around(b"Name: x", b"\r\r\n"),
        "fields": counted(b"", b"Requires-Dist: t%d\n", every=5),
        "blanks": around(b"Requires-Dist: torch", b" ", b"x\n"),
        "folded": around(b"Requires-Dist: a\n", b" \n"),
        "line ends": around(b"", b"\r\n"),
        "conditions": counted(b"Requires-Dist: a; os_name=='x'", b" and os_name=='%d'", b"\n", every=5),
    },
    "setup-script": {
        "calls": around(b"a", b"()", b"(name=1)"),
        "attributes": around(b"a", b".a", b"(name=1)"),
        "names": counted(b"", b"x%d = 1\n", every=5),
        "more": counted(b"setup(install_requires=x0)\n", b"x%d.append(x%d)\n", every=5),
        "words": around(b"x = {}\nsetup(", b"**x,", b")"),
    },
    "record": {
        "lines": counted(b"", b"a%d/b,,\n", every=5),
        "one folder": around(b"", b"torch/a,,\n"),
        "long line": around(b"", b"a"),
        "quotes": around(b"", b'"'),
    },
    "top-level": {"words": counted(b"", b"a%d ", every=5)},
    "version": {
        "blanks": around(b"__version__", b" ", b"x"),
        "blank lines": around(b"a", b"\n", b"x"),
        "value": around(b"a = 'b'", b" ", b"x"),
        "lines": around(b"", b"a = 'b'\n"),
        "type": around(b"a : ", b"b"),
    },
    "editable": {"braces": around(b"MAPPING = ", b"{"), "entries": around(b"MAPPING = {", b"'a':'b',", b"}")},
    "ninja": {
        "runs": lambda n: b"# ninja log v5\n" + b"".join(b"%d\t%d\t0\ta%d\tb\n" % (n - i, n - i, i) for i in range(n)),
        "steps": counted(b"# ninja log v5\n", b"%d\t%d\t17\ta%d\tab\n"),
    },
    "output": {
        "counts": around(b"", b"[1/2] a\n"),
        "digits": around(b"[", b"1"),
        "blanks": around(b"[", b" "),
        "long line": around(b"", b"a" * 99),
    },
    "words": {
        "brackets": around(b"", b"a[b"),
        "hashes": around(b"", b"#"),
        "eggs": around(b"x", b"#&egg="),
        "dashes": around(b"", b"a-", b".whl"),
        "other dashes": around(b"", b"a-", b".tar.gz"),
    },
    "uv-output": {"lines": around(b"", b" + torch==2\n"), "from": around(b"", b" + a==b (from ")},
    "procfs": {"parentheses": around(b"", b")"), "variables": around(b"", b" A=")},
    "architectures": {
        "list": around(b"supported_arches = [", b"'7.0',"),
        "lines": around(b"", b"\n"),
        "lists": around(b"", b"supported_arches = [\n"),
    },
    "store-record": {
        "nested": around(b'{"format":1,"inputs":', b"[", b"]"),
        "inputs": counted(b'{"format":1,"wheel":"x.whl","inputs":{"a":1', b',"a%d":{"b":1}', b"}}"),
        "name": around(b'{"format":1,"inputs":{},"wheel":"', b"a.whl", b'"}'),
        "digits": around(b'{"format":1,"inputs":{},"size":', b"1", b"}"),
    },
    "store-trust": {
        "wheels": counted(b"[wheels]\n", b"a%d = 1\n", every=4),
        "same": around(b"", b"a = 1\n"),
        "equal signs": around(b"a", b"="),
        "blanks": around(b"[wheels]\n", b" ", b"="),
        "quotes": around(b"[wheels]\n", b"\"'"),
    },
    "store-lookup": {"notes": lambda n: json.dumps({"format": 1, "inputs": {}, "notes": ["a"] * n}).encode()},
    "store-source": {
        "up": around(b"", b"../"),
        "ups": around(b"", b"../ "),
        "names above": counted(b"", b"../a%d ", every=50),
        "long path above": around(b"../", b"a"),
        "turns": around(b"../", b"a/../"),
        "dots": around(b"", b"."),
        "dots after from": around(b"from ", b".", b" x"),
        "long word": around(b"", b"a"),
        "capitals": around(b"", b"A"),
        "words": counted(b"", b"A_%d "),
        "hex": around(b"x = '", b"0f", b"'"),
        "slashes": around(b"", b"/"),
        "path": around(b"", b"a/", b".py"),
        "no path": around(b"", b".py_"),
        "paths": around(b"", b"tools/x.py "),
        "dashes": around(b"", b"-"),
        "import": around(b"import ", b"a.", b"a"),
        "imports": around(b"import ", b"a,", b"a"),
        "import of blanks": around(b"import", b" ", b"\n"),
        "from": around(b"from ", b"a.", b" import b"),
        "from of many": lambda n: b"from " + b"a." * (n // 2) + b" import " + b"b," * (n // 2),
        "from of blanks": around(b"from a", b" ", b"b"),
        "open parentheses": counted(b"", b"from a import (\n", every=10),
        "open parentheses in comments": counted(b"from a import (\n", b"#;from a import (\n", every=50),
        "parenthesis": around(b"from a import (", b"a,\n"),
        "continued": around(b"import a", b"\\\n"),
        "semicolons": around(b"", b";"),
        "semicolons and blanks": around(b"", b"; "),
        "blank lines": around(b"", b" \n"),
        "indentation": around(b"", b" ", b"x"),
        "git": around(b"", b"git"),
        "parents": around(b"", b".parent"),
        "parents of digits": around(b"parents[", b"1"),
        "parents of blanks": around(b"parents[", b" "),
        "pardir": around(b"", b"pardir, "),
        "pardirs": around(b"", b"pardir" + b" " * 19),
        "quotes": around(b"'..", b"'", b"x"),
        "strings": around(b"", b"'..',"),
        "all quotes": around(b"", b"'\""),
        "calls": around(b"", b"dirname(", b"__file__"),
        "files": around(b"", b"dirname(__file__ "),
        "only files": around(b"", b"__file__"),
        "packages": around(b"", b"find_package( "),
        "packages of blanks": around(b"find_package(", b" "),
        "getenv": around(b"", b"getenv('"),
        "ends": around(b"", b"'_A"),
        "long end": around(b"'_", b"A", b"x"),
        "absolute": around(b"", b" /a"),
        "equal signs": around(b"", b"=/"),
        "options": around(b"", b"-I/"),
    },
    "pth": {"lines": around(b"", b"a\n")},
    "pip-conf": {"keys": counted(b"[global]\n", b"a%d = b\n")},
    "builds": {"steps": lambda n: json.dumps({**BUILD, "timeline": [{"output": "a", "start": 1, "end": 2}] * n}).encode()},
}  # fmt: skip


def seconds(name: str, data: bytes) -> float:
    """Return how long a reader takes, by the processor: others work on the machine, too."""
    with TemporaryDirectory() as folder:
        start = time.process_time()
        with suppress(*OURS):
            BY_NAME[name].read(Path(folder), data)
        return time.process_time() - start


@pytest.mark.once
@pytest.mark.parametrize(("name", "shape"), [(name, shape) for name, shapes in SHAPES.items() for shape in shapes])
def test_time_grows_with_the_size(name: str, shape: str) -> None:
    """Four times as much takes about four times as long."""
    make = SHAPES[name][shape]
    measured = []
    for _ in range(ATTEMPTS):  # other processes may slow one measurement down, but not each
        large = min(seconds(name, make(LARGE)) for _ in range(2)) if seconds(name, make(LARGE)) > SHORT else 0.0
        small = max(seconds(name, make(SMALL)) for _ in range(3)) if large > SHORT else 0.0
        if large <= SHORT or large < STEEPEST * small:
            return
        measured.append(f"{small:.3f} s for {SMALL}, {large:.3f} s for {LARGE}")
    pytest.fail("; ".join(measured))
