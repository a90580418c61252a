"""(a) A whole isolated wheel build of a trivial package: with the shim against setuptools directly."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..stock import NEWEST_PIP, NEWEST_UV, Stock
from ..workplace import Target, Workplace
from .timing import in_turn, median_ms, print_table, ratio

_PROJECT = '[project]\nname = "trivial"\nversion = "1.0"\n\n[tool.setuptools]\npy-modules = ["trivial"]\n'
_DIRECT = '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n\n'
SHIM = (
    '[build-system]\nrequires = ["runtime-backend", "setuptools>=77"]\nbuild-backend = "runtime_backend.build"\n\n'
    '[tool.runtime-backend]\nbuild-backend = "setuptools.build_meta"\n\n'
)
_IDLE = SHIM.replace('_meta"\n\n', '_meta"\nprovision = "none"\n\n')


def measure_builds(stock: Stock, folder: Path, runs: int) -> None:
    """Print the ratios for pip, uv and build.

    ``idle`` shows what installing the shim and passing through costs: nothing is looked for, nothing is shown.
    """
    place = Workplace(folder, stock)
    target = place.target("2.7.0+cpu", pip=NEWEST_PIP)
    sources = {name: make_trivial(folder / name, text) for name, text in _VARIANTS.items()}
    rows = []
    for frontend, build in _frontends(place, target).items():
        commands = {name: _once(place, build, source) for name, source in sources.items()}
        seconds = in_turn(commands, runs)
        direct = seconds["direct"]
        ratios = [f"{ratio(seconds[name], direct):.2f}" for name in ("shim", "idle")]
        rows.append([frontend, *(median_ms(seconds[name]) for name in ("direct", "shim", "idle")), *ratios])
    columns = ["frontend", "direct, ms", "shim, ms", "idle shim, ms", "shim / direct", "idle / direct"]
    print_table("(a) isolated wheel build of a trivial package; reuse of a stand-in torch", columns, rows)


_VARIANTS = {"direct": _DIRECT, "shim": SHIM, "idle": _IDLE}


def make_trivial(folder: Path, build_system: str) -> Path:
    """Write the trivial package, and return its folder."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(build_system + _PROJECT, "utf-8")
    (folder / "trivial.py").write_text('"""Nothing."""\n', "utf-8")
    return folder


def _frontends(place: Workplace, target: Target) -> dict[str, tuple[object, ...]]:
    pip = (target.python, "-m", "pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={place.folder / 'out'}")
    uv = (place.stock.uv(NEWEST_UV), "build", "--quiet", "--wheel", f"--out-dir={place.folder / 'out'}")
    build = (place.stock.build / "bin/python", "-m", "build", "--wheel", f"--outdir={place.folder / 'out'}")
    return {
        f"pip {NEWEST_PIP}": pip,
        f"uv {NEWEST_UV}": (*uv, f"--python={target.python}"),
        "build, venv and pip": build,
        "build, uv": (*build, "--installer=uv"),
    }


def _once(place: Workplace, command: tuple[object, ...], source: Path) -> Callable[[], object]:
    variables: dict[str, Any] = {
        "RUNTIME_BACKEND_LOG": None,
        "RUNTIME_BACKEND_TARGET": place.folder / "target",
        "UV_OFFLINE": "1",
    }
    path = f"{place.stock.uv(NEWEST_UV).parent}:{place.environ()['PATH']}"

    def build() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            place.run(*command, source, PATH=path, **variables)

    return build
