"""Variants of a version, other places than the environment, pins by hand, and other ways to start pip."""

from __future__ import annotations

from typing import Any

from ...stock import NEWEST_PIP
from ..model import Extension, Situation, Stop
from .make import ANY, AT_LEAST_93, E, Maker

_VARIANT = Maker(kind="a version without its variant")
_PLACE = Maker(kind="another place")
_PIN = Maker(kind="a pin by hand")
_NO_ISOLATION = Maker(kind="without isolation")
_SYSTEM = Maker(kind="an environment that sees the system's packages")
_LAUNCH = Maker(kind="pip started another way")

_CPU = ("torch===9.1.0+cpu",)
_BUILD = ("torch===9.1.0", "setuptools", "runtime-backend")
_TO_DIRECTORY = "<place>/D"
_TO_PREFIX = "<place>/P/lib/python<X.Y>/site-packages"
_FILL_DIRECTORY = (("<uv>", "pip", "install", "-q", "-p", "<target>", "--target=D", "torch==9.2.0"),)
_REPLACING = Stop(hint="torch", then=(("<python>", "-m", "pip", "install", "--upgrade", "--target=D", E),))
"""pip resolves the newest torch, and then leaves the one that is in the folder."""
_NAMED = "torch==9.1.0"

_VARIANTS: tuple[Situation, ...] = (
    *_VARIANT.both("variant-named", "torch==9.1.0", E, before=_CPU, index="variants"),
    *_VARIANT.both("variant-upgraded", "-U", "torch==9.1.0", E, before=_CPU, index="variants"),
    *_VARIANT.both("variant-upgraded-plain", "-U", "torch==9.1.0", E, before=_CPU),
    *_VARIANT.both("variant-exact", "torch==9.1.0+cpu", E, before=("torch===9.1.0+cu126",), index="variants"),
    *_VARIANT.both("variant-kept", "torch", E, before=_CPU, index="variants"),
    *_VARIANT.both("variant-own", E, ext=Extension(requires=("torch==9.1.0",)), before=_CPU, index="variants"),
    *_VARIANT.both(
        "variant-file", "-r", "all.txt", before=_CPU, index="variants", files={"all.txt": "torch==9.1.0\n./ext\n"}
    ),
    *_VARIANT.both("variant-to-plain", "torch===9.1.0", E, before=_CPU, index="variants"),
    _VARIANT.uv_pip(
        "variant-reinstalled", "--reinstall-package=torch", "torch==9.1.0", E, before=_CPU, index="variants"
    ),
    _VARIANT.pip("variant-forced", "--force-reinstall", "torch==9.1.0", E, before=_CPU, index="variants"),
)

_PLACES: tuple[Situation, ...] = (
    *_PLACE.both("directory", "--target", "D", E, path=_TO_DIRECTORY),
    *_PLACE.both("directory-own", "--target", "D", E, ext=ANY, path=_TO_DIRECTORY),
    *_PLACE.both("directory-named", "--target=D", "torch==9.2.0", E, path=_TO_DIRECTORY),
    *_PLACE.both("directory-no-deps", "--target=D", "--no-deps", E, ext=ANY, path=_TO_DIRECTORY),
    *_PLACE.both("directory-has-torch", "--target=D", E, path=_TO_DIRECTORY, prepare=_FILL_DIRECTORY),
    _PLACE.pip(
        "directory-has-torch-own",
        "--target=D",
        E,
        ext=ANY,
        path=_TO_DIRECTORY,
        prepare=_FILL_DIRECTORY,
        stop=_REPLACING,
    ),
    _PLACE.uv_pip("directory-has-torch-own", "--target=D", E, ext=ANY, path=_TO_DIRECTORY, prepare=_FILL_DIRECTORY),
    *_PLACE.both("prefix", "--prefix", "P", E, path=_TO_PREFIX),
    *_PLACE.both("prefix-own", "--prefix", "P", E, ext=ANY, path=_TO_PREFIX),
    *_PLACE.both("prefix-named", "--prefix=P", "torch>=9.3", E, path=_TO_PREFIX),
    _PLACE.pip("directory-by-variable", E, ext=ANY, path=_TO_DIRECTORY, variables={"PIP_TARGET": "<place>/D"}),
    _PLACE.pip(
        "directory-by-configuration",
        E,
        ext=ANY,
        path=_TO_DIRECTORY,
        files={"pip.conf": "[install]\ntarget = <place>/D\nconstraint = <place>/none.txt\n", "none.txt": ""},
        variables={"PIP_CONFIG_FILE": "<place>/pip.conf"},
    ),
    _PLACE.pip("root-own", "--root", "R", E, ext=ANY, path="<place>/R<site>"),
    _PLACE.uv_pip(
        "directory-by-settings",
        E,
        ext=ANY,
        path=_TO_DIRECTORY,
        files={"uv.toml": '[pip]\ntarget = "<place>/D"\n'},
        variables={"UV_CONFIG_FILE": "<place>/uv.toml"},
    ),
    _PLACE.plain_pip("wheel", "wheel", "-w", "W", E, wheels="W"),
    _PLACE.plain_pip("wheel-own", "wheel", "-w", "W", E, ext=ANY, wheels="W"),
    _PLACE.plain_pip("wheel-own-no-deps", "wheel", "-w", "W", "--no-deps", E, ext=ANY, wheels="W"),
    _PLACE.plain_pip("wheel-named", "wheel", "-w", "W", "torch==9.2.0", E, wheels="W"),
    _PLACE.plain_pip("wheel-needy", "wheel", "-w", "W", "needy", E, wheels="W"),
    Situation(
        id="pip-other-interpreter",
        kind=_PLACE.kind,
        command=("<base>", "<pip>/pip", "--python", "<target>", "install", "-U", "torch", E),
        pip=NEWEST_PIP,
        variables={"PYTHONPATH": "<pip>"},
    ),
)


def _pinned(torch: str) -> dict[str, str | None]:
    return {"RUNTIME_BACKEND_PIN": torch}


def _way_out(*words: str, hint: str = _NAMED, pin: str | None = None) -> dict[str, Stop]:
    """Return the stops of pip and of uv that lead to other words."""
    commands = {"pip": ("<python>", "-m", "pip", "install"), "uv": ("<uv>", "pip", "install", "-p", "<target>")}
    variables = {} if pin is None else {"RUNTIME_BACKEND_PIN": pin}
    return {
        name: Stop(hint=hint, then=((*command, *words),), variables=variables, is_required=True)
        for name, command in commands.items()
    }


def _stopping(make: Maker, name: str, *words: str, out: dict[str, Stop], **more: Any) -> tuple[Situation, Situation]:  # noqa: ANN401
    return make.pip(name, *words, stop=out["pip"], **more), make.uv_pip(name, *words, stop=out["uv"], **more)


_PINS: tuple[Situation, ...] = (
    *_PIN.both("pin-agrees", E, variables=_pinned("torch==9.1.0")),
    *_PIN.both("pin-and-named", "torch==9.2.0", E, variables=_pinned("torch==9.2.0")),
    *_PIN.both("pin-fresh-and-named", "torch==9.2.0", E, variables=_pinned("torch==9.2.0"), before=()),
    *_PIN.both("pin-variant", E, variables=_pinned("torch==9.1.0+cpu"), before=_CPU),
    *_stopping(_PIN, "pin-fresh-unheard", "torch", E, out=_way_out(_NAMED, E), variables=_pinned(_NAMED), before=()),
    *_stopping(_PIN, "pin-upgrade", "-U", "torch", E, out=_way_out(_NAMED, E), variables=_pinned(_NAMED)),
    *_stopping(
        _PIN,
        "pin-another",
        E,
        out=_way_out("torch==9.2.0", E, hint="torch==9.2.0"),
        variables=_pinned("torch==9.2.0"),
    ),
    *_stopping(
        _PIN,
        "pin-against-own",
        E,
        out=_way_out("torch==9.3.0", E, hint="9.1.0", pin="torch==9.3.0"),
        variables=_pinned(_NAMED),
        ext=AT_LEAST_93,
    ),
)

_FIRST_PIP = Stop(
    hint="torch",
    then=(
        ("<python>", "-m", "pip", "install", "-U", "torch"),
        ("<python>", "-m", "pip", "install", "--no-build-isolation", E),
    ),
    is_required=True,
)
_FIRST_UV = Stop(
    hint="torch",
    then=(
        ("<uv>", "pip", "install", "-p", "<target>", "-U", "torch"),
        ("<uv>", "pip", "install", "-p", "<target>", "--no-build-isolation", E),
    ),
    is_required=True,
)
_PLAINLY = Stop(hint="pip install", then=(("<python>", "-m", "pip", "install", "-U", "torch", E),))
_MAIN = "from pip._internal.cli.main import main; import sys; sys.exit(main({}))"
_LITERAL = _MAIN.format(["install", "-U", "torch", E])
_TOOL = _MAIN.format("['install', *reversed(['./ext', 'torch', '-U'])]") + "\n"
_RENAMED = "import sys\nfrom pip._internal.cli.main import main\nsys.exit(main())\n"


def _launched(name: str, *command: str, **more: Any) -> Situation:  # noqa: ANN401
    return Situation(id=f"pip-{name}", kind=_LAUNCH.kind, command=command, pip=NEWEST_PIP, **more)


_GIT = "git -c user.name=Jo -c user.email=jo@example.org"
_REPOSITORY = f"cd ext && git init -q && git add . && {_GIT} commit -qm First"
_EDITABLE_GIT = ("-e", "git+file://<place>/ext#egg=probe-setuptools")
_FROM_GIT = Maker(kind="an editable from git").pip(
    "editable-git",
    *("-U", "torch", *_EDITABLE_GIT),
    prepare=(("/bin/sh", "-c", _REPOSITORY),),
    stop=Stop(
        hint="torch",
        then=(
            ("<python>", "-m", "pip", "install", "-U", "torch"),
            ("<python>", "-m", "pip", "install", *_EDITABLE_GIT),
        ),
    ),
)

_OTHERS: tuple[Situation, ...] = (
    *_NO_ISOLATION.both("no-isolation", "--no-build-isolation", E, before=_BUILD),
    *_NO_ISOLATION.both("no-isolation-own", "--no-build-isolation", E, ext=ANY, before=_BUILD),
    _NO_ISOLATION.pip("no-isolation-upgrade", "--no-build-isolation", "-U", "torch", E, before=_BUILD, stop=_FIRST_PIP),
    _NO_ISOLATION.uv_pip(
        "no-isolation-upgrade", "--no-build-isolation", "-U", "torch", E, before=_BUILD, stop=_FIRST_UV
    ),
    _NO_ISOLATION.pip("no-isolation-needy", "--no-build-isolation", "needy", E, before=_BUILD, stop=_FIRST_PIP),
    _NO_ISOLATION.uv_pip("no-isolation-needy", "--no-build-isolation", "needy", E, before=_BUILD, stop=_FIRST_UV),
    *_SYSTEM.both("system", E, has_system=True),
    *_SYSTEM.both("system-own", E, ext=ANY, has_system=True),
    *_SYSTEM.both("system-named", "torch==9.2.0", E, has_system=True),
    *_SYSTEM.both("system-needy", "needy", E, has_system=True),
    *_SYSTEM.both("system-upgrade", "-U", "torch", E, has_system=True),
    _launched("runpy", "<python>", "-m", "runpy", "pip", "install", "-U", "torch", E, stop=_PLAINLY),
    _launched("library", "<python>", "-c", _LITERAL, is_unseen=True),
    _launched("tool", "<python>", "tool.py", files={"tool.py": _TOOL}, is_unseen=True),
    _launched("renamed", "<python>", "putter", "install", "-U", "torch", E, files={"putter": _RENAMED}, stop=_PLAINLY),
    _launched(
        "zipapp",
        *("<python>", "pip.pyz", "install", "-U", "torch", E),
        prepare=(
            ("<python>", "-c", "import shutil; shutil.copytree('<pip>/pip', 'app/pip')"),
            ("<python>", "-m", "zipapp", "app", "-o", "pip.pyz"),
        ),
        files={"app/__main__.py": "import runpy\nrunpy.run_module('pip', run_name='__main__')\n"},
        stop=_PLAINLY,
    ),
    _launched("library-unchanged", "<python>", "-c", _MAIN.format(["install", E]), is_unseen=True),
    _FROM_GIT,
    _launched("isolated", "<python>", "-I", "-m", "pip", "install", "-U", "torch", E),
)

SITUATIONS = (*_VARIANTS, *_PLACES, *_PINS, *_OTHERS)
