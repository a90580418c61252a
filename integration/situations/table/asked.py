"""Something else in the command asks for a torch, or nothing is there yet."""

from __future__ import annotations

from ...stock import OLDEST_PIP, OLDEST_UV
from ..model import Extension, Situation
from .make import ANY, AT_LEAST_93, DIRECT, DYNAMIC_93, TORCH_92, E, Maker

_OWN = Maker(kind="own dependencies")
_OTHER = Maker(kind="another package's dependencies")
_FRESH = Maker(kind="fresh environment")
_NAMED = Maker(kind="named in the command")
_OLDER = "Metadata-Version: 2.1\nName: torch\nVersion: 9.0.0\nRequires-Dist: torchdep\n"
"""What a broken upgrade has left."""
_WITHDRAWN = ("torch===9.0.0",)
"""It needs a distribution that no index has."""

_CONSUMER = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "consumer"
version = "1.0"
dependencies = [{dependencies}]

[tool.setuptools]
packages = []
"""


def _consumer(*dependencies: str) -> dict[str, str]:
    listed = ", ".join(f'"{dependency}"' for dependency in dependencies)
    return {"consumer/pyproject.toml": _CONSUMER.format(dependencies=listed)}


SITUATIONS: tuple[Situation, ...] = (
    *_OWN.both("own-satisfied", E, ext=ANY),
    *_OWN.both(
        "own-installed-twice",
        E,
        ext=ANY,
        files={"target/lib/python<X.Y>/site-packages/torch-9.0.0.dist-info/METADATA": _OLDER},
    ),
    _OWN.uv_pip(
        "own-by-a-path-file",
        "torch",
        E,
        before=(),
        prepare=(
            ("<uv>", "pip", "install", "--target", "base", "torch===9.1.0"),
            ("/bin/bash", "-c", "echo <place>/base > <site>/base.pth"),
        ),
    ),
    *_OWN.both("own-newer", E, ext=AT_LEAST_93),
    *_OWN.both("own-exact", E, ext=Extension(requires=("torch==9.2.0",))),
    *_OWN.both("own-dynamic", E, ext=DYNAMIC_93),
    *_OWN.both("own-dynamic-satisfied", E, ext=Extension(requires=("torch",), is_dynamic=True)),
    *_OWN.both("own-extra", f"{E}[new]"),
    *_OWN.both("own-marker-not-met", E, ext=Extension(requires=("torch>=9.3; python_version < '3'",))),
    *_OWN.both("own-needs-needy", E, ext=Extension(requires=("needs-needy",))),
    *_OWN.both("own-newer-no-deps", "--no-deps", E, ext=AT_LEAST_93),
    *_OWN.both("own-newer-editable", "-e", E, ext=AT_LEAST_93),
    _OWN.pip("old-own-newer", E, ext=AT_LEAST_93, version=OLDEST_PIP),
    _OWN.uv_pip("old-own-newer", E, ext=AT_LEAST_93, version=OLDEST_UV),
    *_OTHER.both("needy", "needy", E),
    *_OTHER.both("needy-last", E, "needs-needy"),
    *_OTHER.both("vision", "vision", E, ext=ANY),
    *_OTHER.both("needs-satisfied", "needs-torch", E),
    *_OTHER.both("unrelated", "unrelated", E, ext=ANY),
    *_OTHER.both("needy-no-deps", "--no-deps", "needy", E),
    *_OTHER.both("needy-in-file", "-r", "all.txt", files={"all.txt": "needy\n./ext\n"}),
    _OTHER.pip("old-needy", "needy", E, version=OLDEST_PIP),
    *_OTHER.both("consumer", "./consumer", files=_consumer("torch==9.2.0", DIRECT)),
    *_OTHER.both("consumer-of-needy", "./consumer", files=_consumer("needy", DIRECT)),
    *_OTHER.both("consumer-satisfied", "./consumer", files=_consumer("torch", DIRECT)),
    *_OTHER.both("missing-dependency", E, ext=ANY, removed=("torchdep",)),
    *_OTHER.both("missing-dependency-named", "torch", E, removed=("torchdep",)),
    *_OTHER.both("withdrawn", E, before=_WITHDRAWN),
    *_OTHER.both("withdrawn-own", E, ext=ANY, before=_WITHDRAWN),
    *_OTHER.both("withdrawn-missing", E, ext=ANY, before=_WITHDRAWN, removed=("gone",)),
    *_OTHER.both("withdrawn-missing-named", "torch", E, before=_WITHDRAWN, removed=("gone",)),
    *_FRESH.both("fresh-torch", "torch", E, before=()),
    *_FRESH.both("fresh-torch-last", E, "torch", before=()),
    *_FRESH.both("fresh-own", E, ext=ANY, before=()),
    *_FRESH.both("fresh-own-dynamic", E, ext=DYNAMIC_93, before=()),
    *_FRESH.both("fresh-range", "torch<9.3", E, before=()),
    *_FRESH.both("fresh-vision", "vision", E, before=()),
    *_FRESH.both("fresh-variants", "torch==9.1.0", E, before=(), index="variants"),
    _FRESH.pip("old-fresh-torch", "torch", E, before=(), version=OLDEST_PIP),
    _FRESH.uv_pip("old-fresh-torch", "torch", E, before=(), version=OLDEST_UV),
    *_NAMED.both("named-range", "torch>=9.2,<9.4", E),
    *_NAMED.both("named-not-this", "torch!=9.1.0", E),
    *_NAMED.both("named-satisfied", "torch", E),
    *_NAMED.both("named-marker-not-met", "torch==9.2.0; python_version < '3'", E),
    *_NAMED.both("named-url", TORCH_92, E),
    *_NAMED.both("named-url-fragment", f"{TORCH_92}#egg=torch", E),
    *_NAMED.both("named-address", "<files>/torch-9.2.0-py3-none-any.whl", E),
    *_NAMED.both("named-path", "<wheels>/torch-9.2.0-py3-none-any.whl", E),
    *_NAMED.both("named-direct-fragment", f"{DIRECT}#egg=probe-setuptools", ext=AT_LEAST_93),
    *_NAMED.both("named-no-deps", "--no-deps", "torch==9.3.0", E),
)
