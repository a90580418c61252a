"""Environments that uv makes for the command: uv run, scripts, and tools."""

from __future__ import annotations

from ...stock import NEWEST_UV, OLDEST_UV
from ..model import Situation, Stop
from .make import ANY, AT_LEAST_93, DIRECT, DYNAMIC_93, E, Maker

_WITH = Maker(kind="uv run")
_SCRIPT = Maker(kind="a script of uv")
_TOOL = Maker(kind="a tool of uv")

_SHOW = ("python", "-m", "probe_setuptools.show")
_CALL = "from probe_setuptools.show import main\n\nmain()\n"
_TOOL_PYTHON = "<place>/tools/probe-setuptools/bin/python"
_TOOLS: dict[str, str | None] = {"UV_TOOL_DIR": "<place>/tools", "UV_TOOL_BIN_DIR": "<place>/tool-bin"}
_BESIDE = {"cwd": "consumer", "prefix": "consumer/.venv", "before": ("torch===9.2.0",)}
"""A folder with an environment, which the command does not use."""


def script(*dependencies: str) -> str:
    """Return a script with these dependencies and the package under test."""
    listed = "".join(f'#   "{dependency}",\n' for dependency in (*dependencies, DIRECT))
    return f"# /// script\n# dependencies = [\n{listed}# ]\n# ///\n{_CALL}"


_SAVED = Stop(hint="file", then=(("<uv>", "run", "s.py"),))
_PINNED = {"s.py": script("torch==9.2.0")}
_ALONE = ("run", "--no-project")
_PROJECT = {
    "consumer/pyproject.toml": '[project]\nname = "consumer"\nversion = "1.0"\nrequires-python = ">=3.10"\n'
    'dependencies = ["torch==9.2.0"]\n'
}

_RUNS: tuple[Situation, ...] = (
    _WITH.uv_prints("run-with", *_ALONE, "--with", "torch==9.2.0", "--with", E, *_SHOW),
    _WITH.uv_prints("run-with-needy", *_ALONE, "--with", "needy", "--with", E, *_SHOW),
    _WITH.uv_prints("old-run-with-needy", *_ALONE, "--with", "needy", "--with", E, *_SHOW, version=OLDEST_UV),
    _WITH.uv_prints("run-with-own", *_ALONE, "--with", E, *_SHOW, ext=AT_LEAST_93),
    _WITH.uv_prints("run-with-dynamic", *_ALONE, "--with", E, *_SHOW, ext=DYNAMIC_93),
    _WITH.uv_prints("run-with-vision", *_ALONE, "--with", "vision,./ext", *_SHOW),
    _WITH.uv_prints("run-with-editable", *_ALONE, "--with", "torch==9.2.0", "--with-editable", E, *_SHOW),
    _WITH.uv_prints(
        "run-with-requirements",
        *_ALONE,
        "--with-requirements",
        "all.txt",
        *_SHOW,
        files={"all.txt": "torch==9.2.0\n./ext\n"},
    ),
    _WITH.uv_prints("run-beside-environment", *_ALONE, "--with=torch==9.1.0", "--with=../ext", *_SHOW, **_BESIDE),
    _WITH.uv_prints("run-beside-environment-needy", *_ALONE, "--with=needy", "--with=../ext", *_SHOW, **_BESIDE),
    _WITH.uv_prints("run-uses-environment", *_ALONE, "--with=../ext", *_SHOW, **_BESIDE),
    _WITH.uv_prints("run-uses-environment-own", *_ALONE, "--with=../ext", *_SHOW, ext=ANY, **_BESIDE),
    _WITH.uv_prints(
        "run-isolated-alone", *_ALONE, "--isolated", "--with=torch==9.1.0", "--with=../ext", *_SHOW, **_BESIDE
    ),
    _WITH.uv_prints("run-project-with", "run", "--with=../ext", *_SHOW, cwd="consumer", files=_PROJECT),
    _WITH.uv_prints(
        "run-project-with-old",
        "run",
        "--with=../ext",
        *_SHOW,
        files=_PROJECT,
        **{**_BESIDE, "before": ("torch===9.1.0",)},
    ),
    _WITH.uv_prints("run-project-with-own", "run", "--with=../ext", *_SHOW, cwd="consumer", files=_PROJECT, ext=ANY),
    _WITH.uv_prints(
        "run-project-with-needy", "run", "--with=needy", "--with=../ext", *_SHOW, cwd="consumer", files=_PROJECT
    ),
    _WITH.uv_prints(
        "run-project-isolated",
        *("run", "--isolated", "--with=../ext", *_SHOW),
        files=_PROJECT,
        **{**_BESIDE, "before": ("torch===9.1.0",)},
    ),
    _WITH.uv_prints(
        "run-active",
        *("run", "--no-project", "--active", "--with=./ext", *_SHOW),
        variables={"VIRTUAL_ENV": "<target>"},
        prefix="target",
    ),
)

_SCRIPTS: tuple[Situation, ...] = (
    _SCRIPT.uv_prints("script", "run", "s.py", files=_PINNED),
    _SCRIPT.uv_prints("old-script", "run", "s.py", files=_PINNED, version=OLDEST_UV),
    _SCRIPT.shell(
        "uv-script-sync",
        "<uv> sync --script s.py && <uv> run s.py",
        uv=NEWEST_UV,
        files={"s.py": script("needy")},
        prefix=None,
        python="",
    ),
    _SCRIPT.uv_prints("script-by-option", "run", "--script", "s.txt", files={"s.txt": script("torch==9.2.0")}),
    _SCRIPT.uv_prints("script-capital", "run", "S.PY", files={"S.PY": script("torch==9.2.0")}),
    _SCRIPT.uv_prints("script-needy", "run", "s.py", files={"s.py": script("needy")}),
    _SCRIPT.uv_prints("script-own", "run", "s.py", files={"s.py": script()}, ext=AT_LEAST_93),
    _SCRIPT.uv_prints("script-dynamic", "run", "s.py", files={"s.py": script()}, ext=DYNAMIC_93),
    _SCRIPT.uv_prints("script-with", "run", "--with", "needy", "s.py", files={"s.py": script("torch")}),
    _SCRIPT.uv_prints(
        "script-locked",
        *("run", "s.py"),
        files={"s.py": script("torch<9.3")},
        prepare=(("<uv>", "lock", "--script", "s.py"),),
    ),
    _SCRIPT.uv_prints(
        "script-locked-older",
        *("run", "s.py"),
        files={"s.py": script("torch")},
        prepare=(("<uv>", "lock", "--script", "s.py", "-P", "torch==9.2.0"),),
    ),
    _SCRIPT.uv_prints(
        "script-in-project", "run", "../s.py", files={**_PROJECT, "s.py": script("torch==9.3.0")}, **_BESIDE
    ),
    _SCRIPT.uv_prints("script-by-address", "run", "<served>/s.py", files=_PINNED, stop=_SAVED),
    _SCRIPT.shell(
        "uv-script-stdin", "<uv> run - <s.py", uv=NEWEST_UV, files=_PINNED, prefix=None, python="", stop=_SAVED
    ),
    _SCRIPT.shell(
        "uv-script-stdin-pipe",
        "cat s.py | <uv> run -",
        uv=NEWEST_UV,
        files=_PINNED,
        prefix=None,
        python="",
        stop=_SAVED,
    ),
    _SCRIPT.shell(
        "uv-script-executable",
        "chmod +x s && ./s",
        uv=NEWEST_UV,
        files={"s": "#!/usr/bin/env -S <uv> run --script\n" + script("torch==9.2.0")},
        prefix=None,
        python="",
    ),
    _SCRIPT.uv_prints(
        "script-of-plain-file",
        *("run", "--no-project", "--with=torch==9.2.0", "--with=./ext", "plain.py"),
        files={"plain.py": _CALL},
    ),
)

_TOOLED: tuple[Situation, ...] = (
    _TOOL.uv(
        "tool-install",
        "tool",
        "install",
        E,
        "--with",
        "torch==9.2.0",
        variables=_TOOLS,
        python=_TOOL_PYTHON,
        prefix=None,
    ),
    _TOOL.uv(
        "tool-install-needy", "tool", "install", "--with=needy", E, variables=_TOOLS, python=_TOOL_PYTHON, prefix=None
    ),
    _TOOL.uv(
        "tool-install-own", "tool", "install", E, ext=AT_LEAST_93, variables=_TOOLS, python=_TOOL_PYTHON, prefix=None
    ),
    _TOOL.uv(
        "tool-install-again",
        *("tool", "install", "--reinstall", E, "--with", "torch==9.2.0"),
        variables=_TOOLS,
        python=_TOOL_PYTHON,
        prefix=None,
        prepare=(("<uv>", "venv", "-q", "tools/unrelated"),),
    ),
    _TOOL.uv(
        "tool-install-activated",
        *("tool", "install", E, "--with", "torch==9.2.0"),
        variables={**_TOOLS, "VIRTUAL_ENV": "<target>"},
        python=_TOOL_PYTHON,
    ),
    _TOOL.uv_prints("tool-run", "tool", "run", "--from", E, "--with", "torch==9.2.0", "show-torch"),
    _TOOL.uv_prints("tool-run-needy", "tool", "run", "--from", E, "--with", "needy", "show-torch"),
    _TOOL.uv_prints("tool-run-own", "tool", "run", "--from", E, "show-torch", ext=ANY),
    Situation(
        id="uvx",
        kind=_TOOL.kind,
        command=("<uv>x", "--from", E, "--with", "torch==9.2.0", "show-torch"),
        prefix=None,
        python="",
    ),
)

SITUATIONS = (*_RUNS, *_SCRIPTS, *_TOOLED)
