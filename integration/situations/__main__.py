"""Shows which torch each command leaves in its environment, with a package that needs no shim and no torch."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from ..index import Index, serve_indexes
from ..stock import make_stock
from ..workplace import Workplace
from .model import Situation
from .runner import Arranged
from .table import SITUATIONS
from .world import make_indexes


def main(words: list[str]) -> None:
    """Print a line for each situation whose id contains one of the words, and for what its stop leads to."""
    chosen = [situation for situation in SITUATIONS if not words or any(word in situation.id for word in words)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stock = make_stock(folder)
        with serve_indexes(make_indexes(folder / "wheels", stock)) as index:
            for situation in chosen:
                work = folder / situation.id
                work.mkdir()
                _show(Workplace(work, stock), index, situation)
                shutil.rmtree(work)


def _show(place: Workplace, index: Index, situation: Situation) -> None:
    printed = StringIO()
    try:
        with redirect_stdout(printed):
            arranged = Arranged(place, index, situation, is_reference=True)
            outcomes = [arranged.act(), *([arranged.follow(situation.stop)] if situation.stop else [])]
    except AssertionError:  # while preparing; it is in what was printed
        outcomes = []
    print(f"{situation.id:40} {', then '.join(outcome.has or 'FAILED' for outcome in outcomes)}", flush=True)
    if not outcomes or not all(outcome.has for outcome in outcomes):
        print(printed.getvalue(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
