"""(f) What it costs to ask the frontend: an installation that asks, next to the same one that proves."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..stock import NEWEST_PIP, NEWEST_UV, Stock
from ..workplace import Target, Workplace
from .builds import SHIM, make_trivial
from .timing import in_turn, median_ms, print_table

_WAYS: Mapping[str, Mapping[str, Any]] = {
    "proved": {},
    "asked": {"UV_PRERELEASE": "allow", "PIP_UPGRADE_STRATEGY": "eager"},
}
"""What is exported: nothing; a variable that may move torch for all that is known without asking."""


def measure_asking(stock: Stock, folder: Path, runs: int) -> None:
    """Print the seconds for pip and uv; nothing but the decision differs."""
    place = Workplace(folder, stock)
    place.links.append(stock.standins)
    source = make_trivial(folder / "source", SHIM)
    rows = []
    for frontend in ("pip", "uv"):
        target = place.target("2.7.0+cpu", name=frontend, pip=NEWEST_PIP if frontend == "pip" else None)
        seconds = in_turn({way: _once(place, frontend, target, source, way) for way in _WAYS}, runs)
        pairs = zip(seconds["asked"], seconds["proved"], strict=True)
        rows.append([frontend, *(median_ms(seconds[way]) for way in _WAYS), median_ms([a - b for a, b in pairs])])
    print_table("(f) installing a trivial package", ["frontend", "proved, ms", "asked, ms", "asking, ms"], rows)


def _once(place: Workplace, frontend: str, target: Target, source: Path, way: str) -> Callable[[], object]:
    if frontend == "pip":
        command: tuple[object, ...] = (target.python, "-m", "pip", "install", "--quiet", source)
    else:
        command = (place.stock.uv(NEWEST_UV), "pip", "install", "--quiet", f"--python={target.python}", source)

    def install() -> None:
        for path in target.site.glob("trivial*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        with contextlib.redirect_stdout(io.StringIO()):
            place.run(*command, RUNTIME_BACKEND_LOG=None, **_WAYS[way])

    return install
