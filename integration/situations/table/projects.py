"""Projects of uv: a lock that installs torch here, or does not."""

from __future__ import annotations

from typing import Any

from ...stock import OLDEST_UV
from ..model import Extension, Situation, Stop
from .make import ANY, AT_LEAST_93, PROJECT_PYTHON, Maker

_LOCK = Maker(kind="a lock that installs torch")
_IMAGE = Maker(kind="a lock that does not install torch here")
_WORKSPACE = Maker(kind="a workspace")

_SOURCE = '[tool.uv.sources]\nprobe-setuptools = { path = "../ext" }\n'
_HEAD = '[project]\nname = "consumer"\nversion = "1.0"\nrequires-python = ">=<X.Y>"\n'
_LOCKING = (("<uv>", "lock"),)
_OWN_TORCH = {"prefix": "consumer/.venv"}
"""An image: the project's environment has a torch that the lock knows nothing of."""
_NOT_TORCH = ("--no-install-package", "torch")
_DELAY = 2.5


def _project(*dependencies: str, more: str = "", tool: str = "") -> dict[str, str]:
    listed = ", ".join(f'"{dependency}"' for dependency in (*dependencies, "probe-setuptools"))
    text = f"{_HEAD}dependencies = [{listed}]\n{more}\n[tool.uv]\n{tool}\n{_SOURCE}"
    return {"consumer/pyproject.toml": text}


def _made(make: Maker, name: str, *words: str, **more: Any) -> Situation:  # noqa: ANN401 - as for Maker
    """Return a command in the project's folder, whose environment is looked at."""
    usual = {"cwd": "consumer", "python": PROJECT_PYTHON, "prefix": None, "prepare": _LOCKING, "delay": _DELAY}
    return make.uv(name, *words, **{**usual, **more})


def _keeping(*words: str) -> Stop:
    """Return the stop of a uv sync that would remove the image's torch, as no lock's torch takes its place."""
    return Stop(hint="--inexact", then=(("<uv>", "sync", "--inexact", *words),), is_required=True)


_P92 = _project("torch==9.2.0")
_GPU = '[project.optional-dependencies]\ngpu = ["torch==9.2.0"]\n'
_BOTH_EXTRAS = '[project.optional-dependencies]\nold = ["torch==9.2.0"]\nnew = ["torch==9.3.0"]\n'
_CONFLICT = 'conflicts = [[{ extra = "old" }, { extra = "new" }]]\n'
_EXCLUDED = 'exclude-dependencies = ["torch"]'
_NEVER = "override-dependencies = [\"torch; sys_platform == 'never'\"]\n"

_LOCKED: tuple[Situation, ...] = (
    _made(_LOCK, "sync", "sync", files=_P92),
    _made(_LOCK, "sync-unlocked", "sync", files=_P92, prepare=()),
    _made(_LOCK, "sync-over-old", "sync", files=_P92, **_OWN_TORCH),
    _made(_LOCK, "sync-over-old-inexact", "sync", "--inexact", files=_P92, **_OWN_TORCH),
    _made(_LOCK, "sync-frozen", "sync", "--frozen", files=_P92, **_OWN_TORCH),
    _made(_LOCK, "sync-needy", "sync", files=_project("needy"), **_OWN_TORCH),
    _made(_LOCK, "sync-own", "sync", files=_project(), ext=AT_LEAST_93),
    _made(
        _LOCK,
        "sync-upgrade",
        *("sync", "-P", "torch"),
        files=_project("torch"),
        prepare=(("<uv>", "lock", "-P", "torch==9.2.0"),),
    ),
    _made(
        _LOCK,
        "sync-locked-older",
        "sync",
        files=_project("torch"),
        prepare=(("<uv>", "lock", "-P", "torch==9.2.0"),),
        **_OWN_TORCH,
    ),
    _made(_LOCK, "sync-extra", "sync", "--extra", "new", files=_project(more=_BOTH_EXTRAS, tool=_CONFLICT)),
    _made(
        _LOCK,
        "sync-group",
        "sync",
        "--group",
        "gpu",
        files=_project(more='[dependency-groups]\ngpu = ["torch==9.2.0"]\n'),
        **_OWN_TORCH,
    ),
    _made(
        _LOCK,
        "sync-constraint",
        "sync",
        files=_project("torch", tool='constraint-dependencies = ["torch==9.2.0"]'),
        **_OWN_TORCH,
    ),
    _made(
        _LOCK,
        "sync-override",
        "sync",
        files=_project("torch==9.1.0", tool='override-dependencies = ["torch==9.2.0"]'),
        **_OWN_TORCH,
    ),
    _made(
        _LOCK,
        "sync-environment",
        "sync",
        files=_P92,
        prefix="target",
        python="<python>",
        variables={"UV_PROJECT_ENVIRONMENT": "<target>"},
    ),
    _made(
        _LOCK,
        "sync-active",
        "sync",
        "--active",
        files=_P92,
        prefix="target",
        python="<python>",
        variables={"VIRTUAL_ENV": "<target>"},
    ),
    _made(
        _LOCK,
        "add",
        "add",
        "../ext",
        files={"consumer/pyproject.toml": f'{_HEAD}dependencies = ["torch==9.2.0"]\n'},
        **_OWN_TORCH,
    ),
    _made(_LOCK, "add-torch", "add", "torch==9.3.0", files=_project("torch"), prepare=(), **_OWN_TORCH),
    _made(_LOCK, "run", "run", "true", files=_P92, **_OWN_TORCH),
    _made(
        _LOCK,
        "run-isolated-extra-dynamic",
        *("run", "--isolated", "--extra", "new", "python", "-m", "probe_setuptools.show"),
        files=_project(more=_BOTH_EXTRAS, tool=_CONFLICT),
        ext=Extension(requires=("torch",), is_dynamic=True),
        python="",
        prepare=(),
    ),
    _made(_LOCK, "old-sync", "sync", files=_P92, version=OLDEST_UV, **_OWN_TORCH),
    _made(
        _LOCK,
        "run-isolated",
        "run",
        "--isolated",
        "python",
        "-m",
        "probe_setuptools.show",
        files=_P92,
        python="",
        **_OWN_TORCH,
    ),
)

_IMAGES: tuple[Situation, ...] = (
    _made(
        _IMAGE,
        "sync-not-torch",
        *("sync", *_NOT_TORCH),
        files=_P92,
        stop=_keeping(*_NOT_TORCH),
        **_OWN_TORCH,
    ),
    _made(_IMAGE, "sync-system", "sync", files=_project(), has_system=True, **_OWN_TORCH),
    _made(_IMAGE, "sync-system-not-torch", "sync", *_NOT_TORCH, files=_P92, has_system=True, **_OWN_TORCH),
    _made(
        _IMAGE, "sync-not-torch-inexact", "sync", "--inexact", "--no-install-package=torch", files=_P92, **_OWN_TORCH
    ),
    _made(
        _IMAGE,
        "sync-only-install-inexact",
        *("sync", "--inexact", "--only-install-package=probe-setuptools"),
        files=_P92,
        **_OWN_TORCH,
    ),
    _made(
        _IMAGE,
        "sync-not-torch-by-variable",
        "sync",
        files=_P92,
        variables={"UV_NO_INSTALL_PACKAGE": "torch"},
        **_OWN_TORCH,
    ),
    _made(_IMAGE, "sync-never", "sync", "--inexact", files=_project("torch", tool=_NEVER), **_OWN_TORCH),
    _made(_IMAGE, "sync-excluded", "sync", "--inexact", files=_project("torch", tool=_EXCLUDED), **_OWN_TORCH),
    _made(_IMAGE, "sync-excluded-needy", "sync", "--inexact", files=_project("needy", tool=_EXCLUDED), **_OWN_TORCH),
    _made(_IMAGE, "sync-unselected-extra", "sync", "--inexact", files=_project(more=_GPU), **_OWN_TORCH),
    _made(_IMAGE, "sync-selected-extra", "sync", "--inexact", "--extra=gpu", files=_project(more=_GPU), **_OWN_TORCH),
    _made(
        _IMAGE,
        "sync-unselected-group",
        "sync",
        "--inexact",
        "--no-dev",
        files=_project(more='[dependency-groups]\ndev = ["torch==9.2.0"]\n'),
        **_OWN_TORCH,
    ),
    _made(
        _IMAGE,
        "sync-other-platform",
        "sync",
        "--inexact",
        files=_project("torch==9.2.0; sys_platform == 'win32'"),
        **_OWN_TORCH,
    ),
    _made(_IMAGE, "sync-unknown-torch", "sync", "--inexact", files=_project(), **_OWN_TORCH),
    _made(
        _IMAGE,
        "run-unselected-extra",
        "run",
        "true",
        files=_project(more=_GPU),
        **_OWN_TORCH,
    ),
    _made(
        _IMAGE,
        "sync-only-this",
        "sync",
        "--inexact",
        "--no-install-package=torch",
        files=_project(),
        ext=ANY,
        **_OWN_TORCH,
    ),
)


def _member(name: str, *dependencies: str, more: str = "") -> str:
    listed = ", ".join(f'"{dependency}"' for dependency in dependencies)
    return (
        f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=<X.Y>"\ndependencies = [{listed}]\n{more}'
    )


_NEW = '[project.optional-dependencies]\nx = ["torch>=9.3"]\n'
_MEMBERS = {
    "consumer/pyproject.toml": _member("root") + '[tool.uv.workspace]\nmembers = ["a", "b", "c"]\n' + _SOURCE,
    "consumer/a/pyproject.toml": _member("a", "probe-setuptools"),
    "consumer/b/pyproject.toml": _member("b", "unrelated", more=_NEW),
    "consumer/c/pyproject.toml": _member("c", "torch"),
}

_WORKSPACES: tuple[Situation, ...] = (
    _made(_WORKSPACE, "workspace-extra", "sync", "--package", "a", "--package", "b", "--extra", "x", files=_MEMBERS),
    _made(_WORKSPACE, "workspace-two", "sync", "--package", "a", "--package", "c", files=_MEMBERS, **_OWN_TORCH),
    _made(_WORKSPACE, "workspace-one", "sync", "--inexact", "--package", "a", files=_MEMBERS, **_OWN_TORCH),
    _made(_WORKSPACE, "workspace-all", "sync", "--all-packages", files=_MEMBERS, **_OWN_TORCH),
    _made(_WORKSPACE, "workspace-all-extras", "sync", "--all-packages", "--all-extras", files=_MEMBERS),
    _made(
        _WORKSPACE,
        "workspace-not-torch",
        "sync",
        "--all-packages",
        "--no-install-package=torch",
        files=_MEMBERS,
        stop=_keeping("--all-packages", "--no-install-package=torch"),
        **_OWN_TORCH,
    ),
)

SITUATIONS = (*_LOCKED, *_IMAGES, *_WORKSPACES)
