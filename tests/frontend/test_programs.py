"""Finding the frontend in a command line, and the start of its arguments."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import pytest
from standins import write

from runtime_backend.frontend.programs import Program, find_program


@pytest.mark.parametrize(
    ("line", "name", "rest"),
    [
        ("uv sync", "uv", "sync"),
        ("/x/bin/uv -q sync", "uv", "-q sync"),
        (r"C:\x\uv.exe sync", "uv", "sync"),
        ("uvx ruff", "uv", "ruff"),
        ("pip3.11 install .", "pip", "install ."),
        ("/x/bin/pip-26.3.pyz install .", "pip", "install ."),
        ("pyproject-build -w", "build", "-w"),
        ("tox4 -e py", "tox", "-e py"),
        ("pipenv install", "pipenv", "install"),
        ("/x/bin/python3.12 /x/bin/pip3.12 install .", "pip", "install ."),
        (r"C:\Python\pythonw.exe C:\x\pip.exe install", "pip", "install"),
        ("pypy3 -m pip install .", "pip", "install ."),
        ("python -m pip install .", "pip", "install ."),
        ("python -mpip install .", "pip", "install ."),
        ("python -Im build --wheel", "build", "--wheel"),
        ("python -IsSm pip install", "pip", "install"),
        ("python -X dev -W error -m build .", "build", "."),
        ("python -Xdev -Wd -u -m build.__main__ .", "build", "."),
        ("python -m pip.__main__ wheel .", "pip", "wheel ."),
        ("python /x/pip/__main__.py install", "pip", "install"),
        ("python /x/pip/__pip-runner__.py --python /y install", "pip", "--python /y install"),
        ("python /x/bin/pip-compile", "pip", ""),
        ("python -m piptools sync", "pip", "sync"),
        ("python -m runpy pip install .", "pip", "install ."),
        ("python -m runpy pip.__main__ install .", "pip", "install ."),
        ("python -m runpy", None, ""),
        ("python -m runpy make", None, ""),
        ("python -m", None, ""),
        ("python -X", None, ""),
        ("python", None, ""),
        ("python -c pip install", None, ""),
        ("python -Ic pip install", None, ""),
        ("python ./setup.py pip install", None, ""),
        ("make pip install", None, ""),
        ("-bash", None, ""),
        ("", None, ""),
    ],
)
def test_program(line: str, name: str | None, rest: str) -> None:
    """A frontend is the program, or the module or script that an interpreter runs; its arguments follow."""
    argv = line.split()
    start = len(argv) - len(rest.split())
    assert (None if name is None else Program(name=name, start=start)) == find_program(argv)


def test_standard_input_is_a_script() -> None:
    """Arguments after ``python -`` belong to the script on standard input: ``curl … | python - pip``."""
    assert None is find_program(["python", "-", "pip", "install", "torch"])


CONSOLE_SCRIPT = """\
#!/home/jo/.venv/bin/python
# -*- coding: utf-8 -*-
import re
import sys
from pip._internal.cli.main import main
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(main())
"""


@pytest.mark.parametrize("begins", ["", "#!/home/jo/.venv/bin/python\n"])
@pytest.mark.parametrize("line", ["bin/our-installer install x", "python bin/our-installer install x"])
def test_renamed_console_script(line: str, begins: str, tmp_path: Path) -> None:
    """A copy of pip's console script is pip under any name; its path is relative to the working directory."""
    write(tmp_path / "bin/our-installer", f"{begins}{CONSOLE_SCRIPT.partition(chr(10))[2]}")
    argv = line.split()
    assert Program(name="pip", start=len(argv) - 2) == find_program(argv, tmp_path)
    assert None is find_program(argv)
    assert None is find_program(argv, tmp_path / "bin")


@pytest.mark.parametrize(
    "text",
    [
        "print('a script')\n",
        "# from pip._internal.cli.main import main\n",
        f"{CONSOLE_SCRIPT}{'# a program that has pip as a library' * 100}",
        "",
    ],
    ids=["other", "comment", "long", "empty"],
)
def test_script_that_is_not_pip(text: str, tmp_path: Path) -> None:
    """Another script is not pip."""
    write(tmp_path / "tool", text)
    assert None is find_program(["tool", "install"], tmp_path)


@pytest.mark.parametrize(
    ("member", "expected"), [("pip/__main__.py", Program(name="pip", start=2)), ("other/__main__.py", None)]
)
def test_renamed_archive(member: str, expected: Program | None, tmp_path: Path) -> None:
    """A zip archive with pip is pip under any name."""
    with zipfile.ZipFile(tmp_path / "installer.zip", "w") as archive:
        archive.writestr(member, "")
    assert expected == find_program(["python", "installer.zip", "install"], tmp_path)


@pytest.mark.parametrize("word", ["folder", "absent", "x" * 5000, "a\0b", "\udcff"])
def test_program_that_is_no_file(word: str, tmp_path: Path) -> None:
    """An argument that is no file, or cannot be one, is not read."""
    (tmp_path / "folder").mkdir()
    assert None is find_program([word], tmp_path)


def test_unreadable_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program without read permission is not pip."""
    write(tmp_path / "tool", CONSOLE_SCRIPT)

    def refuse(*_: object) -> None:  # no mode keeps root from reading
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert None is find_program(["tool", "install"], tmp_path)


def test_large_program(tmp_path: Path) -> None:
    """Only the start of a program is read, because an editor above the hook may have a hundred megabytes."""
    write(tmp_path / "editor", "x" * 8_000_000)
    tracemalloc.start()
    try:
        assert None is find_program(["editor"], tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 1_000_000 > peak
