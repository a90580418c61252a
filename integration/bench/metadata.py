"""(e) Telling metadata without torch: by [project] alone, with the stand-in, and what setuptools takes for the same."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..stock import Stock
from ..workplace import Workplace
from .hooks import build_environment
from .timing import in_turn, median_ms, print_table, ratio

_TELL = """
import importlib, pathlib, sys, tempfile
backend = importlib.import_module(sys.argv[1])
for name in filter(None, sys.argv[2].split(".")):
    backend = getattr(backend, name)
with tempfile.TemporaryDirectory() as folder:
    backend.get_requires_for_build_wheel()
    getattr(backend, "prepare_metadata_for_build_wheel")(folder)
"""

_ALONE = "setuptools alone, without the import of torch"


def measure_metadata(stock: Stock, folder: Path, runs: int) -> None:
    """Print the time of both hooks that tell metadata, of a package whose setup.py imports torch at its top."""
    place = Workplace(folder, stock)
    python = build_environment(place)
    package = place.package("probe_setup_py_only")
    bare = place.package("probe_setup_py_only", into="bare")
    script = bare / "setup.py"
    script.write_text(script.read_text("utf-8").replace("import torch\n", ""), "utf-8")
    static = place.package("probe_hatchling")
    place.install(python, "hatchling")

    def tell(source: Path, backend: str, attribute: str = "", **variables: Any) -> None:  # noqa: ANN401 - as for environ
        environ = place.environ(RUNTIME_BACKEND_LOG=None, **variables)
        words = [str(python), "-W", "ignore", "-c", _TELL, backend, attribute]
        subprocess.run(words, cwd=source, env=environ, check=True, capture_output=True)

    shim = "runtime_backend.build"
    alternatives: dict[str, Callable[[], object]] = {
        _ALONE: partial(tell, bare, "setuptools.build_meta", "__legacy__"),
        "stand-in, the torch is known": partial(tell, package, shim, RUNTIME_BACKEND_PIN="torch==2.7.0+cu126"),
        "stand-in, nothing is known": partial(tell, package, shim),
        "static": partial(tell, static, shim),
    }
    seconds = in_turn(alternatives, runs)
    reference = seconds[_ALONE]
    rows = [[name, median_ms(taken), f"{ratio(taken, reference):.2f}"] for name, taken in seconds.items()]
    print_table("(e) get_requires and prepare_metadata without torch", ["way", "both, ms", "ratio"], rows)
