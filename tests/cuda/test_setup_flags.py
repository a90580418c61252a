"""Finding a package's own architectures in its setup.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.cuda.setup_flags import find_own_architectures


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ("flags = ['-O3', '-gencode', 'arch=compute_80,code=sm_80']", "-gencode"),
        ("flags = ['-gencode=arch=compute_80,code=sm_80']", "-gencode=arch=compute_80,code=sm_80"),
        ("flags = '-O3 -arch=sm_90'.split()", "-O3 -arch=sm_90"),
        ("flags = ['-arch', 'sm_90']", "-arch"),
        ("flags = ['--generate-code=arch=compute_90']", "--generate-code=arch=compute_90"),
        ("flags = ['--gpu-architecture=sm_90']", "--gpu-architecture=sm_90"),
        ("flags = ['-gencode', f'arch=compute_{cc},code=sm_{cc}']", "-gencode"),
        ("add(f'arch=compute_{cc}')", "arch=compute_"),
    ],
)
def test_found(line: str, flag: str, tmp_path: Path) -> None:
    """The first flag is returned with its line."""
    write(tmp_path / "setup.py", f"import torch\n{line}\nlater = '-arch=sm_75'\n")
    assert f"setup.py:2: {flag!r}" == find_own_architectures(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "flags = ['-O3', '--use_fast_math', '-DARCH=9']",
        "# -gencode arch=compute_80\n",
        "import archive\nx = 'search -archive y'.replace('monarch', '')\n",
        "flags = [b'-arch=sm_90']",
        "this is no Python: '-arch=sm_90'",
        "x = '\0-arch=sm_90'",
        "(" * 1000 + "'-arch=sm_90'",
    ],
    ids=range(8),
)
def test_not_found(text: str, tmp_path: Path) -> None:
    """Comments, other options, invalid Python and a missing setup.py have none."""
    assert find_own_architectures(tmp_path) is None
    write(tmp_path / "setup.py", text)
    assert find_own_architectures(tmp_path) is None


def test_no_warnings(tmp_path: Path) -> None:
    """Python's warnings about a foreign setup.py are suppressed."""
    write(tmp_path / "setup.py", "import re\nx = re.search('\\d', y)\nz = '-arch=sm_90'\n")
    assert "setup.py:3: '-arch=sm_90'" == find_own_architectures(tmp_path)
