"""Files and settings that name a torch; some of them do not apply."""

from __future__ import annotations

from ...stock import NEWEST_PIP, NEWEST_UV
from ..model import Situation, Stop
from .make import ANY, DIRECT, E, Maker

_FILE = Maker(kind="a file or setting")
_VOID = Maker(kind="read, and does not apply")
_INPUT = Maker(kind="standard input")

_ALL = {"all.txt": "torch==9.2.0\n./ext\n"}
_PIN = {"pin.txt": "torch==9.2.0\n"}
_PLAIN = '[project]\nname = "app"\nversion = "1.0"\n'
_GROUPS = {"pyproject.toml": f'{_PLAIN}\n[dependency-groups]\ndev = ["torch==9.2.0"]\n'}
_WORKSPACE = """[tool.uv.workspace]
members = ["ext"]

[tool.uv.sources]
torch = { url = "<files>/torch-9.2.0-py3-none-any.whl" }
"""
_CONF = {"PIP_CONFIG_FILE": "<place>/pip.conf"}
_SCRIPT = '# /// script\n# dependencies = ["torch==9.2.0"]\n# ///\n'
_LOCK = """lock-version = "1.0"
created-by = "hand"

[[packages]]
name = "torch"
version = "9.2.0"

[[packages.wheels]]
url = "file://<wheels>/torch-9.2.0-py3-none-any.whl"
hashes = { sha256 = "<sha256 of torch-9.2.0-py3-none-any.whl>" }

[[packages]]
name = "torchdep"
version = "1.0"

[[packages.wheels]]
url = "file://<wheels>/torchdep-1.0-py3-none-any.whl"
hashes = { sha256 = "<sha256 of torchdep-1.0-py3-none-any.whl>" }

[[packages]]
name = "probe-setuptools"
directory = { path = "./ext" }
"""

_PIP_FILE = Stop(hint="file", then=(("<python>", "-m", "pip", "install", "-r", "all.txt"),))
_UV_FILE = Stop(hint="file", then=(("<uv>", "pip", "install", "-p", "<target>", "-r", "all.txt"),))
_UV_SYNC = Stop(hint="file", then=(("<uv>", "pip", "sync", "-p", "<target>", "all.txt"),))
_SYNCED = {"all.txt": f"torch==9.2.0\ntorchdep==1.0\n{DIRECT}\n"}


def _uv(text: str) -> dict[str, str]:
    return {"pyproject.toml": f"{_PLAIN}\n[tool.uv]\n{text}\n"}


_BY_FILE: tuple[Situation, ...] = (
    *_FILE.both("file", "-r", "all.txt", files=_ALL),
    *_FILE.both("file-nested", "-r", "a/top.txt", files={"a/top.txt": "-r ../all.txt\n", **_ALL}),
    *_FILE.both("file-by-address", "-r", "<served>/pin.txt", E, files=_PIN),
    *_FILE.both("group", "--group", "dev", E, files=_GROUPS),
    *_FILE.both("group-of-file", "--group", "pyproject.toml:dev", E, files=_GROUPS),
    *_FILE.both("constraint", "-c", "pin.txt", E, ext=ANY, files=_PIN),
    *_FILE.both("constraint-by-address", "-c", "<served>/pin.txt", "torch", E, files=_PIN),
    _FILE.uv_pip("lock", "-r", "pylock.toml", files={"pylock.toml": _LOCK}),
    _FILE.pip("constraint-by-variable", E, ext=ANY, files=_PIN, variables={"PIP_CONSTRAINT": "pin.txt"}),
    _FILE.pip(
        "constraint-by-configuration",
        E,
        ext=ANY,
        files={"pip.conf": "[install]\nconstraint = <place>/pin.txt\n", **_PIN},
        variables=_CONF,
    ),
    _FILE.pip(
        "constraint-by-user-configuration",
        E,
        ext=ANY,
        files={"home/.config/pip/pip.conf": "[global]\nconstraint = <place>/pin.txt\n", **_PIN},
        variables={"PIP_CONFIG_FILE": None},
    ),
    _FILE.pip(
        "constraint-by-configuration-beside",
        E,
        ext=ANY,
        files={"ci/pip.conf": "[install]\nconstraint = <place>/pin.txt\n", **_PIN},
        variables={"PIP_CONFIG_FILE": "ci/pip.conf"},
    ),
    _FILE.shell(
        "pip-upgrade-by-configuration-of-activated",
        "PATH=<target>/bin:$PATH; python -m pip install torch ./ext",
        pip=NEWEST_PIP,
        files={"target/pip.conf": "[install]\nupgrade = true\nconstraint = <place>/none.txt\n", "none.txt": ""},
        variables={"PIP_CONFIG_FILE": None},
    ),
    _FILE.plain_pip(
        "wheel-constraint-by-configuration",
        *("wheel", "-w", "W", "torch", E),
        files={"pip.conf": "[wheel]\nconstraint = <place>/pin.txt\n[install]\nupgrade = true\n", **_PIN},
        variables=_CONF,
        wheels="W",
    ),
    _FILE.uv_pip(
        "sources-of-workspace",
        "../ext",
        ext=ANY,
        files={
            "pyproject.toml": _WORKSPACE,
            "elsewhere/empty.txt": "",
        },
        cwd="elsewhere",
    ),
    _FILE.pip("file-by-variable", E, files=_PIN, variables={"PIP_REQUIREMENT": "pin.txt"}),
    _FILE.pip("script", "--requirements-from-script", "s.py", E, files={"s.py": _SCRIPT}),
    _FILE.uv_pip("script", "-r", "s.py", E, files={"s.py": _SCRIPT}),
    _FILE.uv_pip(
        "project-file",
        "-r",
        "pyproject.toml",
        E,
        files={"pyproject.toml": f'{_PLAIN}dependencies = ["torch==9.2.0"]\n'},
    ),
    _FILE.uv_pip(
        "project-extra",
        "-r",
        "pyproject.toml",
        "--extra",
        "new",
        E,
        files={"pyproject.toml": f'{_PLAIN}[project.optional-dependencies]\nnew = ["torch>=9.3"]\n'},
    ),
    _FILE.uv_pip("constraint-by-variable", E, ext=ANY, files=_PIN, variables={"UV_CONSTRAINT": "pin.txt"}),
    _FILE.uv_pip("overrides", "--overrides", "pin.txt", E, ext=ANY, files=_PIN),
    _FILE.uv_pip("override-by-variable", E, ext=ANY, files=_PIN, variables={"UV_OVERRIDE": "pin.txt"}),
    _FILE.uv_pip("tool-constraints", E, ext=ANY, files=_uv('constraint-dependencies = ["torch==9.2.0"]')),
    _FILE.uv_pip("tool-overrides", E, ext=ANY, files=_uv('override-dependencies = ["torch==9.2.0"]')),
    _FILE.uv_pip("tool-excludes", "-U", E, ext=ANY, files=_uv('exclude-dependencies = ["torch"]')),
    _FILE.uv_pip("settings", E, ext=ANY, files={"uv.toml": 'constraint-dependencies = ["torch==9.2.0"]\n'}),
    _FILE.uv_pip(
        "settings-overrides",
        E,
        ext=ANY,
        files={"uv.toml": 'override-dependencies = ["torch==9.2.0"]\n'},
    ),
    _FILE.uv("pip-sync", "pip", "sync", "-p", "<target>", "all.txt", files=_SYNCED),
    _FILE.uv(
        "pip-sync-reinstall",
        *("pip", "sync", "-p", "<target>", "--reinstall", "all.txt"),
        files={"all.txt": f"torch\ntorchdep\n{DIRECT}\n"},
    ),
)

_BY_INPUT: tuple[Situation, ...] = (
    _INPUT.shell(
        "pip-stdin", "<python> -m pip install -r /dev/stdin <all.txt", pip=NEWEST_PIP, files=_ALL, stop=_PIP_FILE
    ),
    _INPUT.shell(
        "pip-stdin-pipe",
        "cat all.txt | <python> -m pip install -r /dev/stdin",
        pip=NEWEST_PIP,
        files=_ALL,
        stop=_PIP_FILE,
    ),
    _INPUT.shell(
        "pip-descriptor", "<python> -m pip install -r <(cat all.txt)", pip=NEWEST_PIP, files=_ALL, stop=_PIP_FILE
    ),
    _INPUT.shell("uv-pip-stdin", "<uv> pip install -p <target> -r - <all.txt", uv=NEWEST_UV, files=_ALL, stop=_UV_FILE),
    _INPUT.shell(
        "uv-pip-stdin-pipe", "cat all.txt | <uv> pip install -p <target> -r -", uv=NEWEST_UV, files=_ALL, stop=_UV_FILE
    ),
    _INPUT.shell(
        "uv-pip-descriptor", "<uv> pip install -p <target> -r <(cat all.txt)", uv=NEWEST_UV, files=_ALL, stop=_UV_FILE
    ),
    _INPUT.shell(
        "uv-pip-sync-stdin", "<uv> pip sync -p <target> - <all.txt", uv=NEWEST_UV, files=_SYNCED, stop=_UV_SYNC
    ),
)

_NOT_APPLIED: tuple[Situation, ...] = (
    *_VOID.both("void-no-deps", "--no-deps", "-c", "pin.txt", E, ext=ANY, files=_PIN),
    *_VOID.both("void-constraint", "-c", "pin.txt", E, files=_PIN),
    *_VOID.both("void-constraint-in-file", "-r", "all.txt", files={"all.txt": "-c pin.txt\n./ext\n", **_PIN}),
    *_VOID.both("void-marker", "-r", "all.txt", files={"all.txt": "torch==9.2.0; sys_platform == 'never'\n./ext\n"}),
    *_VOID.both(
        "void-group", "--group", "docs", E, files={"pyproject.toml": f"{_GROUPS['pyproject.toml']}docs = []\n"}
    ),
    _VOID.pip("void-variable", E, files=_PIN, variables={"PIP_CONSTRAINT": "pin.txt"}),
    _VOID.uv_pip("void-variable", E, files=_PIN, variables={"UV_CONSTRAINT": "pin.txt"}),
    _VOID.uv_pip("void-overrides", "--overrides", "pin.txt", E, files=_PIN),
    _VOID.uv_pip("void-tool-overrides", E, files=_uv('override-dependencies = ["torch==9.2.0"]')),
    _VOID.uv_pip("void-no-config", "--no-config", E, ext=ANY, files=_uv('constraint-dependencies = ["torch==9.2.0"]')),
)

SITUATIONS = (*_BY_FILE, *_BY_INPUT, *_NOT_APPLIED)
