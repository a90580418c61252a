"""A package's own requirements of torch, from every file that a build backend reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from standins import write

from runtime_backend.cli.adopt.documents import parse, read_pyproject
from runtime_backend.cli.package.setup_cfg import SetupCfg, read_setup_cfg
from runtime_backend.cli.package.setup_scripts import read_setup_script
from runtime_backend.cli.package.stated_requirements import Manifests, OwnRequirements, Stated, read_own

PROJECT = '[project]\nname = "x"\nversion = "1"\n'


def read(folder: Path, files: dict[str, str], name: str = "torch") -> OwnRequirements:
    """Return the requirements of a package with these files."""
    for path, text in files.items():
        write(folder / path, text)
    script = read_setup_script(folder) if (folder / "setup.py").is_file() else None
    document = parse(read_pyproject(folder), folder).unwrap()
    return read_own(Manifests(folder, document, script, read_setup_cfg(folder)), name)


SETUP_PY = "install_requires in setup.py"
CERTAIN = {
    # files -> (requirement, where it is stated)
    "[project]": ({"pyproject.toml": f'{PROJECT}dependencies = ["numpy>=1", "Torch >=2.4", "torch", 3]'}, "Torch >=2.4", "project.dependencies"),
    "[project], which goes before setup.py": (
        {"pyproject.toml": f'{PROJECT}dependencies = ["torch>=2"]', "setup.py": "from setuptools import setup\nsetup(install_requires=['torch>=3'])"},
        "torch>=2",
        "project.dependencies",
    ),
    "dynamic, a file": (
        {
            "pyproject.toml": f'{PROJECT}dynamic = ["dependencies"]\n[tool.setuptools.dynamic]\ndependencies = {{ file = ["r.txt", "gone.txt"] }}',
            "r.txt": "# torch>=1\nnumpy>1\n-r sub/more.txt\n-c c.txt",
            "sub/more.txt": "\ntorch>=2.3  # why\n",
            "c.txt": "torch<9",
        },
        "torch>=2.3",
        "sub/more.txt:2",
    ),
    "dynamic, a file by its name alone": (
        {
            "pyproject.toml": f'{PROJECT}dynamic = ["dependencies"]\n[tool.setuptools.dynamic]\ndependencies = {{ file = "r.txt" }}',
            "r.txt": "torch>=2.3",
        },
        "torch>=2.3",
        "r.txt:1",
    ),
    "dynamic, setup.py": (
        {"pyproject.toml": f'{PROJECT}dynamic = ["dependencies"]', "setup.py": "import setuptools as st\nst.setup(install_requires=['torch>=2'])"},
        "torch>=2",
        SETUP_PY,
    ),
    "hatch-requirements-txt": (
        {
            "pyproject.toml": f'{PROJECT}dynamic = ["dependencies"]\n[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ["r.txt"]',
            "r.txt": "torch>=2",
        },
        "torch>=2",
        "r.txt:1",
    ),
    "flit": ({"pyproject.toml": '[tool.flit.metadata]\nrequires = ["torch>=2"]'}, "torch>=2", "tool.flit.metadata"),
    "poetry": ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.10"\nTorch = "^2.4"'}, "torch<3,>=2.4", "tool.poetry.dependencies"),
    "poetry, a table": (
        {"pyproject.toml": "[tool.poetry.dependencies]\ntorch = { version = '~2.4', python = '>=3.9,<3.13', platform = 'linux', markers = \"os_name == 'a' or os_name == 'b'\", extras = ['x'] }"},
        'torch<2.5,>=2.4; python_full_version < "3.13" and python_full_version >= "3.9" and sys_platform == "linux" and (os_name == "a" or os_name == "b")',
        "tool.poetry.dependencies",
    ),
    "setup.py, a tuple": ({"setup.py": "from setuptools import setup as s\ns(install_requires=('torch>=2', 'x'))"}, "torch>=2", SETUP_PY),
    "setup.py, a text": ({"setup.py": "from setuptools import setup\nsetup(install_requires='''\n x\n # torch<1\n torch>=2\n''')"}, "torch>=2", SETUP_PY),
    "setup.py, names": (
        {"setup.py": "from skbuild import setup\nBASE: list = ['torch>=2']\nALL = BASE + ['x']\nsetup(install_requires=ALL + ['y'])"},
        "torch>=2",
        SETUP_PY,
    ),
    "setup.py, a dictionary": (
        {"setup.py": "from setuptools import setup\nwords = {'install_requires': ['torch>=2'], **more}\nsetup(**words)"},
        "torch>=2",
        SETUP_PY,
    ),
    "setup.py, dict()": ({"setup.py": "import setuptools\nw = dict(install_requires=['torch>=2'], **m)\nsetuptools.setup(**w)"}, "torch>=2", SETUP_PY),
    "setup.py, a dictionary in the call": ({"setup.py": "from setuptools import setup\nsetup(**{'install_requires': ['torch>=2']})"}, "torch>=2", SETUP_PY),
    "setup.py, an extra without a name": (
        {"setup.py": "from setuptools import setup\nsetup(extras_require={':os_name == \"nt\"': ['torch>=2']})"},
        'torch>=2; os_name == "nt"',
        "extras_require in setup.py",
    ),
    "setup.py that reads a file": (
        {
            "setup.py": "from setuptools import setup\nwith open('requirements.txt') as f:\n    lines = f.read().splitlines()\n"
            "setup(install_requires=[l for l in lines if l])",
            "requirements.txt": "torch>=2\nnumpy",
        },
        "torch>=2",
        "requirements.txt:1",
    ),
    "setup.py that reads a file by a function": (
        {
            "setup.py": "from setuptools import setup\ndef read(name='README.md'):\n    return open(name).readlines()\n"
            "setup(install_requires=read('deps/base.in'))",
            "deps/base.in": "x\ntorch>=2",
            "README.md": "torch>=9",
        },
        "torch>=2",
        "deps/base.in:2",
    ),
    "setup.cfg": ({"setup.cfg": "[options]\ninstall_requires =\n  x\n  # torch<1\n  torch>=2; os_name == 'nt'\n"}, "torch>=2; os_name == 'nt'", "install_requires in setup.cfg"),
    "setup.cfg, one line": ({"setup.cfg": "\ufeff[options]\ninstall-requires = x; torch>=2"}, "torch>=2", "install_requires in setup.cfg"),
    "setup.cfg, a file": ({"setup.cfg": "[options]\ninstall_requires = file: a.txt, r.txt", "r.txt": "torch>=2"}, "torch>=2", "r.txt:1"),
    "setup.cfg beside setup.py": (
        {"setup.cfg": "[options]\ninstall_requires = torch>=2", "setup.py": "from setuptools import setup\nsetup()"},
        "torch>=2",
        "install_requires in setup.cfg",
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", CERTAIN)
def test_certain(shape: str, tmp_path: Path) -> None:
    """Requirements of every installation are found, with their origin."""
    files, text, origin = CERTAIN[shape]
    assert OwnRequirements(certain=(Stated(text, origin),)) == read(tmp_path, files)


ASIDE = {
    "[project]": ({"pyproject.toml": f'{PROJECT}optional-dependencies = {{ a = ["torch>=2"] }}'}, "torch>=2", "project.optional-dependencies.a"),
    "a group": ({"pyproject.toml": '[dependency-groups]\na = ["torch>=2", { include-group = "b" }]'}, "torch>=2", "dependency-groups.a"),
    "dynamic": (
        {"pyproject.toml": "[tool.setuptools.dynamic.optional-dependencies]\na = { file = ['r.txt'] }\nb = 3", "r.txt": "torch>=2"},
        "torch>=2",
        "r.txt:1",
    ),
    "poetry's group": ({"pyproject.toml": "[tool.poetry.group.a.dependencies]\ntorch = '>=2'"}, "torch>=2", "tool.poetry.group.a"),
    "poetry's extra": (
        {"pyproject.toml": "[tool.poetry.dependencies]\ntorch = { version = '>=2', optional = true }\n[tool.poetry.extras]\na = ['torch']"},
        "torch>=2",
        "tool.poetry.dependencies",
    ),
    "setup.py": ({"setup.py": "from setuptools import setup\nsetup(extras_require={'a': 'torch>=2', 'b': f()})"}, None, ""),
    "setup.py, plain": ({"setup.py": "from setuptools import setup\nsetup(extras_require={'a': 'torch>=2', 'b': 3})"}, "torch>=2", "extras_require in setup.py, a"),
    "setup.cfg": ({"setup.cfg": "[options.extras_require]\na = torch>=2"}, "torch>=2", "options.extras_require in setup.cfg, a"),
    "a marker": ({"pyproject.toml": f"{PROJECT}dependencies = [\"torch>=2; extra == 'a'\"]"}, "torch>=2; extra == 'a'", "project.dependencies"),
}  # fmt: skip


@pytest.mark.parametrize("shape", ASIDE)
def test_aside(shape: str, tmp_path: Path) -> None:
    """Requirements of extras and groups are separate."""
    files, text, origin = ASIDE[shape]
    assert OwnRequirements(aside=(Stated(text, origin),) if text else ()) == read(tmp_path, files)


UNCERTAIN = {
    "poetry's or": ({"pyproject.toml": "[tool.poetry.dependencies]\ntorch = '^2 || ^4'"}, "torch ^2 || ^4", "tool.poetry.dependencies"),
    "poetry's python": ({"pyproject.toml": "[tool.poetry.dependencies]\ntorch = { version = '2', python = 'latest' }"}, "torch 2", "tool.poetry.dependencies"),
    "poetry's marker": ({"pyproject.toml": "[tool.poetry.dependencies]\ntorch = { version = '2', markers = 'linux' }"}, "torch 2", "tool.poetry.dependencies"),
    "a condition": (
        {"setup.py": "from setuptools import setup\nreqs = ['x']\nif linux:\n    reqs += ['torch>=2']\nsetup(install_requires=reqs)"},
        "torch>=2",
        SETUP_PY,
    ),
    "append": (
        {"setup.py": "from setuptools import setup\nreqs = ['x']\nif linux:\n    reqs.append('torch>=2')\nsetup(install_requires=reqs)"},
        "torch>=2",
        SETUP_PY,
    ),
    "a loop": (
        {"setup.py": "from setuptools import setup\nreqs = []\nfor r in ('torch>=2',):\n    (x := r)\n    reqs.insert(0, x)\nsetup(install_requires=reqs)"},
        "torch>=2",
        SETUP_PY,
    ),
    "two calls": (
        {"setup.py": "from setuptools import setup\nif a:\n    setup(install_requires=['torch>=2'])\nelse:\n    setup(install_requires=['torch'])"},
        "torch>=2",
        SETUP_PY,
    ),
    "a sum that is none": ({"setup.py": "from setuptools import setup\nsetup(install_requires=f('torch>=2') + 'x')"}, "torch>=2", SETUP_PY),
    "one of two files": (
        {"setup.py": "from setuptools import setup\nsetup(install_requires=open('a.txt' if x else 'b.txt').readlines())", "a.txt": "torch>=2", "b.txt": ""},
        "torch>=2",
        "a.txt:1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", UNCERTAIN)
def test_uncertain(shape: str, tmp_path: Path) -> None:
    """Computed requirements, and those that PEP 508 cannot express, are uncertain."""
    files, text, origin = UNCERTAIN[shape]
    assert OwnRequirements(uncertain=(Stated(text, origin),)) == read(tmp_path, files)


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": f"{PROJECT}dependencies = 3\noptional-dependencies = []\ndynamic = 'x'"},
        {"pyproject.toml": f"{PROJECT}dependencies = ['torch', 'torch @ https://h/torch-2-py3-none-any.whl', 'torch >= two', 'torchx>=1']"},
        {"pyproject.toml": "project = 3\ntool = 3\ndependency-groups = []"},
        {"pyproject.toml": "[tool.poetry]\ndependencies = 3"},
        {"pyproject.toml": "[tool.poetry.dependencies]\ntorch = '*'\n[tool.setuptools.dynamic]\ndependencies = ['r.txt']"},
        {"setup.cfg": "no section"},
        {"setup.py": "from setuptools import setup\nw = f()\nsetup(**w)\nsetup(**f())"},
        {"setup.cfg": "[options]"},
        {"setup.py": "setup(install_requires=install_requires)\nother.install_requires = ['torch>=2']"},
    ],
)  # fmt: skip
def test_nothing(files: dict[str, str], tmp_path: Path) -> None:
    """Malformed requirements, and those without a specifier, are ignored."""
    assert OwnRequirements() == read(tmp_path, files)


def test_another_name(tmp_path: Path) -> None:
    """Requirements of any distribution can be read."""
    files = {"pyproject.toml": f'{PROJECT}dependencies = ["torch>=2", "Torch_Vision>=1"]'}
    assert (Stated("Torch_Vision>=1", "project.dependencies"),) == read(tmp_path, files, "torch-vision").certain


def test_setup_cfg(tmp_path: Path) -> None:
    """All requirements in setup.cfg are read."""
    text = "[options]\nsetup_requires = a; b\ninstall_requires = file: r.txt\n[options.extras_require]\nx =\n  c\n  d; os_name == 'a'\n"
    write(tmp_path / "setup.cfg", text)
    assert SetupCfg(
        files=("r.txt",), setup_requires=("a", "b"), extras_require={"x": ("c", "d; os_name == 'a'")}
    ) == read_setup_cfg(tmp_path)
