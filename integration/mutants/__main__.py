"""``python -m integration.mutants [WORD ...]``: runs the mutants of the modules whose path contains one of the words.

Fails if more than 5 % of the mutants of a module survive that are not listed as equivalent, or if one is listed that
does not survive. With ``--sample`` and ``--survivors`` it runs a part of them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from .equivalent import LIST, read_equivalent, unneeded
from .mutants import Key, Mutant, find_mutants, mutated_files
from .runner import Result, Runner

_LIMIT = 0.05
_KEPT = Path(".work/mutants.json")
"""The survivors of the last run."""
_TESTS = (
    "tests",
    "--ignore=tests/property",  # whether a random example notices a mutant is chance
    "--ignore=tests/test_architecture.py",  # reads the source, which does not change
)


def main() -> int:
    """Run what is asked for; print the survivors, and a table; return the exit code."""
    options = _parse()
    paths = [path for path in mutated_files() if not options.words or any(word in str(path) for word in options.words)]
    mutants = {path: _chosen(list(find_mutants(path)), options) for path in paths}
    equivalent, total = read_equivalent(), sum(map(len, mutants.values()))
    results: list[Result] = []

    def tell(result: Result) -> None:
        results.append(result)
        if result.state != "noticed" and result.mutant.key not in equivalent:
            print(_described(result), flush=True)
        if len(results) % 100 == 0:
            print(f"{len(results)} of {total}", file=sys.stderr, flush=True)

    runner = Runner(mutants, options.workers, tell)
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=options.folder) as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        quiet = ("-o", "addopts=", "-p", "no:terminal", "-p", "no:cacheprovider")
        code = pytest.main([*quiet, *(options.tests or _TESTS)], plugins=[runner])
    if code or runner.problem is not None:
        print(runner.problem or "the tests cannot be run")
        return 2
    _KEPT.parent.mkdir(exist_ok=True)
    _KEPT.write_text(json.dumps([result.mutant.key for result in results if result.state == "survived"]), "utf-8")
    is_whole = not (options.sample or options.survivors or options.tests)
    return _tell(mutants, results, equivalent, is_whole=is_whole)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m integration.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="a part of a module's path (default: every module)")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants of each module, the same ones every time")
    parser.add_argument("--survivors", action="store_true", help="those that survived the last run")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="run these tests alone (default: all but a few)")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="how many at once (default: %(default)s)")
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    parser.add_argument(
        "--folder",
        type=Path,
        default=memory if os.access(memory, os.W_OK) else None,
        help="for temporary files; the tests write many (default: /dev/shm where there is one)",
    )
    return parser.parse_args()


def _chosen(mutants: list[Mutant], options: argparse.Namespace) -> list[Mutant]:
    if options.survivors:
        kept = {tuple(key) for key in json.loads(_KEPT.read_text("utf-8"))}
        mutants = [mutant for mutant in mutants if mutant.key in kept]
    if options.sample and options.sample < len(mutants):
        chosen = set(random.Random(0).sample(range(len(mutants)), options.sample))  # noqa: S311
        mutants = [mutant for place, mutant in enumerate(mutants) if place in chosen]
    return mutants


def _described(result: Result) -> str:
    mutant = result.mutant
    lines = [f"{result.state}: {mutant.module}.{mutant.function}, line {mutant.lines.start}"]
    lines += [f"    - {line}" for line in mutant.was.splitlines()]
    return "\n".join([*lines, *(f"    + {line}" for line in mutant.becomes.splitlines())])


def _tell(
    mutants: Mapping[Path, list[Mutant]], results: list[Result], equivalent: Iterable[Key], *, is_whole: bool
) -> int:
    """Print the table, and return the exit code.

    :param is_whole: whether all mutants of the modules were run, with all tests.
    """
    survived = [result.mutant for result in results if result.state == "survived"]
    counts: dict[str, Counter[str]] = {}
    for result in results:
        is_listed = result.state == "survived" and result.mutant.key in equivalent
        count = counts.setdefault(result.mutant.module, Counter())
        count["equivalent" if is_listed else result.state] += 1
    print(f"\n{'module':42} {'mutants':>7} {'noticed':>7} {'equivalent':>10} {'survived':>8}")
    bad = [module for module, count in counts.items() if _print_row(module, count) > _LIMIT]
    _print_row("all", sum(counts.values(), Counter()))
    wrong = unneeded(equivalent, [mutant for found in mutants.values() for mutant in found], survived)
    for key in wrong if is_whole else ():
        print(f"{LIST.name} lists a mutant that does not survive: {' | '.join(key)}")
    if bad:
        print(f"more than {_LIMIT:.0%} survive in {', '.join(bad)}: write the tests that notice them")
    return 1 if bad or (wrong and is_whole) else 0


def _print_row(name: str, count: Counter[str]) -> float:
    noticed, counted = count["noticed"] + count["timeout"], count.total() - count["equivalent"]
    share = count["survived"] / counted if counted else 0.0
    row = f"{name:42} {count.total():7} {noticed:7} {count['equivalent']:10} {count['survived']:8}"
    print(f"{row} {share:6.1%}")
    return share


if __name__ == "__main__":
    sys.exit(main())
