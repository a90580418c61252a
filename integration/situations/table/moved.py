"""The command moves torch, or might, without naming a version."""

from __future__ import annotations

from ...stock import OLDEST_PIP, OLDEST_UV
from ..model import Situation
from .make import ANY, E, Maker

_MAKE = Maker(kind="moves torch without a version")

SITUATIONS: tuple[Situation, ...] = (
    *_MAKE.both("upgrade-torch", "-U", "torch", E),
    *_MAKE.both("upgrade-torch-last", E, "torch", "--upgrade"),
    *_MAKE.both("upgrade-only", "-U", E),
    *_MAKE.both("upgrade-only-own-torch", "-U", E, ext=ANY),
    *_MAKE.both("upgrade-torch-no-deps", "-U", "--no-deps", "torch", E),
    _MAKE.pip("old-upgrade-torch", "-U", "torch", E, version=OLDEST_PIP),
    _MAKE.uv_pip("old-upgrade-torch", "-U", "torch", E, version=OLDEST_UV),
    _MAKE.pip("force-reinstall", "--force-reinstall", E),
    _MAKE.pip("force-reinstall-own-torch", "--force-reinstall", E, ext=ANY),
    _MAKE.pip("old-force-reinstall-own-torch", "--force-reinstall", E, ext=ANY, version=OLDEST_PIP),
    _MAKE.pip("force-reinstall-no-deps", "--force-reinstall", "--no-deps", E, ext=ANY),
    _MAKE.pip("ignore-installed", "-I", E),
    _MAKE.pip("ignore-installed-own-torch", "-I", E, ext=ANY),
    _MAKE.pip("eager", "-U", "--upgrade-strategy", "eager", E, ext=ANY),
    _MAKE.pip("eager-without-torch", "-U", "--upgrade-strategy=eager", E),
    _MAKE.pip("eager-by-variable", "-U", E, ext=ANY, variables={"PIP_UPGRADE_STRATEGY": "eager"}),
    _MAKE.pip("upgrade-by-variable", "torch", E, variables={"PIP_UPGRADE": "1"}),
    _MAKE.pip(
        "upgrade-by-configuration",
        "torch",
        E,
        # The empty file takes the place of one that the machine's own configuration may name.
        files={"pip.conf": "[install]\nupgrade = yes\nconstraint = <place>/none.txt\n", "none.txt": ""},
        variables={"PIP_CONFIG_FILE": "<place>/pip.conf"},
    ),
    _MAKE.uv_pip("upgrade-torch-told-as-json", "--output-format", "json", "-U", "torch", E),
    _MAKE.uv_pip("upgrade-package", "-P", "torch", E),
    _MAKE.uv_pip("upgrade-package-named", "-P", "torch", "torch", E),
    _MAKE.uv_pip("upgrade-package-own-torch", "-P", "torch", E, ext=ANY),
    _MAKE.uv_pip("reinstall", "--reinstall", E),
    _MAKE.uv_pip("reinstall-own-torch", "--reinstall", E, ext=ANY),
    _MAKE.uv_pip("old-reinstall-own-torch", "--reinstall", E, ext=ANY, version=OLDEST_UV),
    _MAKE.uv_pip("reinstall-package", "--reinstall-package", "torch", E, ext=ANY),
    _MAKE.uv_pip("reinstall-package-named", "--reinstall-package=torch", "torch", E),
    _MAKE.uv_pip("reinstall-this", "--reinstall-package=probe-setuptools", E, ext=ANY),
    _MAKE.uv_pip("lowest-direct", "--resolution=lowest-direct", "-U", "torch>=9.2", E),
    _MAKE.uv_pip(
        "upgrade-by-settings",
        "torch",
        E,
        files={"uv.toml": "[pip]\nupgrade = true\n"},
        variables={"UV_CONFIG_FILE": "<place>/uv.toml"},
    ),
    _MAKE.uv_pip("lowest-by-variable", "-U", "torch>=9.2,<9.4", E, variables={"UV_RESOLUTION": "lowest"}),
    _MAKE.uv_pip("exact", "--exact", E, ext=ANY),
)
